import { CHECK_STATES, type Check } from '../../core/doctor/check.ts';
import type { Column } from './table.ts';
import { count } from './words.ts';

export const COLUMNS: readonly Column<Check>[] = [
  { title: 'CHECK', cell: ({ check }) => check, least: 27, wraps: true },
  { title: 'IS', cell: ({ state }) => state },
  { title: 'FOUND', cell: foundIn, least: 24, wraps: true },
];
export const WIDE: readonly Column<Check>[] = [{ title: 'CODE', cell: ({ code }) => code }];

/** What was found and, if it is not ok, what to do about it. */
function foundIn({ finding, todo }: Check): string {
  return todo === '' ? finding : `${finding}. What to do: ${todo}`;
}

/** What is wrong stands first, and in each state what was looked at first. */
export function worstFirst(checks: readonly Check[]): readonly Check[] {
  return checks.toSorted((a, b) => CHECK_STATES.indexOf(a.state) - CHECK_STATES.indexOf(b.state));
}

export const faultsIn = (checks: readonly Check[]): readonly Check[] =>
  checks.filter(({ state }) => state !== 'ok');

/** `ok: 27 checks`, or how many of them are not. */
export function verdictOf(checks: readonly Check[]): string {
  const counted = CHECK_STATES.map(
    (state) => [state, checks.filter((one) => one.state === state).length] as const,
  );
  if (faultsIn(checks).length === 0) return `ok: ${count(checks.length, 'check')}`;
  return counted
    .filter(([, number]) => number > 0)
    .map(([state, number]) => `${number} ${state === 'warning' && number > 1 ? 'warnings' : state}`)
    .join(', ');
}

/** The same for other programs (functions/schema/doctor.schema.json). */
export function doctorJson(where: object, checks: readonly Check[]): object {
  const number = (wanted: Check['state']) => checks.filter(({ state }) => state === wanted).length;
  const summary = { ok: number('ok'), warning: number('warning'), wrong: number('wrong') };
  return { ...where, checks, summary };
}
