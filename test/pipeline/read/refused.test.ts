import { describe, expect, test } from 'vitest';
import { currentMoved, type Loop, startLoop } from '../../support/loop.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What ECS can refuse: an operation, and whether a call of it is about the thing that is refused. */
type Refusal = {
  readonly operation: string;
  readonly match?: (input: Readonly<Record<string, unknown>>) => boolean;
  readonly kind?: 'client-error' | 'access-denied';
};

const says = (text: string) => (input: Readonly<Record<string, unknown>>) =>
  JSON.stringify(input).includes(text);

/** A canary in wave 0 of its own cluster, and four services in wave 1, all of which use the secret that rotates. */
async function waves(options: Parameters<typeof startLoop>[0] = {}) {
  const loop = await startLoop(options);
  const secret = loop.sim.world.secret({ name: 'prod/db' });
  const make = (cluster: string, name: string, wave: number) =>
    loop.sim.world.service({
      cluster,
      name,
      secrets: [secret.arn],
      startedAt: loop.clock.now() - DAY,
      tags: { 'secret-redeploy:wave': String(wave) },
    });
  make('edge', 'canary', 0);
  for (const name of ['one', 'two', 'three', 'four']) make('main', name, 1);
  const rotate = () => loop.send(currentMoved(loop.sim, 'prod/db'));
  return { loop, secret, rotate };
}

const redeployed = (loop: Loop) =>
  loop.sim.ledger.calls
    .filter(({ operation, outcome }) => operation === 'UpdateService' && outcome === 'ok')
    .map(({ input }) =>
      String((input as { service?: string }).service)
        .split('/')
        .at(-1),
    );

const refuse = (loop: Loop, { operation, match, kind = 'client-error' }: Refusal, times = Infinity) =>
  loop.sim.faults.add({ service: 'ecs', operation, kind, times, ...(match && { match }) });

const OF_THE_CANARY: readonly (readonly [string, Refusal])[] = [
  ['DescribeClusters', { operation: 'DescribeClusters', match: says('cluster/edge') }],
  [
    'DescribeClusters for want of a permission',
    { operation: 'DescribeClusters', match: says('cluster/edge'), kind: 'access-denied' },
  ],
  ['ListServices', { operation: 'ListServices', match: says('cluster/edge') }],
  [
    'ListServices for want of a permission',
    { operation: 'ListServices', match: says('cluster/edge'), kind: 'access-denied' },
  ],
  ['DescribeServices', { operation: 'DescribeServices', match: says('canary') }],
  [
    'DescribeServices for want of a permission',
    { operation: 'DescribeServices', match: says('canary'), kind: 'access-denied' },
  ],
  ['DescribeTaskDefinition', { operation: 'DescribeTaskDefinition', match: says('canary') }],
  [
    'DescribeTaskDefinition for want of a permission',
    { operation: 'DescribeTaskDefinition', match: says('canary'), kind: 'access-denied' },
  ],
];

describe('what ECS refuses to show of a canary at the first look', () => {
  test.each(OF_THE_CANARY)(
    'holds wave 1 until it is shown, and everything is redeployed in order: %s',
    async (_, refusal) => {
      const { loop, secret, rotate } = await waves();
      rotate();
      const show = refuse(loop, refusal);
      await loop.run(5 * MINUTE);
      expect(redeployed(loop)).toEqual([]);
      expect([...loop.told('change.settled'), ...loop.told('change.unsettled')]).toEqual([]);
      show();
      await loop.run();
      expect(redeployed(loop)[0]).toBe('canary');
      expect(redeployed(loop)).toHaveLength(5);
      expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
      expect(loop.told('change.settled')).toMatchObject([{ redeployed: 5, fresh: 5, failed: 0 }]);
      expect(loop.told('change.unsettled')).toEqual([]);
    },
  );

  test.each(OF_THE_CANARY)(
    'for ever, lets wave 1 go at the time limit, and the change ends unsettled and names it: %s',
    async (_, refusal) => {
      const { loop, rotate } = await waves();
      rotate();
      refuse(loop, refusal);
      await loop.run(59 * MINUTE);
      expect(redeployed(loop)).toEqual([]);
      await loop.run();
      expect(new Set(redeployed(loop))).toEqual(new Set(['four', 'one', 'three', 'two']));
      expect(redeployed(loop)).toHaveLength(4);
      expect(loop.told('change.settled')).toEqual([]);
      const [end, ...more] = loop.told('change.unsettled');
      expect(more).toEqual([]);
      expect(JSON.stringify(end?.['waiting'])).toMatch(/edge|canary/);
      expect(JSON.stringify(loop.records)).not.toContain('exposureSeconds":');
    },
  );

  test('for ever, keeps wave 1 for good if the snapshot shows that it refers to the secret', async () => {
    const { loop, rotate } = await waves({ env: { SNAPSHOT_BUCKET: 'snapshots' } });
    loop.sim.world.bucket('snapshots');
    rotate();
    await loop.run();
    expect(redeployed(loop)).toHaveLength(5);
    loop.restart();
    loop.clock.advance(DAY);
    rotate();
    refuse(loop, { operation: 'ListServices', match: says('cluster/edge') });
    loop.sim.ledger.clearCalls();
    await loop.run();
    expect(redeployed(loop)).toEqual([]);
    expect(
      loop.told('service.skipped').filter(({ reason }) => reason === 'earlier-wave-failed'),
    ).toHaveLength(4);
    expect(loop.told('change.unsettled')).toHaveLength(1);
  });
});

