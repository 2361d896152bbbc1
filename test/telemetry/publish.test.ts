import { describe, expect, test } from 'vitest';
import type { OwnEvent } from '../../functions/core/report/own-event.ts';
import type { EventBus } from '../../functions/ports.ts';
import { publish } from '../../functions/telemetry/publish.ts';

const MINUTE = 60_000;

/** A bus that answers each call with the given answer, and a log. */
function told(count: number, answer: (call: number) => readonly string[]) {
  const events: readonly OwnEvent[] = Array.from({ length: count }, (_, index) => ({
    type: 'Change Settled',
    resources: [],
    detail: { index },
  }));
  const calls: (readonly OwnEvent[])[] = [];
  const troubles: object[] = [];
  const bus: EventBus = {
    put: (together) => {
      calls.push(together);
      return new Promise((resolve) => resolve(answer(calls.length)));
    },
  };
  const journal = {
    error: (_message: string, error: unknown, about?: object) =>
      void troubles.push({ problem: String(error), ...about }),
  };
  const announced = (remainingMs = MINUTE) => publish(events, bus, remainingMs, journal);
  return { announced, events, calls, troubles };
}

describe('our own events', () => {
  test('are all sent in order, and the log does not mention them', async () => {
    const { announced, events, calls, troubles } = told(25, () => []);
    await announced();
    expect(calls.flat()).toEqual(events);
    expect(troubles).toEqual([]);
  });

  test('cause no call where there are none', async () => {
    const { announced, calls } = told(0, () => []);
    await announced();
    expect(calls).toEqual([]);
  });

  test('are not sent when the invocation is about to end, and the log says so', async () => {
    const { announced, calls, troubles } = told(3, () => []);
    await announced(9_999);
    expect(calls).toEqual([]);
    expect(troubles).toMatchObject([{ events: '3', unsent: '3' }]);
  });

  test('that EventBridge refuses one by one are counted in the log, with its error codes', async () => {
    const { announced, troubles } = told(10, () => ['InternalFailure', 'InternalFailure']);
    await announced();
    expect(troubles).toMatchObject([
      { problem: 'Error: EventBridge refused some events: InternalFailure', events: '10', unsent: '2' },
    ]);
  });

  test('are no longer sent after the first call that fails', async () => {
    const { announced, calls, troubles } = told(50, (call) => {
      if (call === 2) throw new Error('no route');
      return [];
    });
    await announced();
    expect(calls).toHaveLength(2);
    expect(troubles).toMatchObject([{ problem: 'Error: no route', events: '50', unsent: '40' }]);
  });
});
