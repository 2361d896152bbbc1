import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  ListServicesCommand,
} from '@aws-sdk/client-ecs';

/** Somebody else in the account who reads ECS all the time. */
export interface Neighbour {
  readonly calls: number;
  /** Calls that the SDK gave up on after its three attempts, and why. */
  readonly failed: readonly string[];
  /** Makes no further call and waits for those under way. */
  stop(): Promise<void>;
}

/** What the neighbour asks, by operation; it exists or not, the quota is charged all the same. */
const CALLS = {
  DescribeTaskDefinition: (client: ECSClient) =>
    client.send(new DescribeTaskDefinitionCommand({ taskDefinition: 'neighbour:1' })),
  DescribeServices: (client: ECSClient) =>
    client.send(new DescribeServicesCommand({ cluster: 'neighbour', services: ['neighbour'] })),
  ListServices: (client: ECSClient) => client.send(new ListServicesCommand({ cluster: 'neighbour' })),
};

export interface NeighbourOptions {
  /** How often each of these is called in a second. */
  readonly perSecond: Partial<Readonly<Record<keyof typeof CALLS, number>>>;
  /** Its access key: the ledger tells its calls from others' by it. */
  readonly accessKeyId?: string;
}

/**
 * Starts a neighbour with the SDK as it comes: three attempts in standard retry mode. It lives by the real clock, in an even
 * rhythm, and waits for no answer before its next call.
 */
export function startNeighbour(
  target: { readonly endpoint: string; readonly region: string },
  { perSecond, accessKeyId = 'NEIGHBOUR' }: NeighbourOptions,
): Neighbour {
  const { endpoint, region } = target;
  const client = new ECSClient({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey: 'testing' },
  });
  const failed: string[] = [];
  const underWay = new Set<Promise<void>>();
  let calls = 0;
  const call = (operation: keyof typeof CALLS): void => {
    calls++;
    const answered = CALLS[operation](client).then(
      () => undefined,
      (error: unknown) => {
        const problem = String(error);
        if (!EXPECTED.test(problem)) failed.push(problem);
      },
    );
    const done = answered.finally(() => underWay.delete(done));
    underWay.add(done);
  };
  const timers = (['DescribeTaskDefinition', 'DescribeServices', 'ListServices'] as const).flatMap(
    (operation) => {
      const rate = perSecond[operation] ?? 0;
      return rate === 0 ? [] : [setInterval(() => call(operation), 1000 / rate)];
    },
  );
  return {
    get calls() {
      return calls;
    },
    failed,
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all(underWay);
      client.destroy();
    },
  };
}

/** What it asks for need not exist: that is an answer, and no failure. */
const EXPECTED = /Cluster not found|Unable to describe task definition/;