describe('a page token that ECS refuses once', () => {
  test('loses no service: the listing begins anew', async () => {
    const loop = await startLoop();
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    for (let i = 0; i < 130; i++) {
      loop.sim.world.service({
        cluster: 'big',
        name: `s${i}`,
        secrets: i >= 120 ? [secret.arn] : [],
        startedAt: loop.clock.now() - DAY,
      });
    }
    loop.sim.world.service({
      cluster: 'small',
      name: 'x',
      secrets: [secret.arn],
      startedAt: loop.clock.now() - DAY,
    });
    loop.send(currentMoved(loop.sim, 'prod/db'));
    refuse(loop, { operation: 'ListServices', match: ({ nextToken }) => nextToken !== undefined }, 1);
    await loop.run();
    expect(redeployed(loop)).toHaveLength(11);
    expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
    expect(loop.told('change.settled')).toMatchObject([{ redeployed: 11 }]);
  });

  test('for ever, redeploys at once what was listed, and the rest when ECS lists it', async () => {
    const loop = await startLoop();
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    const names = Array.from({ length: 130 }, (_, i) => `s${String(i).padStart(3, '0')}`);
    for (const name of names)
      loop.sim.world.service({
        cluster: 'big',
        name,
        secrets: [secret.arn],
        startedAt: loop.clock.now() - DAY,
      });
    loop.send(currentMoved(loop.sim, 'prod/db'));
    const show = refuse(loop, {
      operation: 'ListServices',
      match: ({ nextToken }) => nextToken !== undefined,
    });
    await loop.run(5 * MINUTE);
    expect(redeployed(loop)).toHaveLength(100);
    expect(loop.told('change.settled')).toEqual([]);
    show();
    await loop.run();
    expect(redeployed(loop)).toHaveLength(130);
    expect(new Set(redeployed(loop)).size).toBe(130);
    expect(loop.told('change.settled')).toMatchObject([{ redeployed: 130, fresh: 130 }]);
  });

  test('of the clusters loses no cluster', async () => {
    const loop = await startLoop();
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    for (let i = 0; i < 120; i++)
      loop.sim.world.service({
        cluster: `c${i}`,
        name: 'api',
        secrets: [secret.arn],
        startedAt: loop.clock.now() - DAY,
      });
    loop.send(currentMoved(loop.sim, 'prod/db'));
    refuse(loop, { operation: 'ListClusters', match: ({ nextToken }) => nextToken !== undefined }, 1);
    await loop.run();
    expect(redeployed(loop)).toHaveLength(120);
    expect(loop.told('change.settled')).toMatchObject([{ redeployed: 120 }]);
  });
});

