import type { Confirmed } from '../core/follow-up/trigger.ts';
import type { Plan, Result } from '../core/plan/planned.ts';
import { makeReport, type Report } from '../core/report/report.ts';
import type { Requeued } from '../pipeline/follow-up/follow-up.ts';
import type { Observed } from '../pipeline/read/observed.ts';

/**
 * `failure` is there if the fleet could not be read or decided upon: then nothing has been done. `postponed`: it could be
 * read in part only, and what was asked goes on as a follow-up.
 */
export type RedeployResult =
  | ({ readonly confirmed: Confirmed; readonly report: Report; readonly postponed: boolean } & Applied)
  | { readonly confirmed: Confirmed; readonly failure: unknown };

/** What became of each decision, and of each change. */
export type Applied = { readonly results: readonly Result[]; readonly requeued: Requeued };

/** The report of what was found, decided and done. */
export function reported(
  { changes, notices }: Observed,
  { unmatched }: Plan,
  results: readonly Result[],
): Report {
  const decisions = [...results.map(({ decision }) => decision), ...unmatched];
  return makeReport(
    changes,
    notices,
    decisions,
    results.flatMap(({ outcome }) => outcome ?? []),
  );
}
