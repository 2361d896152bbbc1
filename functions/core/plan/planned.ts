import type { Decision } from '../model/decision.ts';
import type { Service } from '../model/fleet.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Evidence } from './evidence.ts';
import type { Obstacles } from './obstacles.ts';
import type { MatchVerdict } from './verdict.ts';

/** The decision on one matched service in this look, and its outcome. */
export type Result = { readonly planned: Planned; readonly decision: Decision; readonly outcome?: Outcome };

/** A decision with its inputs, so that it can be made again after a recheck of the service. */
export type Planned = {
  readonly decision: Decision;
  readonly service: Service;
  /** Each subject with its own verdict; the decision is the strongest of them. */
  readonly verdicts: readonly MatchVerdict[];
  readonly evidence: Evidence;
  readonly obstacles?: Obstacles;
};

export type Plan = {
  /** Redeploys, in the order in which they start. */
  readonly redeploys: readonly Planned[];
  /** Matched services that wait or are skipped. */
  readonly others: readonly Planned[];
  /** Services that may be concerned, and about which nothing else is known. */
  readonly unmatched: readonly Decision[];
};

/** Whether this is a later look for every change in the decision. */
export function isLaterLook({ verdicts }: Planned): boolean {
  return verdicts.every(({ match }) => match.following !== undefined);
}

/** The instant of the youngest change of a planned redeploy. */
export function youngestChange({ verdicts }: Planned): number {
  return Math.max(
    ...verdicts.map(({ match: { subject } }) => (subject.kind === 'notice' ? 0 : subject.change.changedAt)),
  );
}