describe('what ECS refuses at a later look', () => {
  test.each<readonly [string, Refusal]>([
    ['DescribeServices', { operation: 'DescribeServices', match: says('canary') }],
    [
      'DescribeServices for want of a permission',
      { operation: 'DescribeServices', match: says('canary'), kind: 'access-denied' },
    ],
    ['DescribeClusters', { operation: 'DescribeClusters', match: says('cluster/edge') }],
    ['ListServiceDeployments', { operation: 'ListServiceDeployments', match: says('canary') }],
  ])('holds wave 1, and the change settles when it is shown: %s', async (_, refusal) => {
    const { loop, secret, rotate } = await waves({ rolloutMs: 2 * MINUTE });
    rotate();
    await loop.run(5_000);
    expect(redeployed(loop)).toEqual(['canary']);
    const show = refuse(loop, refusal);
    await loop.run(10 * MINUTE);
    show();
    await loop.run();
    expect(redeployed(loop)).toHaveLength(5);
    expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
    expect(loop.told('change.settled')).toMatchObject([{ redeployed: 5, fresh: 5 }]);
  });

  test('for ever, ends the change unsettled and keeps wave 1', async () => {
    const { loop, rotate } = await waves({ rolloutMs: 2 * MINUTE });
    rotate();
    await loop.run(5_000);
    refuse(loop, { operation: 'DescribeServices', match: says('canary') });
    await loop.run();
    expect(redeployed(loop)).toEqual(['canary']);
    expect(loop.told('change.settled')).toEqual([]);
    expect(loop.told('change.unsettled')).toMatchObject([{ waiting: [{ reason: 'unreadable' }] }]);
  });
});

test('a permission that is missing for everything is a failed read: the message ends in the dead-letter queue', async () => {
  for (const operation of [
    'ListServices',
    'DescribeServices',
    'DescribeTaskDefinition',
    'DescribeClusters',
  ]) {
    const { loop, rotate } = await waves();
    rotate();
    refuse(loop, { operation, kind: 'access-denied' });
    await loop.run();
    expect(redeployed(loop)).toEqual([]);
    expect(loop.told('change.settled')).toEqual([]);
    expect(loop.sim.messagesIn(`${loop.sim.endpoint}/${loop.sim.account}/changes-dead`)).toHaveLength(1);
  }
});

test('a revision that ECS refuses to describe is asked for no more often however many services share it', async () => {
  const loop = await startLoop();
  const secret = loop.sim.world.secret({ name: 'prod/db' });
  const revision = loop.sim.world.taskDefinition({ family: 'shared', secrets: [secret.arn] });
  for (let i = 0; i < 90; i++)
    loop.sim.world.service({ name: `api-${i}`, taskDefinition: revision, startedAt: loop.clock.now() - DAY });
  loop.sim.world.service({ name: 'fine', startedAt: loop.clock.now() - DAY });
  refuse(loop, { operation: 'DescribeTaskDefinition', match: says('shared') });
  loop.send(currentMoved(loop.sim, 'prod/db'));
  await loop.run(5_000);
  const asked = loop.sim.ledger.calls.filter(
    ({ operation, input }) => operation === 'DescribeTaskDefinition' && says('shared')({ input }),
  );
  // Once while the services are read, and once more at the end, unless the first call is still under way.
  expect([1, 2]).toContain(asked.length);
});

test('changes that wait for nothing but an unread cluster share one follow-up', async () => {
  const loop = await startLoop();
  loop.sim.world.service({ cluster: 'edge', name: 'api', startedAt: loop.clock.now() - DAY });
  loop.sim.world.service({ cluster: 'main', name: 'api', startedAt: loop.clock.now() - DAY });
  refuse(loop, { operation: 'ListServices', match: says('cluster/edge') });
  for (let i = 0; i < 20; i++) {
    loop.sim.world.secret({ name: `unused-${i}` });
    loop.send(currentMoved(loop.sim, `unused-${i}`));
  }
  await loop.run(5_000);
  expect(loop.sim.messagesIn(loop.queueUrl)).toHaveLength(1);
  await loop.run();
  expect(loop.told('change.unsettled')).toHaveLength(20);
  expect(loop.sim.ledger.count('ecs', 'ListServices')).toBeLessThan(30);
});

test('what ECS shows only at a later look counts towards the cap together with what was redeployed before', async () => {
  const { loop, rotate } = await waves({ env: { MAX_SERVICES: '3' } });
  refuse(loop, { operation: 'DescribeServices', match: says('/two') }, 1);
  refuse(loop, { operation: 'ListServices', match: says('cluster/edge') }, 1);
  refuse(loop, { operation: 'DescribeTaskDefinition', match: says('main-one') }, 1);
  rotate();
  await loop.run();
  expect(redeployed(loop).length).toBeLessThanOrEqual(3);
  expect(loop.told('service.skipped').filter(({ reason }) => reason === 'over-cap').length).toBeGreaterThan(
    0,
  );
});
