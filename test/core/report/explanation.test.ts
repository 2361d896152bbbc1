import { describe, expect, test } from 'vitest';
import { match } from '../../../functions/core/match/match.ts';
import type { ServiceAccess } from '../../../functions/core/model/access.ts';
import type { Change, Notice } from '../../../functions/core/model/change.ts';
import type { EvidenceByService } from '../../../functions/core/plan/evidence.ts';
import { makePlan } from '../../../functions/core/plan/plan.ts';
import type { Plan, Planned } from '../../../functions/core/plan/planned.ts';
import type { Policy } from '../../../functions/core/plan/policy.ts';
import { RULES } from '../../../functions/core/plan/rules.ts';
import { NOTHING_EARLIER } from '../../../functions/core/plan/waves.ts';
import { explanationOf } from '../../../functions/core/report/explanation.ts';
import {
  AFTER,
  asSubject,
  CHANGED_AT,
  change,
  deployment,
  draining,
  fleet,
  NOW,
  notice,
  POLICY,
  SECRET,
  type ServiceDifference,
  service,
} from '../../support/build.ts';

type Given = {
  readonly services?: readonly ServiceDifference[];
  readonly subjects?: readonly (Change | Notice)[];
  readonly policy?: Partial<Policy>;
  readonly evidence?: EvidenceByService;
  /** What is different about the first service, as it was planned. */
  readonly planned?: (planned: Planned) => Planned;
};

/** The explanation of the service `api` in a plan. */
function explained({ services = [{}], subjects = [change()], planned = (one) => one, ...given }: Given = {}) {
  const policy = { ...POLICY, ...given.policy };
  const world = fleet(services.map(service));
  const all = subjects.map(asSubject);
  const plan: Plan = makePlan({
    fleet: world,
    subjects: all,
    matches: match(world, all, policy.pull),
    evidence: given.evidence ?? new Map(),
    policy,
    earlier: NOTHING_EARLIER,
    now: NOW,
  });
  const found = [...plan.redeploys, ...plan.others].find((one) => one.service.name === 'api');
  if (found === undefined) throw new Error('the plan does not hold the service');
  return explanationOf(planned(found), { plan, policy, now: NOW });
}
const FRESH: ServiceDifference = { deployments: [deployment({ createdAt: AFTER })] };
/** What the rules beyond one service say: the facts by their first reason. */
const beyond = (given: Given) => {
  const [subject] = explained(given).subjects;
  return Object.fromEntries(
    (subject?.rules ?? []).slice(RULES.length).map(({ reasons, fact }) => [reasons[0] ?? '', fact]),
  );
};

describe('a decision is explained', () => {
  test('with the service, and every rule in its order with what it says', () => {
    const { service: arn, cluster, decision, subjects } = explained();
    expect([arn, cluster, decision?.action]).toEqual([service().arn, 'main', 'redeploy']);
    const [{ rules, ...subject } = { rules: [] }] = subjects;
    expect(subject).toEqual({
      arn: SECRET,
      kind: 'secret',
      at: new Date(CHANGED_AT).toISOString(),
      verdict: { action: 'redeploy', reason: null },
    });
    expect(rules.map(({ reasons }) => reasons)).toEqual([
      ...RULES.map(({ reasons }) => reasons),
      ['over-cap'],
      ['earlier-wave-failed', 'earlier-wave'],
      ['out-of-scope'],
      ['cannot-read'],
      ['reference-gone', 'rotation-unfinished'],
    ]);
    expect(rules.map(({ says }) => says)).toEqual(rules.map(() => null));
    expect(rules[0]?.fact).toBe('no tag secret-redeploy:enabled; select is all');
  });

  test('by the ages of what runs, if a change demands a redeploy', () => {
    expect(explained().because).toBe(
      'the change was at 2026-10-07 01:47:18Z; PRIMARY was created at 2026-10-07 00:47:18Z, before it',
    );
    const byTag = [change({ changeId: 'older', changedAt: CHANGED_AT - 7_200_000 }), change()];
    expect(explained({ subjects: byTag }).because).toContain('the change was at 2026-10-07 01:47:18Z');
  });

  test('by the fact of the rule that decides, if it is skipped', () => {
    const { because, subjects } = explained({ services: [FRESH] });
    expect(because).toBe(
      'the change was at 2026-10-07 01:47:18Z; PRIMARY was created at 2026-10-07 01:47:20Z, after it',
    );
    const says = subjects[0]?.rules.filter((one) => one.says !== null);
    expect(says?.map((one) => one.says)).toContain('already-fresh');
  });

  test('by the subject that decides, of several', () => {
    const pinned = change({ changeId: 'change-2', label: 'blue', changedAt: CHANGED_AT - 7_200_000 });
    const { because, subjects } = explained({ services: [FRESH], subjects: [pinned, change()] });
    expect(subjects.map(({ verdict }) => verdict.reason)).toEqual(['label-not-moved', 'already-fresh']);
    expect(because).toContain('the change was at 2026-10-07 01:47:18Z; PRIMARY was created at');
  });

  test('by the notice itself, where a resource is gone', () => {
    const { because, subjects } = explained({ subjects: [notice({ at: CHANGED_AT })] });
    expect(because).toBe('deleted');
    expect(subjects[0]).toMatchObject({
      arn: SECRET,
      at: new Date(CHANGED_AT).toISOString(),
      verdict: { action: 'skip', reason: 'secret-gone' },
    });
    expect(subjects[0]?.rules[0]).toEqual({ reasons: ['secret-gone'], says: 'secret-gone', fact: 'deleted' });
    expect(subjects[0]?.rules).toHaveLength(6);
  });

  test('by nothing, if the reason is not of a rule that looked at it', () => {
    const later = (one: Planned): Planned => ({
      ...one,
      decision: { ...one.decision, action: 'skip', reason: 'out-of-scope' },
    });
    expect(explained({ planned: later }).because).toBe('');
    const none = (one: Planned): Planned => ({ ...one, verdicts: [] });
    expect(explained({ planned: none }).because).toBe('');
  });

  test('with the instant until which it waits', () => {
    const young = deployment({ createdAt: CHANGED_AT - 10_000 });
    const { because } = explained({ services: [{ deployments: [young] }] });
    expect(because).toBe(
      'PRIMARY was created at 2026-10-07 01:47:08Z; cooldown 60 s, so not before 2026-10-07 01:48:08Z',
    );
  });
});

