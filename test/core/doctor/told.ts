import type { Check } from '../../../functions/core/doctor/check.ts';

/** What a person reads about one thing, and what to do about it. */
export type Told = readonly [state: Check['state'], code: Check['code'], finding: string, todo: string];

export const told = (checks: readonly Check[]): readonly Told[] =>
  checks.map(({ state, code, finding, todo }) => [state, code, finding, todo]);

export const RESTORE = 'put back what the template says (docs/operate.md, What doctor finds)';
export const UNANSWERED = { kind: 'unanswered', why: 'the call was throttled' } as const;
export const NOT_KNOWN: Told = ['warning', 'not-shown', 'not known: the call was throttled', 'ask again'];
export const GONE = { kind: 'gone' } as const;
export const shown = <T>(value: T) => ({ kind: 'shown', value }) as const;
