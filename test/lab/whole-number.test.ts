import { expect, test } from 'vitest';
import { wholeNumber } from './whole-number.ts';

test('a whole number above 0 is read', () => {
  expect(wholeNumber('--runs', '5000', 'usage')).toBe(5_000);
});

// A campaign of such a number of runs would try nothing, and say that nothing is wrong.
test.each(['0', '-1', '1.5', 'abc', '', 'NaN', 'Infinity', '1e16'])('%s is refused', (text) => {
  expect(() => wholeNumber('--runs', text, 'usage: npm run faults')).toThrow(
    `--runs: expected a whole number above 0, found ${text}\nusage: npm run faults`,
  );
});