describe('the rules that look at more than one service', () => {
  test('tell the settings, and that nothing else was found', () => {
    expect(beyond({ policy: { clusters: ['main', 'x*'] } })).toEqual({
      'over-cap': 'maxServices sets no cap',
      'earlier-wave-failed': 'wave 0; services of earlier waves that are not fresh yet: 0',
      'out-of-scope': 'clusters main,x*',
      'cannot-read': 'preflight is off',
      'reference-gone': 'nothing else that the service needs stands against it',
    });
  });

  test('tell the cap, and say what they decide', () => {
    const services = [{}, { name: 'a' }, { name: 'b' }];
    const { because, subjects } = explained({ services, policy: { maxServices: 2 } });
    expect(because).toBe('maxServices is 2');
    const says = subjects[0]?.rules.filter((one) => one.says !== null);
    expect(says).toEqual([{ reasons: ['over-cap'], says: 'over-cap', fact: 'maxServices is 2' }]);
  });

  test('count the services of earlier waves that are still to come, and no skipped one', () => {
    const wave = (n: number) => ({ tags: new Map([['wave', String(n)]]) });
    const services: readonly ServiceDifference[] = [
      wave(2),
      { name: 'first', ...wave(1) },
      {
        name: 'waits',
        ...wave(1),
        deployments: [deployment({ createdAt: AFTER, rolloutState: 'IN_PROGRESS' }), draining()],
      },
      { name: 'fresh', ...wave(1), ...FRESH },
      { name: 'same', ...wave(2) },
    ];
    const { because } = explained({ services });
    expect(because).toBe('wave 2; services of earlier waves that are not fresh yet: 2');
  });

  test('tell what is known of the execution role', () => {
    const finding = { arn: SECRET, certainty: 'cannot', cause: 'implicit-deny' };
    const withAccess =
      (findings: readonly object[]) =>
      (one: Planned): Planned => ({
        ...one,
        decision: { ...one.decision, access: { certainty: 'cannot', findings } as unknown as ServiceAccess },
      });
    const both = [finding, { ...finding, arn: 'b', cause: 'role-gone' }];
    expect(beyond({ planned: withAccess([]) })).toMatchObject({
      'cannot-read': 'nothing speaks against its execution role reading what it refers to',
    });
    expect(beyond({ planned: withAccess(both) })).toMatchObject({
      'cannot-read': `${SECRET} cannot implicit-deny, b cannot role-gone`,
    });
  });

  test('tell what stands against it', () => {
    const obstacle = (arn: string) =>
      ({ problem: 'not-found', kind: 'secret', arn, valueFrom: arn }) as const;
    const planned = (one: Planned): Planned => ({
      ...one,
      decision: { ...one.decision, obstacles: ['a', 'b'].map(obstacle) },
    });
    expect(beyond({ planned })).toMatchObject({ 'reference-gone': 'a not-found, b not-found' });
  });
});
