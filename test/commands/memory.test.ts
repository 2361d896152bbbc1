import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Fleet } from '../../functions/core/model/fleet.ts';
import { onRequest } from '../../functions/on-request.ts';
import { SnapshotStore } from '../../functions/pipeline/read/snapshot-store.ts';
import { readConfig } from '../../functions/runtime/config.ts';
import { connectedHandler } from '../../functions/runtime/handler.ts';
import { actAs, QUICK } from '../support/loop.ts';
import { simulatedAccount } from '../support/simulated.ts';

const SERVICES = 60;
const CALLS = 8;

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;
const collectGarbage = async (): Promise<void> => {
  for (let i = 0; i < 4; i++) {
    await sleep(10);
    gc();
  }
};

/** A warm process of on-request, and a weak reference to every fleet that it has read. */
async function warmProcess() {
  const sim = await simulatedAccount();
  actAs('on-request');
  const fleets: WeakRef<Fleet>[] = [];
  // A mock of vitest would keep the arguments of every call, which are the fleets.
  const stage = Reflect.get(SnapshotStore.prototype, 'stage');
  SnapshotStore.prototype.stage = function (this: SnapshotStore, fleet, isRead) {
    fleets.push(new WeakRef(fleet));
    stage.call(this, fleet, isRead);
  };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockReturnValue(true),
    vi.spyOn(process.stderr, 'write').mockReturnValue(true),
  ];
  onTestFinished(() => {
    SnapshotStore.prototype.stage = stage;
    for (const spy of spies) spy.mockRestore();
  });
  const secret = sim.world.secret({ name: 'prod/db' });
  for (let i = 0; i < SERVICES; i++) sim.world.service({ name: `api-${i}`, secrets: [secret.arn] });
  const handle = connectedHandler(readConfig([], QUICK), onRequest, {
    now: Date.now,
    sleep: (ms) => sleep(ms),
  });
  return { sim, fleets, handle };
}

/** How many of the fleets that were read are still held. */
async function heldBy(fleets: readonly WeakRef<Fleet>[]): Promise<number> {
  await collectGarbage();
  return fleets.filter((one) => one.deref() !== undefined).length;
}

describe('a warm process keeps one read of the fleet at most, however often it is asked', () => {
  test.each([
    ['who uses a secret', { action: 'uses', secret: 'prod/db' }],
    ['what is stale', { action: 'stale' }],
    ['what is stale for one secret', { action: 'stale', secret: 'prod/db' }],
    ['for a plan', { action: 'plan', secret: 'prod/db' }],
  ])('%s', async (_, request) => {
    const { fleets, handle } = await warmProcess();
    for (let i = 0; i < CALLS; i++) await handle(request);
    expect(fleets.length).toBeGreaterThan(0);
    expect(await heldBy(fleets)).toBeLessThanOrEqual(1);
  });
});
