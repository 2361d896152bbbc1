import type { Run } from './run.ts';

/** Every promise that a run can break. */
export const PROMISES = [
  'ends',
  'never-throws',
  'reads-no-value',
  'stays-within-its-role',
  'logs-no-value',
  'sends-nothing-else',
  'observes-only',
  'unrelated-untouched',
  'opted-out-untouched',
  'unselected-untouched',
  'nothing-doubled',
  'keeps-order',
  'keeps-cooldown',
  'keeps-hourly-limit',
  'keeps-cap',
  'lets-changes-settle',
  'interrupts-nothing',
  'nothing-lost',
  'settles',
  'settles-once',
  'every-message-ends',
  'dead-letters-for-a-reason',
  'settles-truly',
  'tells-the-true-exposure',
  'tells-the-true-reason',
  'tells-the-true-state',
  'advises-rightly',
] as const;
export type Promised = (typeof PROMISES)[number];

export type Violation = { readonly promise: Promised; readonly what: string };

export function violation(promise: Promised, what: string): Violation {
  return { promise, what };
}

/** An instant for the reader: seconds from the beginning of the run. */
export function secondsIn({ startedAt }: Run, at: number): string {
  return `at ${((at - startedAt) / 1000).toFixed(1)} s`;
}
