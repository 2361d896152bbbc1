import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rotateFrom } from '../../../functions/core/sweep/rotate.ts';
import { NOW } from '../../support/build.ts';

const HOUR = 3_600_000;
const numbers = (most: number) => Array.from({ length: most }, (_, i) => i);

describe('the order of an hour', () => {
  test('contains every item and keeps the ring', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(100_000), (length, hours) => {
        const items = numbers(length);
        const order = rotateFrom(items, NOW + hours * HOUR);
        expect([...order].sort((a, b) => a - b)).toEqual(items);
        expect(order.every((item, i) => i === 0 || item === ((order[i - 1] ?? 0) + 1) % length)).toBe(true);
      }),
    );
  });

  test('is the same within the hour', () => {
    const start = Math.floor(NOW / HOUR) * HOUR;
    expect(rotateFrom(numbers(50), start)).toEqual(rotateFrom(numbers(50), start + HOUR - 1));
  });

  test.each([
    [0.9, 2],
    [0.7, 2],
    [0.5, 4],
    [0.2, 8],
  ])('gives every item a turn, if a part of %d is read each time, within %i hours', (part, hours) => {
    const items = numbers(100);
    fc.assert(
      fc.property(fc.nat(1_000_000), (first) => {
        const read = new Set(
          numbers(hours).flatMap((i) => rotateFrom(items, (first + i) * HOUR).slice(0, items.length * part)),
        );
        expect(read.size).toBe(items.length);
      }),
    );
  });
});
