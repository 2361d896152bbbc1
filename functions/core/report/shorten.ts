import type { Report } from './report.ts';
import type { Uses } from './uses.ts';

/** The answer to `stale` has these lists besides. */
type AnyReport = Report & {
  readonly stale?: { readonly certain: readonly OfService[]; readonly possibly: readonly OfService[] };
};

type OfService = { readonly service: string };

/**
 * The answer with at most so many characters of JSON. What is left out first is what a reader misses least: the
 * services that are fresh, then references, then the end of the lists. The answer says how much that is.
 */
export function shortened<Some extends AnyReport>(report: Some, mostCharacters: number): Some {
  if (fits(report, mostCharacters)) return report;
  const short = withoutFresh(report);
  if (fits(short, mostCharacters)) return short;
  const bare = withoutReferences(short);
  return longest(bare.decisions.length, mostCharacters, (count) => withDecisions(bare, count));
}

/** The same for the answer to `uses`, which consists of references: what is only mentioned goes first. */
export function shortenedUses(uses: Uses, mostCharacters: number): Uses {
  if (fits(uses, mostCharacters)) return uses;
  const { mentions = [], ...answer } = uses;
  const few = { ...answer, ...(mentions.length > 0 && { mentionsLeftOut: mentions.length }) };
  if (fits(few, mostCharacters)) return few;
  const referencesLeftOut = sum(uses.uses.map(({ references }) => references.length));
  const bare = { ...few, uses: uses.uses.map((use) => ({ ...use, references: [] })), referencesLeftOut };
  return longest(bare.uses.length, mostCharacters, (count) => ({
    ...bare,
    uses: bare.uses.slice(0, count),
    ...(count < bare.uses.length && { usesLeftOut: bare.uses.length - count }),
  }));
}

function withoutFresh<Some extends AnyReport>(report: Some): Some {
  const decisions = report.decisions.filter(({ reason }) => reason !== 'already-fresh');
  const mentioned = new Set(decisions.flatMap(({ changeIds }) => changeIds));
  return {
    ...report,
    changes: report.changes.filter(({ changeId }) => mentioned.has(changeId)),
    decisions,
    freshLeftOut: report.decisions.length - decisions.length,
  };
}

function withoutReferences<Some extends AnyReport>(report: Some): Some {
  const referencesLeftOut = sum(report.decisions.map(({ references }) => references.length));
  return {
    ...report,
    decisions: report.decisions.map((decision) => ({ ...decision, references: [] })),
    ...(referencesLeftOut > 0 && { referencesLeftOut }),
  };
}

/** The first decisions, and what the report says of their services. */
function withDecisions<Some extends AnyReport>(report: Some, count: number): Some {
  if (count === report.decisions.length) return report;
  const decisions = report.decisions.slice(0, count);
  const services = new Set<string>(decisions.map(({ service }) => service));
  const ids = new Set(decisions.flatMap(({ changeIds }) => changeIds));
  const ofThese = <One extends { readonly service: string }>(all: readonly One[]) =>
    all.filter(({ service }) => services.has(service));
  const { stale } = report;
  return {
    ...report,
    changes: report.changes.filter(({ changeId }) => ids.has(changeId)),
    decisions,
    outcomes: report.outcomes.filter(({ service }) => services.has(service)),
    ...(stale && { stale: { certain: ofThese(stale.certain), possibly: ofThese(stale.possibly) } }),
    decisionsLeftOut: report.decisions.length - count,
  };
}

/** The answer with the most items that still fits, found by halving. */
function longest<Some extends object>(
  count: number,
  mostCharacters: number,
  cut: (count: number) => Some,
): Some {
  let best = 0;
  for (let low = 0, high = count; low <= high; ) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(cut(middle), mostCharacters)) {
      best = middle;
      low = middle + 1;
    } else high = middle - 1;
  }
  return cut(best);
}

const fits = (answer: object, mostCharacters: number): boolean =>
  JSON.stringify(answer).length <= mostCharacters;
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
