import { expect, test } from 'vitest';
import { modeIn } from '../../functions/cli/health.ts';
import { readConfig } from '../../functions/runtime/config.ts';

test.each([{}, { MODE: '' }, { MODE: ' ' }, { MODE: 'enforce' }, { MODE: 'observe' }])(
  'the mode that is told of a function with %j is the one that it works in',
  (variables) => {
    expect(modeIn({ variables })).toBe(readConfig([], variables).mode);
  },
);
