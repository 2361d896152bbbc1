import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  ListServicesCommand,
} from '@aws-sdk/client-ecs';

/** Another caller in the account that reads ECS all the time. */
export interface Neighbour {
  readonly calls: number;
  /** Calls that the SDK gave up on after its three attempts, and why. */
  readonly failed: readonly string[];
  /** Ends the calls and waits for those under way. */
  stop(): Promise<void>;
}

/** The neighbour's calls by operation. The quota is charged even if the named resource does not exist. */
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
  /** Its access key id, by which the ledger tells its calls from others. */
  readonly accessKeyId?: string;
}

/**
 * Starts a neighbour that uses the SDK with its defaults: three attempts in standard retry mode. It calls at an even
 * rate by the real clock, and does not wait for an answer before its next call.
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

/** The resources that it names need not exist: these errors are answers and do not count as failures. */
const EXPECTED = /Cluster not found|Unable to describe task definition/;
