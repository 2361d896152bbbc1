import { expect, onTestFinished, test, vi } from 'vitest';
import { CallCounts } from '../../functions/aws/clients.ts';
import { makeEventBus } from '../../functions/aws/event-bus.ts';
import type { OwnEvent } from '../../functions/core/report/own-event.ts';
import { simulate } from '../simulator/testing.ts';
import { ownEventsOf } from '../support/own-event-mirror.ts';

const event = (detail: object): OwnEvent => ({ type: 'Change Settled', resources: ['arn:x'], detail });

async function bus() {
  const { sim } = await simulate();
  for (const [name, value] of Object.entries(sim.env)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const counts = new CallCounts();
  const eventBus = makeEventBus(counts);
  return {
    sim,
    counts,
    put: (events: readonly OwnEvent[]) => eventBus.put(events, AbortSignal.timeout(10_000)),
  };
}

test('events reach the default bus with our own source', async () => {
  const { sim, counts, put } = await bus();
  expect(await put([event({ n: 1 }), event({ n: 2 })])).toEqual([]);
  expect(ownEventsOf(sim)).toMatchObject([
    { 'detail-type': 'Change Settled', resources: ['arn:x'], detail: { n: 1 } },
    { detail: { n: 2 } },
  ]);
  expect(counts.take()).toEqual({ apiCalls: 1, throttled: 0 });
});

test('events of a call that EventBridge refuses are returned as error codes, and the others are accepted', async () => {
  const { sim, put } = await bus();
  expect(await put([event([]), event({ n: 1 }), event([])])).toEqual(['MalformedDetail', 'MalformedDetail']);
  expect(ownEventsOf(sim)).toHaveLength(1);
});

test('a call that fails is repeated once and no more', async () => {
  const { sim, put } = await bus();
  sim.faults.add({ service: 'events', operation: 'PutEvents', kind: 'server-error', times: Infinity });
  await expect(put([event({})])).rejects.toThrow();
  expect(sim.ledger.count('events', 'PutEvents')).toBe(2);
});
