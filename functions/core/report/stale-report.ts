import { idsOf, type Stale, type Sweep, type SweptService } from '../sweep/sweep.ts';
import { makeReport, type Report } from './report.ts';
import { shortened } from './shorten.ts';

/** The answer to `stale` (`schema/report.schema.json`): a report, and the stale services in it. */
export type StaleReport = Report & {
  readonly stale: { readonly certain: readonly StaleService[]; readonly possibly: readonly StaleService[] };
  /** Whether every stale service is named here; false if something could not be read. */
  readonly complete: boolean;
  /** The clusters that were not read because there was no time. */
  readonly left: readonly string[];
  /** How many resources could not be checked. */
  readonly unchecked: number;
};

type StaleService = {
  readonly service: string;
  readonly cluster: string;
  readonly changeIds: readonly string[];
};

/** Of the resources that could not be checked, only the number counts. */
type Found = Pick<Sweep, 'changes' | 'notices' | 'swept' | 'unreadable' | 'remaining' | 'complete'> & {
  readonly unchecked: readonly unknown[];
};

/** The report with at most so many characters of JSON. */
export function makeStaleReport(found: Found, mostCharacters: number): StaleReport {
  return shortened(wholeReport(found), mostCharacters);
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
