import { expect } from 'vitest';
import { currentMoved, type Loop, type LoopOptions, startLoop } from '../support/loop.ts';

/** So many services that it takes some time to read them all at the configured rates. */
export const SERVICES = 120;
export const CLUSTERS = 4;
export const AFFECTED = 8;
export const DAY = 86_400_000;
export const MINUTE = 60_000;
const RATES = { READ_RATE: '16', READ_BURST: '40', UPDATE_RATE: '4', UPDATE_BURST: '40' };
export const KEY = 'fleet.json.gz';

/** A fleet in which every 15th service uses `prod/db` and every other service a parameter of its own. */
export async function large({ env, ...options }: LoopOptions = {}, services = SERVICES): Promise<Loop> {
  const loop = await startLoop({ rolloutMs: 20_000, ...options, env: { ...RATES, ...env } });
  const { world } = loop.sim;
  const { arn } = world.secret({ name: 'prod/db' });
  world.secret({ name: 'prod/rare' });
  for (let i = 0; i < services; i++) {
    const own = i % (services / AFFECTED) === 0 ? arn : `/app/${i}`;
    world.service({
      cluster: `c-${i % CLUSTERS}`,
      name: `s-${i}`,
      secrets: [own],
      startedAt: loop.clock.now() - DAY,
    });
  }
  return loop;
}

let written: Buffer | undefined;

/**
 * The same fleet with a bucket in which another process has left its snapshot. The fleet is always the same, so one
 * process writes the snapshot for all tests of a file.
 */
export async function withSnapshot(env: Readonly<Record<string, string>> = {}): Promise<Loop> {
  const loop = await large({ env: { SNAPSHOT_BUCKET: 'hints', AWS_ENDPOINT_URL: 'set', ...env } });
  loop.sim.world.bucket('hints');
  const objects = loop.sim.objects('hints');
  if (written === undefined) {
    loop.send(currentMoved(loop.sim, 'prod/rare'));
    await loop.run();
    expect(objects.keys).toEqual([KEY]);
    written = objects.read(KEY);
    loop.restart();
  } else objects.plant(KEY, written);
  loop.clock.advance(10 * MINUTE);
  loop.sim.ledger.clearCalls();
  return loop;
}

/** Rotates `prod/db` and runs until all that follows is done. */
export async function rotate(loop: Loop): Promise<string> {
  const event = currentMoved(loop.sim, 'prod/db');
  loop.send(event);
  await loop.run();
  return event.id;
}

export const calls = (loop: Loop, operation: string) =>
  loop.sim.ledger.calls.filter((call) => call.operation === operation);
export const updated = (loop: Loop) =>
  calls(loop, 'UpdateService')
    .map(({ input }) => String(input['service']).split('/').at(-1) ?? '')
    .toSorted((a, b) => a.localeCompare(b));
export const affected = Array.from({ length: AFFECTED }, (_, i) => `s-${(i * SERVICES) / AFFECTED}`).toSorted(
  (a, b) => a.localeCompare(b),
);
/** Whether every call of the first operation was made before any call of the second one. */
export function precedes(loop: Loop, first: string, then: string): boolean {
  const operations = loop.sim.ledger.calls.map(({ operation }) => operation);
  return operations.lastIndexOf(first) < operations.indexOf(then);
}
