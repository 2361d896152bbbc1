import { describe, expect, it } from 'vitest';
import { reportIn } from './report-shape.ts';
import { deliver, recordsOf, rotated, type Scene, scene, told, updated } from './scene.ts';

/** The rates of a deployed function. */
const DEFAULT_RATES = { READ_RATE: '', READ_BURST: '', UPDATE_RATE: '', UPDATE_BURST: '' };

describe.concurrent('a fleet', () => {
  it.concurrent('without clusters causes no error', async (context) => {
    const stage = await scene(context);
    const { event } = rotated(stage);
    expect(await deliver(await stage.lambda(), [event])).toEqual([]);
    expect(stage.updates()).toEqual([]);
  });

  it.concurrent('of clusters without services causes no error', async (context) => {
    const stage = await scene(context);
    const { event } = rotated(stage);
    for (const name of ['a', 'b']) stage.sim.world.cluster({ name });
    expect(await deliver(await stage.lambda(), [event])).toEqual([]);
    expect(stage.updates()).toEqual([]);
  });

  it.concurrent('of 120 clusters is read to the last of them within the published limits', async (context) => {
    const stage = await scene(context, { throttling: true });
    const { secret, event } = rotated(stage);
    const clusters = Array.from({ length: 120 }, (_, index) => `cluster-${index}`);
    const taskDefinition = stage.sim.world.taskDefinition({ secrets: [secret.arn] });
    const other = stage.sim.world.taskDefinition({ secrets: ['/other'] });
    for (const [index, cluster] of clusters.entries()) {
      const refers = index % 40 === 39;
      stage.sim.world.service({ cluster, name: 'api', taskDefinition: refers ? taskDefinition : other });
    }
    expect(await deliver(await stage.lambda('on-change', DEFAULT_RATES), [event])).toEqual([]);
    expect(updated(stage)).toEqual(['cluster-119/api', 'cluster-39/api', 'cluster-79/api']);
    expectNoComplaint(stage);
  });

  it.concurrent('of 250 services in one cluster is read to the last of them', async (context) => {
    const stage = await scene(context);
    const { secret, event } = rotated(stage);
    const stale = addServices(stage, 250, (index) =>
      index % 50 === 49 ? [secret.arn] : [`/other/${index}`],
    );
    expect(await deliver(await stage.lambda(), [event])).toEqual([]);
    expect(updated(stage)).toEqual(stale([49, 99, 149, 199, 249]));
    expectNoComplaint(stage);
    const sizes = stage.sim.ledger.calls
      .filter(({ operation }) => operation === 'DescribeServices')
      .map(({ input }) => (Array.isArray(input['services']) ? input['services'].length : 0));
    expect(Math.max(...sizes)).toBe(10);
  });

  it.concurrent.for([9, 10, 11, 99, 100, 101])(
    'of %i services, all of them stale, is redeployed completely',
    async (count, context) => {
      const stage = await scene(context);
      const { secret, event } = rotated(stage);
      addServices(stage, count, () => [secret.arn], true);
      const lambda = await stage.lambda();
      expect(await deliver(lambda, [event])).toEqual([]);
      expect(new Set(updated(stage)).size).toBe(count);
      expect(updated(stage)).toHaveLength(count);
      expect(recordsOf(lambda, 'service.redeployed')).toHaveLength(count);
    },
  );

  it.concurrent('of more stale services than the burst is redeployed without throttling, each after a recheck', async (context) => {
    const stage = await scene(context, { throttling: true });
    const { secret, event } = rotated(stage);
    addServices(stage, 56, () => [secret.arn], true);
    expect(await deliver(await stage.lambda('on-change', DEFAULT_RATES), [event])).toEqual([]);
    expect(updated(stage)).toHaveLength(56);
    for (const { service } of stage.updates()) expect(isLookedAtAgain(stage, service)).toBe(true);
    expectNoComplaint(stage);
  });
});

