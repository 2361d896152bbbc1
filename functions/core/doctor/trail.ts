import type { Blueprint, PlannedRule } from './blueprint.ts';
import { type Check, notShown, ofAnswer, ok, warning } from './check.ts';
import type { Answer, TrailFact } from './facts.ts';

const LOST = 'deletions and failed rotations are not told';

/** The rules that get their events from a trail of this account; those of another bus get theirs from another account. */
export function trailRules({ rules }: Pick<Blueprint, 'rules'>): readonly PlannedRule[] {
  return rules.filter(
    ({ bus, isEnabled, pattern }) =>
      bus === undefined && isEnabled && JSON.stringify(pattern).includes('via CloudTrail'),
  );
}

/** Whether a trail gives the rules of CloudTrail their events. Undefined: there are no such rules. */
export function checkTrail(answer: Answer<readonly TrailFact[]> | undefined): readonly Check[] {
  if (answer === undefined) return [ok('trail', 'none is needed: the rules of CloudTrail are off')];
  return ofAnswer('trail', answer, {
    gone: none,
    shown: (trails) => (trails.length === 0 ? none() : [ofTrails(trails)]),
  });
}

const none = (): readonly Check[] => [
  warning(
    'trail',
    'no-trail',
    `no trail of CloudTrail reaches this Region: ${LOST}`,
    'create one with management events, or deploy with cloudTrailRules=DISABLED',
  ),
];

function ofTrails(trails: readonly TrailFact[]): Check {
  const working = trails.find(({ isLogging, records }) => isTrue(isLogging) && isTrue(records));
  if (working !== undefined) return ok('trail', `${working.name} records management events`);
  const [unanswered] = trails.flatMap(({ isLogging, records }) =>
    isFalse(isLogging) || isFalse(records)
      ? []
      : [isLogging, records].filter((one) => one.kind === 'unanswered'),
  );
  if (unanswered !== undefined) return notShown('trail', unanswered);
  const why = trails.map(({ name, isLogging }) =>
    isFalse(isLogging) ? `${name} does not log` : `${name} records no management events that write`,
  );
  return warning(
    'trail',
    'trail-off',
    `${why.join(', ')}: ${LOST}`,
    'start its logging (aws cloudtrail start-logging), or let it record management events',
  );
}

const isTrue = (answer: Answer<boolean>): boolean => answer.kind === 'shown' && answer.value;
const isFalse = (answer: Answer<boolean>): boolean =>
  answer.kind === 'gone' || (answer.kind === 'shown' && !answer.value);
