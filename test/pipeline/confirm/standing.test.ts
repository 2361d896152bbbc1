import { describe, expect, test } from 'vitest';
import { currentMoved, type Loop, startLoop } from '../../support/loop.ts';
import { passTimeWhenStuck } from '../../support/time-limits.ts';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

const redeployed = (loop: Loop) =>
  loop.sim.ledger.calls
    .filter(({ operation, outcome }) => operation === 'UpdateService' && outcome === 'ok')
    .map(({ input }) =>
      String((input as { service?: string }).service)
        .split('/')
        .at(-1),
    );

const reasons = (loop: Loop, event = 'service.skipped') =>
  loop.told(event).map(({ service, reason }) => `${String(service).split('/').at(-1)} ${String(reason)}`);

/** A canary and two services of wave 1, all of which use a secret and a parameter; the secret has just rotated. */
async function waves(options: Parameters<typeof startLoop>[0] = {}) {
  const loop = await startLoop(options);
  const secret = loop.sim.world.secret({ name: 'prod/db' });
  loop.sim.world.parameter({ name: '/app/key' });
  const make = (name: string, wave: number, cluster = 'main', reference = secret.arn) =>
    loop.sim.world.service({
      cluster,
      name,
      secrets: [reference],
      startedAt: loop.clock.now() - DAY,
      tags: { 'secret-redeploy:wave': String(wave) },
    });
  make('canary', 0);
  make('one', 1);
  make('two', 1, 'legacy');
  return { loop, secret, make, rotate: () => loop.send(currentMoved(loop.sim, 'prod/db')) };
}

const act = (loop: Loop, operation: string, input: object) =>
  loop.sim.act('secretsmanager', operation, input as Record<string, unknown>);

describe('a later look that may write asks whether the change still stands:', () => {
  test('a secret that was opted out between two waves redeploys no later wave', async () => {
    const { loop, secret, rotate } = await waves();
    rotate();
    await loop.run(5_000);
    act(loop, 'TagResource', {
      SecretId: secret.arn,
      Tags: [{ Key: 'secret-redeploy:enabled', Value: 'false' }],
    });
    await loop.run();
    expect(redeployed(loop)).toEqual(['canary']);
    expect(reasons(loop)).toEqual(expect.arrayContaining(['one opted-out', 'two opted-out']));
  });

  test.each([{}, { ForceDeleteWithoutRecovery: true }])(
    'a secret that was deleted between two waves takes no later wave down (%o)',
    async (how) => {
      const { loop, secret, rotate } = await waves();
      rotate();
      await loop.run(28_000);
      act(loop, 'DeleteSecret', { SecretId: secret.arn, ...how });
      await loop.run();
      expect(redeployed(loop)).toEqual(['canary']);
      expect(reasons(loop)).toEqual(expect.arrayContaining(['one secret-gone', 'two secret-gone']));
    },
  );

  test('a secret that was created anew under its name is gone for references by its full ARN alone', async () => {
    const { loop, secret, make, rotate } = await waves();
    make('by-name', 1, 'main', secret.partialArn);
    rotate();
    await loop.run(28_000);
    act(loop, 'DeleteSecret', { SecretId: secret.arn, ForceDeleteWithoutRecovery: true });
    act(loop, 'CreateSecret', { Name: 'prod/db', SecretString: 'x' });
    await loop.run();
    expect(redeployed(loop).toSorted((a = '', b = '') => a.localeCompare(b))).toEqual(['by-name', 'canary']);
  });

  test('a parameter that was deleted between two waves takes no later wave down', async () => {
    const { loop, make } = await waves();
    make('p0', 0, 'main', '/app/key');
    make('p1', 1, 'main', '/app/key');
    const before = loop.sim.events.length;
    loop.sim.act('ssm', 'PutParameter', { Name: '/app/key', Value: 'y', Overwrite: true });
    for (const event of loop.sim.events.slice(before))
      if (event['detail-type'] === 'Parameter Store Change') loop.send(event);
    await loop.run(28_000);
    loop.sim.act('ssm', 'DeleteParameter', { Name: '/app/key' });
    await loop.run();
    expect(redeployed(loop)).toEqual(['p0']);
    expect(reasons(loop)).toContain('p1 secret-gone');
  });

  test('where AWS gives no answer, nothing is written, and the change is looked at again', async () => {
    const { loop, secret, rotate } = await waves();
    rotate();
    await loop.run(5_000);
    const show = loop.sim.faults.add({ operation: 'DescribeSecret', kind: 'access-denied', times: Infinity });
    await loop.run(10 * MINUTE);
    expect(redeployed(loop)).toEqual(['canary']);
    show();
    await loop.run();
    expect(redeployed(loop)).toHaveLength(3);
    expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
    expect(loop.told('change.settled')).toHaveLength(1);
  });

  test('one DescribeSecret for each look that would write, and none for a look that only follows', async () => {
    const { loop, rotate } = await waves({ rolloutMs: 5 * MINUTE });
    rotate();
    await loop.run(5_000);
    loop.sim.ledger.clearCalls();
    await loop.run(3 * MINUTE);
    expect(loop.sim.ledger.count('secretsmanager', 'DescribeSecret')).toBe(0);
    await loop.run();
    expect(redeployed(loop)).toHaveLength(2);
    expect(loop.sim.ledger.count('secretsmanager', 'DescribeSecret')).toBe(1);
  });
});

