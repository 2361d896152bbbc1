import { describe, expect, test } from 'vitest';
import { currentMoved, type Loop, startLoop } from '../../support/loop.ts';

const DAY = 86_400_000;

async function fleet() {
  const loop = await startLoop();
  const secret = loop.sim.world.secret({ name: 'prod/db' });
  const make = (name: string, spec: Parameters<Loop['sim']['world']['service']>[0] = {}) =>
    loop.sim.world.service({ name, secrets: [secret.arn], startedAt: loop.clock.now() - DAY, ...spec });
  make('denied');
  make('fine');
  const busy = make('busy', { strategy: 'CANARY', rollout: { durationMs: 400_000, bakeMs: 10_000 } });
  loop.sim.world.deploy(busy, { by: 'CI' });
  loop.clock.advance(2_000);
  loop.sim.faults.add({
    operation: 'UpdateService',
    kind: 'access-denied',
    times: Infinity,
    match: ({ service }) => String(service).endsWith('/denied'),
  });
  return { loop, secret };
}

describe('a service without permission beside one that waits', () => {
  test.each([0, 1, 2])(
    'keeps it from nothing after %i deliveries that failed as a whole',
    async (failures) => {
      const { loop, secret } = await fleet();
      loop.send(currentMoved(loop.sim, 'prod/db'));
      if (failures > 0)
        loop.sim.faults.add({ operation: 'ListClusters', kind: 'client-error', times: failures });
      await loop.run();
      const ends = [...loop.told('change.settled'), ...loop.told('change.unsettled')];
      expect(ends.length).toBeGreaterThan(0);
      const stale = new Set(
        loop.sim.staleTasks(secret.arn).map(({ serviceArn }) => serviceArn.split('/').at(-1)),
      );
      expect([...stale]).toEqual(['denied']);
      expect(loop.sim.messagesIn(`${loop.sim.endpoint}/${loop.sim.account}/changes-dead`)).toHaveLength(1);
    },
  );

  test('follows it also after the invocation was killed between its first redeploy and its follow-up', async () => {
    const { loop, secret } = await fleet();
    loop.send(currentMoved(loop.sim, 'prod/db'));
    loop.killAtCall(12);
    await loop.run();
    const stale = new Set(
      loop.sim.staleTasks(secret.arn).map(({ serviceArn }) => serviceArn.split('/').at(-1)),
    );
    expect([...stale]).toEqual(['denied']);
    expect([...loop.told('change.settled'), ...loop.told('change.unsettled')].length).toBeGreaterThan(0);
  });
});

describe('a canary without permission, first seen at a later look', () => {
  async function waves(different: Parameters<Loop['sim']['world']['service']>[0] = {}) {
    const loop = await startLoop();
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    const startedAt = loop.clock.now() - DAY;
    const make = (name: string, wave: number) =>
      loop.sim.world.service({
        name,
        secrets: [secret.arn],
        startedAt,
        tags: { 'secret-redeploy:wave': String(wave) },
        ...(name === 'canary' && different),
      });
    const canary = make('canary', 0);
    make('later', 1);
    make('last', 2);
    const deny = loop.sim.faults.add({
      operation: 'UpdateService',
      kind: 'access-denied',
      times: Infinity,
      match: ({ service }) => String(service).endsWith('/canary'),
    });
    // So that the first look does not see it.
    loop.sim.faults.add({
      operation: 'DescribeTaskDefinition',
      kind: 'client-error',
      times: 1,
      match: ({ taskDefinition }) => String(taskDefinition).includes('canary'),
    });
    return { loop, secret, canary, deny };
  }

  const dead = ({ sim }: Loop) => `${sim.endpoint}/${sim.account}/changes-dead`;
  const staleIn = ({ sim }: Loop, arn: string) =>
    [...new Set(sim.staleTasks(arn).map(({ serviceArn }) => serviceArn.split('/').at(-1) ?? ''))].sort();

  function redrive(loop: Loop) {
    for (const { body } of loop.sim.messagesIn(dead(loop))) loop.send(JSON.parse(body) as object);
  }

  test('protects the later waves, and the redriven message redeploys them after it', async () => {
    const { loop, secret, deny } = await waves();
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await loop.run();
    expect(staleIn(loop, secret.arn)).toEqual(['canary', 'last', 'later']);
    expect(loop.told('change.settled')).toMatchObject([{ failed: 1, left: 2 }]);
    expect(loop.told('change.settled')[0]).not.toHaveProperty('exposureSeconds');
    expect(loop.sim.messagesIn(dead(loop))).toHaveLength(1);

    loop.clock.advance(2 * DAY);
    deny();
    redrive(loop);
    await loop.run();
    expect(staleIn(loop, secret.arn)).toEqual([]);
    expect(redeployed(loop)).toEqual(['canary', 'later', 'last']);
    expect(loop.told('change.settled').at(-1)).toMatchObject({
      redeployed: 3,
      fresh: 3,
      failed: 0,
      left: 0,
    });
  });

  test('redeploys the later waves also if another process has made the canary fresh by then', async () => {
    const { loop, secret, canary } = await waves();
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await loop.run();
    loop.clock.advance(2 * DAY);
    loop.sim.world.deploy(canary, { by: 'CI' });
    loop.clock.advance(DAY);
    redrive(loop);
    await loop.run();
    expect(staleIn(loop, secret.arn)).toEqual([]);
    expect(redeployed(loop)).toEqual(['later', 'last']);
  });

  test('goes on protecting the later waves if its rollout fails after the redrive', async () => {
    const { loop, secret, deny } = await waves({
      circuitBreaker: { enable: true, rollback: true },
      rollout: { outcome: 'rollback-new-primary', durationMs: 60_000 },
    });
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await loop.run();
    deny();
    redrive(loop);
    await loop.run();
    expect(staleIn(loop, secret.arn)).toEqual(['canary', 'last', 'later']);
    expect(redeployed(loop)).toEqual(['canary']);
  });

  const redeployed = (loop: Loop) =>
    loop.told('service.redeployed').map(({ service }) => String(service).split('/').at(-1));
});
