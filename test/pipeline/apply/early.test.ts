import { describe, expect, test } from 'vitest';
import { currentMoved } from '../../support/loop.ts';
import {
  AFFECTED,
  affected,
  CLUSTERS,
  calls,
  DAY,
  KEY,
  large,
  precedes,
  rotate,
  SERVICES,
  updated,
  withSnapshot,
} from '../large-fleet.ts';

describe('with a snapshot of the fleet,', () => {
  test('the services that it names are redeployed before the fleet is listed, and once', async () => {
    const loop = await withSnapshot();
    const changeId = await rotate(loop);
    expect(updated(loop)).toEqual(affected);
    expect(precedes(loop, 'UpdateService', 'ListClusters')).toBe(true);
    const [first] = loop.sim.ledger.calls;
    const last = calls(loop, 'UpdateService').at(-1);
    expect((last?.at ?? 0) - (first?.at ?? 0)).toBeLessThanOrEqual(4_000);
    expect(loop.told('change.settled').filter((one) => one.changeId === changeId)).toMatchObject([
      { redeployed: AFFECTED, failed: 0, left: 0 },
    ]);
    const told = loop.records.filter((one) => one.changeId === changeId).map(({ event }) => event);
    expect(told.filter((event) => event === 'service.redeployed')).toHaveLength(AFFECTED);
    expect(told.filter((event) => event === 'service.fresh')).toHaveLength(AFFECTED);
    expect(told).not.toContain('service.waiting');
  });

  test('the whole fleet is still read, and new services are found', async () => {
    const loop = await withSnapshot();
    const { arn } = loop.sim.world.secret({ name: 'prod/new' });
    const startedAt = loop.clock.now() - DAY;
    loop.sim.world.service({ cluster: 'c-1', name: 'newcomer', secrets: [arn], startedAt });
    loop.sim.world.service({ cluster: 'later', name: 'stranger', secrets: [arn], startedAt });
    loop.send(currentMoved(loop.sim, 'prod/new'));
    await loop.run();
    expect(updated(loop)).toEqual(['newcomer', 'stranger']);
    expect(calls(loop, 'DescribeTaskDefinition')).toHaveLength(SERVICES + 2);
  });
});

describe('without a snapshot,', () => {
  test('a large fleet is redeployed while it is being read', async () => {
    const loop = await large({}, 1_200);
    await rotate(loop);
    expect(updated(loop)).toHaveLength(AFFECTED);
    expect(precedes(loop, 'DescribeTaskDefinition', 'UpdateService')).toBe(false);
    expect(loop.told('change.settled')).toMatchObject([{ redeployed: AFFECTED, failed: 0 }]);
  });
});

describe('a redeploy before everything is read does not overtake', () => {
  test('a cap: with MAX_SERVICES all services are counted before one is redeployed', async () => {
    const loop = await withSnapshot({ MAX_SERVICES: String(AFFECTED - 1) });
    await rotate(loop);
    expect(updated(loop)).toEqual([]);
    expect(loop.told('service.skipped').filter(({ reason }) => reason === 'over-cap')).toHaveLength(AFFECTED);
  });

  test('a wave: the second wave begins when the first one is fresh', async () => {
    const loop = await withSnapshot();
    const { arn } = loop.sim.world.secret({ name: 'prod/waves' });
    const startedAt = loop.clock.now() - DAY;
    for (const wave of ['0', '1']) {
      const tags = { 'secret-redeploy:wave': wave };
      loop.sim.world.service({ cluster: 'c-0', name: `wave-${wave}`, secrets: [arn], startedAt, tags });
    }
    loop.send(currentMoved(loop.sim, 'prod/rare'));
    await loop.run();
    loop.restart();
    loop.sim.ledger.clearCalls();
    loop.send(currentMoved(loop.sim, 'prod/waves'));
    await loop.run();
    const [first, second] = calls(loop, 'UpdateService');
    expect(updated(loop)).toEqual(['wave-0', 'wave-1']);
    expect(String(first?.input['service'])).toContain('wave-0');
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(20_000);
  });

  test('MODE=observe: no service is redeployed', async () => {
    const loop = await withSnapshot({ MODE: 'observe' });
    await rotate(loop);
    expect(updated(loop)).toEqual([]);
    expect(loop.told('service.skipped').filter(({ reason }) => reason === 'observe')).toHaveLength(AFFECTED);
  });

  test('CLUSTERS: no service of a cluster that is no longer selected is redeployed', async () => {
    const loop = await withSnapshot();
    const narrowed = await large({
      env: { SNAPSHOT_BUCKET: 'hints', AWS_ENDPOINT_URL: 'set', CLUSTERS: '!c-0' },
    });
    narrowed.sim.world.bucket('hints');
    narrowed.sim.objects('hints').plant(KEY, loop.sim.objects('hints').read(KEY) ?? '');
    await rotate(narrowed);
    const inCluster = (name: string) => Number(name.slice(2)) % CLUSTERS;
    expect(updated(narrowed)).toEqual(affected.filter((name) => inCluster(name) !== 0));
  });

  test('a scan that fails afterwards: the message comes back, and the redeploys stand and are not repeated', async () => {
    const loop = await withSnapshot();
    loop.sim.faults.add({
      operation: 'ListServices',
      kind: 'client-error',
      code: 'UnrecognizedClientException',
    });
    const changeId = await rotate(loop);
    expect(updated(loop)).toEqual(affected);
    expect(loop.told('change.settled').filter((one) => one.changeId === changeId)).toHaveLength(1);
  });
});
