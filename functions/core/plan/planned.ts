import type { Decision } from '../model/decision.ts';
import type { Service } from '../model/fleet.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Evidence } from './evidence.ts';
import type { MatchVerdict } from './waves.ts';

/** What became of one matched service in this look. */
export type Result = { readonly planned: Planned; readonly decision: Decision; readonly outcome?: Outcome };

/** A decision with what it was made from, so that it can be made again when the service has been looked at again. */
export type Planned = {
  readonly decision: Decision;
  readonly service: Service;
  /** Each subject with its own verdict; the decision is the strongest of them. */
  readonly verdicts: readonly MatchVerdict[];
  readonly evidence: Evidence;
};

export type Plan = {
  /** Redeploys, in the order in which they are to be done. */
  readonly redeploys: readonly Planned[];
  /** Matched services that are left alone, for now or altogether. */
  readonly others: readonly Planned[];
  /** Services of which nothing is known but that they may be concerned. */
  readonly unmatched: readonly Decision[];
};

/** Whether all that was decided upon here had been looked at before. */
export function isLaterLook({ verdicts }: Planned): boolean {
  return verdicts.every(({ match }) => match.following !== undefined);
}

/** The instant that every change of a planned redeploy is older than. */
export function youngestChange({ verdicts }: Planned): number {
  return Math.max(
    ...verdicts.map(({ match: { subject } }) => (subject.kind === 'notice' ? 0 : subject.change.changedAt)),
  );
}
