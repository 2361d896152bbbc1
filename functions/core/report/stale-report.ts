import type { Change, Notice } from '../model/change.ts';
import type { Decision } from '../model/decision.ts';
import { idsOf, type Stale, type SweptService } from '../sweep/sweep.ts';
import { makeReport, type Report } from './report.ts';

/** The answer to `stale` (DESIGN §8; `report.schema.json`): a report, and what it comes to. */
export type StaleReport = Report & {
  readonly stale: { readonly certain: readonly StaleService[]; readonly possibly: readonly StaleService[] };
  /** Whether whoever is not named here as stale is not: false if something could not be read. */
  readonly complete: boolean;
  /** The clusters for which there was no time. */
  readonly left: readonly string[];
  /** Resources of which nothing could be learned. */
  readonly unchecked: number;
  /** Decisions `already-fresh` for which the answer has no room. */
  readonly freshLeftOut?: number;
};

type StaleService = {
  readonly service: string;
  readonly cluster: string;
  readonly changeIds: readonly string[];
};

type Found = {
  readonly changes: readonly Change[];
  readonly notices: readonly Notice[];
  readonly swept: readonly SweptService[];
  readonly unreadable: readonly Decision[];
  readonly unchecked: readonly unknown[];
  readonly remaining: readonly string[];
  readonly complete: boolean;
};

/** Undefined if it has more than `mostCharacters`, even without those whom nothing is the matter with. */
export function makeStaleReport(found: Found, mostCharacters: number): StaleReport | undefined {
  const whole = wholeReport(found);
  const fits = (report: StaleReport) => JSON.stringify(report).length <= mostCharacters;
  if (fits(whole)) return whole;
  const short = withoutFresh(whole);
  return fits(short) ? short : undefined;
}

function wholeReport({
  changes,
  notices,
  swept,
  unreadable,
  unchecked,
  remaining,
  complete,
}: Found): StaleReport {
  const decisions = [...swept.map(({ decision }) => decision), ...unreadable];
  return {
    ...makeReport(changes, notices, decisions, []),
    stale: {
      certain: swept.flatMap((one) => staleService(one, one.certain)),
      possibly: swept.flatMap((one) => (one.certain.length > 0 ? [] : staleService(one, one.possibly))),
    },
    complete,
    left: remaining,
    unchecked: unchecked.length,
  };
}

function staleService({ decision }: SweptService, stale: readonly Stale[]): readonly StaleService[] {
  const { service, cluster } = decision;
  return stale.length === 0 ? [] : [{ service, cluster, changeIds: idsOf(stale) }];
}

function withoutFresh(whole: StaleReport): StaleReport {
  const decisions = whole.decisions.filter(({ reason }) => reason !== 'already-fresh');
  const spokenOf = new Set(decisions.flatMap(({ changeIds }) => changeIds));
  return {
    ...whole,
    changes: whole.changes.filter(({ changeId }) => spokenOf.has(changeId)),
    decisions,
    freshLeftOut: whole.decisions.length - decisions.length,
  };
}