describe.concurrent('a service with 40 references', () => {
  it.concurrent('is redeployed once, and all 40 are in the report', async (context) => {
    const stage = await scene(context);
    const { secret, event } = rotated(stage);
    const secrets = Array.from({ length: 40 }, (_, index) => `${secret.arn}:key-${index}::`);
    stage.sim.world.service({ name: 'greedy', secrets: [...secrets, '/other/1', '/other/2'] });
    const plan = await (await stage.lambda('on-request')).invoke({ action: 'plan', secret: 'prod/db' });
    expect(
      reportIn(plan)
        .decisions[0]?.references.map(({ valueFrom }) => valueFrom)
        .sort(),
    ).toEqual(secrets.toSorted());
    const lambda = await stage.lambda();
    expect(await deliver(lambda, [event])).toEqual([]);
    expect(updated(stage)).toEqual(['main/greedy']);
    expect(told(lambda)).toEqual(['service.redeployed main/greedy']);
  });

  it.concurrent('is redeployed if 39 of them are pinned, and left alone if all are', async (context) => {
    const stage = await scene(context);
    const { secret, event } = rotated(stage);
    const pinned = Array.from({ length: 39 }, (_, index) => `${secret.arn}:k${index}::${secret.versionId}`);
    stage.sim.world.service({ name: 'mostly', secrets: [...pinned, secret.partialArn] });
    stage.sim.world.service({ name: 'wholly', secrets: pinned });
    expect(await deliver(await stage.lambda(), [event])).toEqual([]);
    expect(updated(stage)).toEqual(['main/mostly']);
  });
});

describe.concurrent('a secret that no service refers to', () => {
  it.concurrent('does not cost a read of the fleet for each of its changes', async (context) => {
    const stage = await scene(context);
    const { secret, event } = rotated(stage, 30_000);
    addServices(stage, 40, () => [secret.arn], true);
    const lambda = await stage.lambda();
    await deliver(lambda, [event]);
    const before = stage.sim.ledger.count('ecs', 'ListServices');
    // Both changes are older than the read in the cache of the process.
    const { event: second } = rotated(stage, 20_000, 'unused');
    await deliver(lambda, [second]);
    expect(stage.sim.ledger.count('ecs', 'ListServices')).toBe(before);
  });
});

/** Adds the services `main/s000` …; answers a function that gives the paths at some indexes. */
function addServices(
  stage: Scene,
  count: number,
  refs: (index: number) => readonly string[],
  shared = false,
) {
  const name = (index: number): string => `s${String(index).padStart(3, '0')}`;
  const one = shared ? stage.sim.world.taskDefinition({ secrets: refs(0) }) : undefined;
  for (let index = 0; index < count; index++) {
    const what = one === undefined ? { secrets: refs(index) } : { taskDefinition: one };
    stage.sim.world.service({ name: name(index), ...what });
  }
  return (indexes: readonly number[]) => indexes.map((index) => `main/${name(index)}`);
}

function expectNoComplaint({ sim }: Scene): void {
  expect(sim.ledger.calls.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
  expect(sim.ledger.forbidden).toEqual([]);
}

/** Whether the service was described again between the end of the read and its UpdateService, in the order of calls. */
function isLookedAtAgain({ sim }: Scene, service: string): boolean {
  const name = service.split('/').at(-1) ?? '';
  const { calls } = sim.ledger;
  const read = calls.findLastIndex(({ operation }) => operation === 'DescribeTaskDefinition');
  const update = calls.findIndex(
    ({ operation, input }) => operation === 'UpdateService' && namesIn([input['service']]).includes(name),
  );
  return calls
    .slice(read + 1, update)
    .some(
      ({ operation, input }) => operation === 'DescribeServices' && namesIn(input['services']).includes(name),
    );
}

/** The names behind a list of names or ARNs. */
function namesIn(services: unknown): readonly string[] {
  return Array.isArray(services) ? services.map((id) => String(id).split('/').at(-1) ?? '') : [];
}