describe('a later look applies the settings of today:', () => {
  test('a cluster that was excluded between two waves is not touched', async () => {
    const { loop, rotate } = await waves();
    rotate();
    await loop.run(5_000);
    loop.restart({ CLUSTERS: '*,!legacy' });
    await loop.run();
    expect(redeployed(loop)).toEqual(['canary', 'one']);
    expect(reasons(loop)).toContain('two out-of-scope');
    expect(loop.told('change.settled')[0]?.['exposureSeconds']).toBeUndefined();
  });

  test('a cluster that was excluded before a dead letter was redriven is not touched', async () => {
    const { loop, rotate } = await waves();
    rotate();
    const deny = loop.sim.faults.add({ operation: 'UpdateService', kind: 'access-denied', times: Infinity });
    await loop.run();
    deny();
    const dead = loop.sim.messagesIn(`${loop.sim.endpoint}/${loop.sim.account}/changes-dead`);
    loop.restart({ CLUSTERS: '*,!legacy' });
    for (const { body } of dead) loop.send(JSON.parse(body) as object);
    await loop.run();
    expect(redeployed(loop)).not.toContain('two');
    expect(redeployed(loop)).toContain('one');
  });

  test('MODE=observe stops what is on its way', async () => {
    const { loop, rotate } = await waves();
    rotate();
    await loop.run(5_000);
    loop.restart({ MODE: 'observe' });
    await loop.run();
    expect(redeployed(loop)).toEqual(['canary']);
  });
});

/** Twelve clusters, each with a service that uses a secret and a parameter; ECS does not answer for the last one. */
async function hanging() {
  const loop = await startLoop({ remainingMs: 270_000 });
  passTimeWhenStuck(loop.sim);
  const secret = loop.sim.world.secret({ name: 'prod/db' });
  loop.sim.world.parameter({ name: '/app/key' });
  for (let i = 0; i < 12; i++)
    loop.sim.world.service({
      cluster: `c${i}`,
      name: 'api',
      secrets: [secret.arn, '/app/key'],
      startedAt: loop.clock.now() - DAY,
    });
  const resume = loop.sim.faults.add({
    operation: 'ListServices',
    kind: 'hang',
    times: Infinity,
    match: ({ cluster }) => String(cluster).endsWith('/c11'),
  });
  return { loop, secret, resume };
}

describe('a scan that another invocation continues', () => {
  test.each(['opted out', 'deleted'])('redeploys nothing for a secret that was %s meanwhile', async (how) => {
    const { loop, secret, resume } = await hanging();
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await loop.run(1);
    resume();
    loop.clock.advance(2 * MINUTE);
    if (how === 'deleted') act(loop, 'DeleteSecret', { SecretId: secret.arn });
    else
      act(loop, 'TagResource', {
        SecretId: secret.arn,
        Tags: [{ Key: 'secret-redeploy:enabled', Value: 'false' }],
      });
    const before = redeployed(loop).length;
    await loop.run();
    expect(redeployed(loop)).toHaveLength(before);
    expect(reasons(loop)).toContain(how === 'deleted' ? 'api secret-gone' : 'api opted-out');
  });

  const ENDS: readonly [string, (loop: Loop) => void, (loop: Loop) => void][] = [
    [
      'a secret',
      (loop) => act(loop, 'DeleteSecret', { SecretId: 'prod/db' }),
      (loop) => act(loop, 'RestoreSecret', { SecretId: 'prod/db' }),
    ],
    [
      'a parameter',
      (loop) => loop.sim.act('ssm', 'DeleteParameter', { Name: '/app/key' }),
      (loop) => loop.sim.act('ssm', 'PutParameter', { Name: '/app/key', Value: 'y', Type: 'String' }),
    ],
  ];

  async function ended(end: (loop: Loop) => void, bringBack: (loop: Loop) => void) {
    const { loop, resume } = await hanging();
    const before = loop.sim.events.length;
    end(loop);
    for (const event of loop.sim.events.slice(before)) loop.send(event);
    loop.clock.advance(2 * MINUTE);
    await loop.run(1);
    resume();
    loop.clock.advance(2 * MINUTE);
    bringBack(loop);
    await loop.run();
    return loop;
  }

  test.each(ENDS)('tells the end of %s', async (_, end) => {
    const loop = await ended(end, () => undefined);
    expect(loop.told('change.notice')).toHaveLength(1);
    expect(reasons(loop).filter((one) => one === 'api secret-gone')).toHaveLength(12);
  });

  test.each(ENDS)('says nothing of the end of %s that is there again', async (_, end, bringBack) => {
    const loop = await ended(end, bringBack);
    expect(loop.told('change.notice')).toEqual([]);
    expect(reasons(loop)).toEqual([]);
    expect(loop.told('change.ignored')).toContainEqual(expect.objectContaining({ reason: 'restored' }));
  });
});
