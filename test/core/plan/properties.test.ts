import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { possibleMatches } from '../../../functions/core/match/match.ts';
import { keyOf } from '../../../functions/core/model/arn.ts';
import type { Decision } from '../../../functions/core/model/decision.ts';
import { isUnreadable } from '../../../functions/core/model/fleet.ts';
import { makePlan, type PlanInput, redecide } from '../../../functions/core/plan/plan.ts';
import type { Plan } from '../../../functions/core/plan/planned.ts';
import { makeReport } from '../../../functions/core/report/report.ts';
import { anyBasis, anyChanges, anyService, basis } from '../../support/any.ts';
import { asSubject, POLICY } from '../../support/build.ts';

const RUNS = {};

const decisionsOf = ({ redeploys, others, unmatched }: Plan): readonly Decision[] => [
  ...[...redeploys, ...others].map(({ decision }) => decision),
  ...unmatched,
];
const nameOf = ({ cluster, service }: Decision) => keyOf(cluster, service);

/** A decision with its lists in a fixed order. */
const listed = (decision: Decision) => ({
  ...decision,
  changeIds: decision.changeIds.toSorted(),
  references: decision.references.map((one) => JSON.stringify(one)).toSorted(),
});

/** The same input with each of its lists in any order. */
const shuffled = (one: PlanInput): fc.Arbitrary<PlanInput> => {
  const inAnyOrder = <T>(items: readonly T[]) =>
    fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });
  return fc
    .record({
      services: inAnyOrder(one.fleet.services),
      subjects: inAnyOrder(one.subjects),
      revisions: inAnyOrder([...one.fleet.revisions]),
      evidence: inAnyOrder([...one.evidence]),
    })
    .chain(({ services, subjects, revisions, evidence }) => {
      const fleet = { ...one.fleet, services, revisions: new Map(revisions) };
      return inAnyOrder(possibleMatches(fleet, subjects, one.policy.pull)).map((matches) => ({
        ...one,
        fleet,
        subjects,
        matches,
        evidence: new Map(evidence),
      }));
    });
};

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  if (value instanceof Map) for (const [key, inner] of value) deepFreeze([key, inner]);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}

describe('a plan', () => {
  test('is the same every time it is made from the same input, and leaves the input as it is', () => {
    fc.assert(
      fc.property(anyBasis, (given) => {
        const before = structuredClone(given);
        const plan = makePlan(deepFreeze(given));
        expect(makePlan(given)).toEqual(plan);
        expect(given).toEqual(before);
      }),
      RUNS,
    );
  });

  test('does not depend on the order of services, subjects, revisions, matches or evidence', () => {
    fc.assert(
      fc.property(
        anyBasis.chain((one) => fc.tuple(fc.constant(one), shuffled(one))),
        ([one, other]) => {
          expect(decisionsOf(makePlan(other)).map(listed)).toEqual(decisionsOf(makePlan(one)).map(listed));
        },
      ),
      RUNS,
    );
  });

  test('decides exactly once on every service that refers to a change or cannot be read', () => {
    fc.assert(
      fc.property(anyBasis, (given) => {
        const concerned = new Set([
          ...given.matches
            .filter(({ subject }) => subject.kind === 'change')
            .map(({ service }) => service.key),
          ...given.fleet.services.filter((one) => isUnreadable(one, given.fleet)).map(({ key }) => key),
        ]);
        const decided = decisionsOf(makePlan(given)).map(nameOf);
        expect(new Set(decided).size).toBe(decided.length);
        expect(decided).toEqual(expect.arrayContaining([...concerned]));
        const known = new Set([...concerned, ...given.matches.map(({ service }) => service.key)]);
        expect([...known]).toEqual(expect.arrayContaining(decided));
      }),
      RUNS,
    );
  });

  test('is sorted by wave, and within a wave by ARN', () => {
    fc.assert(
      fc.property(anyBasis, (given) => {
        const { redeploys, others } = makePlan(given);
        for (const group of [redeploys, others]) {
          const order = group.map(({ decision: { wave, service } }) => [wave, service] as const);
          const sorted = order.toSorted(([a, x], [b, y]) => a - b || (x < y ? -1 : Number(x > y)));
          expect(order).toEqual(sorted);
        }
      }),
      RUNS,
    );
  });

  test('agrees with a second look at each service, waves and the cap aside', () => {
    fc.assert(
      fc.property(anyBasis, (given) => {
        const plan = makePlan({ ...given, policy: { ...given.policy, maxServices: 0 } });
        for (const planned of [...plan.redeploys, ...plan.others]) {
          const { decision, service } = planned;
          if (decision.reason === 'earlier-wave' || decision.reason === 'earlier-wave-failed') continue;
          const again = redecide(planned, service, given.policy, given.now);
          expect(again?.action).toBe(decision.action);
          expect(again?.reason).toBe(decision.reason);
        }
      }),
      RUNS,
    );
  });

  test('has a summary whose counts add up to the number of its decisions', () => {
    fc.assert(
      fc.property(anyBasis, (given) => {
        const decisions = decisionsOf(makePlan(given));
        const { summary } = makeReport([], [], decisions, []);
        expect(summary.redeploy + summary.wait + summary.skip).toBe(summary.matched);
        expect(summary.matched).toBe(decisions.length);
      }),
    );
  });
});

describe('caps and waves aside, no redeploy is taken away', () => {
  const alone = { ...POLICY, maxServices: 0 };
  const withoutWave = anyService.map((one) => ({
    ...one,
    tags: new Map([...one.tags].filter(([key]) => key !== 'wave')),
  }));
  const services = fc.uniqueArray(withoutWave, { selector: ({ key }) => key, minLength: 1, maxLength: 8 });
  const redeployed = (given: PlanInput) => makePlan(given).redeploys.map(({ decision }) => nameOf(decision));

  test('by another service', () => {
    fc.assert(
      fc.property(services, anyChanges, (all, changes) => {
        const more = redeployed(basis(all, changes.map(asSubject), alone));
        const [added] = all;
        const fewer = redeployed(basis(all.slice(1), changes.map(asSubject), alone));
        expect(more.filter((key) => key !== added?.key)).toEqual(fewer);
      }),
      RUNS,
    );
  });

  test('by another change', () => {
    fc.assert(
      fc.property(services, anyChanges, (all, changes) => {
        const fewer = redeployed(basis(all, changes.slice(1).map(asSubject), alone));
        expect(redeployed(basis(all, changes.map(asSubject), alone))).toEqual(expect.arrayContaining(fewer));
      }),
      RUNS,
    );
  });
});
