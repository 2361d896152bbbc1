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
  /** Those that AWS does not describe here, with the last event that told of each. */
  readonly hidden?: readonly { readonly arn: string; readonly lastEvent?: string }[];
};

type StaleService = {
  readonly service: string;
  readonly cluster: string;
  readonly changeIds: readonly string[];
};

type Found = Pick<
  Sweep,
  'changes' | 'notices' | 'swept' | 'unreadable' | 'unchecked' | 'remaining' | 'complete'
>;

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
  const hidden = unchecked.filter((one) => one.hidden);
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
    ...(hidden.length > 0 && { hidden: hidden.map(hiddenSecret) }),
  };
}

function hiddenSecret({ arn, lastEvent }: Sweep['unchecked'][number]): object & { readonly arn: string } {
  return { arn, ...(lastEvent !== undefined && { lastEvent: new Date(lastEvent).toISOString() }) };
}

function staleService({ decision }: SweptService, stale: readonly Stale[]): readonly StaleService[] {
  const { service, cluster } = decision;
  return stale.length === 0 ? [] : [{ service, cluster, changeIds: idsOf(stale) }];
}
