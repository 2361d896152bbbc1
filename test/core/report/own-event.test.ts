import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inCalls, type OwnEvent } from '../../../functions/core/report/own-event.ts';

const KIBIBYTE = 1024;

const ownEvent = fc.record({
  type: fc.constant('Change Settled' as const),
  resources: fc.array(fc.constant(`arn:${'r'.repeat(500)}`), { maxLength: 100 }),
  detail: fc.record({ text: fc.nat({ max: 200 * KIBIBYTE }).map((length) => 'x'.repeat(length)) }),
});

describe('the calls in which our own events are sent', () => {
  test('carry each event once and in order, with at most ten events and 256 KiB in a call', () => {
    fc.assert(
      fc.property(fc.array(ownEvent, { maxLength: 40 }), (events) => {
        const calls = inCalls(events);
        expect(calls.flat()).toEqual(events);
        for (const call of calls) {
          expect(call.length).toBeGreaterThan(0);
          expect(call.length).toBeLessThanOrEqual(10);
          expect(bytesOf(call)).toBeLessThanOrEqual(256 * KIBIBYTE);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('are no more than needed, for small events are sent ten at a time', () => {
    const events: OwnEvent[] = Array.from({ length: 21 }, () => ({
      type: 'Service Redeployed',
      resources: [],
      detail: {},
    }));
    expect(inCalls(events).map(({ length }) => length)).toEqual([10, 10, 1]);
  });

  test('are limited in bytes, not in characters', () => {
    const events: OwnEvent[] = Array.from({ length: 2 }, () => ({
      type: 'Service Redeployed',
      resources: [],
      detail: { text: 'é'.repeat(100 * KIBIBYTE) },
    }));
    expect(inCalls(events)).toHaveLength(2);
  });

  test('are filled to the last byte', () => {
    const own = (length: number): OwnEvent => ({
      type: 'Change Settled',
      resources: [],
      detail: { text: 'x'.repeat(length) },
    });
    const half = 128 * KIBIBYTE - bytesOf([own(0)]);
    expect(inCalls([own(half), own(half)])).toHaveLength(1);
    expect(inCalls([own(half), own(half + 1)])).toHaveLength(2);
  });
});

function bytesOf(events: readonly OwnEvent[]): number {
  const texts = events.flatMap(({ type, resources, detail }) => [
    'secret-redeploy',
    type,
    JSON.stringify(detail),
    ...resources,
  ]);
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}
