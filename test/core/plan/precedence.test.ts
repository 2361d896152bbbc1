import { describe, expect, test } from 'vitest';
import { type Match, match, possibleMatches } from '../../../functions/core/match/match.ts';
import type { Change, Subject } from '../../../functions/core/model/change.ts';
import { redeploy, skip, type Verdict, wait } from '../../../functions/core/model/decision.ts';
import type { Fleet } from '../../../functions/core/model/fleet.ts';
import { makePlan, redecide, verdictsFor } from '../../../functions/core/plan/plan.ts';
import { isLaterLook, type Planned, youngestChange } from '../../../functions/core/plan/planned.ts';
import type { Policy } from '../../../functions/core/plan/policy.ts';
import { strongest } from '../../../functions/core/plan/precedence.ts';
import {
  asSubject,
  CHANGED_AT,
  change,
  deployment,
  draining,
  fleet,
  NOW,
  notice,
  POLICY,
  revisionArn,
  SECRET,
  SKIP_REASONS,
  service,
  WAIT_REASONS,
} from '../../support/build.ts';

function planOf(
  world: Fleet,
  subjects: readonly Subject[],
  policy: Partial<Policy> = {},
  matches?: readonly Match[],
) {
  return makePlan({
    fleet: world,
    subjects,
    matches: matches ?? possibleMatches(world, subjects, 'ignore'),
    evidence: new Map(),
    policy: { ...POLICY, ...policy },
    earlier: { failed: new Map(), unseen: new Set(), overdue: new Set<string>() },
    now: NOW,
  });
}

/** Weakest first: of two verdicts the later one of this list is reported. */
const ORDER: readonly Verdict[] = [
  ...(
    ['pinned', 'label-not-moved', 'pull-only', 'opted-out', 'out-of-scope', 'not-active', 'no-tasks'] as const
  ).map(skip),
  ...(['already-fresh', 'possibly-stale', 'unsupported-controller', 'cannot-replace'] as const).map(skip),
  ...(['over-cap', 'rollout-failed'] as const).map(skip),
  wait('unreadable'),
  ...(['rolling-out', 'cooldown', 'too-often', 'deployment-in-progress'] as const).map((reason) =>
    wait(reason),
  ),
  wait('rotation-unfinished'),
  redeploy,
  wait('earlier-wave'),
  skip('earlier-wave-failed'),
  skip('secret-gone'),
  skip('reference-gone'),
  skip('cannot-read'),
];

describe('the order of verdicts', () => {
  test('has one place for every reason', () => {
    expect(ORDER).toHaveLength(SKIP_REASONS.length + WAIT_REASONS.length + 1);
    expect(new Set(ORDER.map(({ reason }) => reason))).toEqual(
      new Set([...SKIP_REASONS, ...WAIT_REASONS, null]),
    );
  });

  test.each(ORDER.slice(1).map((stronger, i) => [ORDER[i], stronger] as const))(
    'puts %j below %j',
    (weaker, stronger) => {
      if (weaker === undefined) throw new Error('expected two verdicts, found one');
      expect(strongest([weaker, stronger])).toBe(stronger);
      expect(strongest([stronger, weaker])).toBe(stronger);
    },
  );

  test('gives no verdict for an empty list', () => {
    expect(strongest([])).toBeUndefined();
  });
});

test('a verdict to wait has the field until only if the end of the wait is known', () => {
  expect(wait('cooldown')).toStrictEqual({ action: 'wait', reason: 'cooldown' });
  expect(wait('cooldown', NOW)).toStrictEqual({ action: 'wait', reason: 'cooldown', until: NOW });
});

describe('a decision', () => {
  const optedOut = new Map([['enabled', 'false']]);
  const byHand = change({ changeId: 'hand', kind: 'service', arn: service().arn });

  test('does not contain the time until which a service waits', () => {
    const [only] = planOf(fleet([service({ deployments: [deployment({ createdAt: CHANGED_AT - 1 })] })]), [
      asSubject(change()),
    ]).others;
    expect(only?.decision).toStrictEqual({
      action: 'wait',
      reason: 'cooldown',
      service: service().arn,
      cluster: 'main',
      changeIds: ['change-1'],
      wave: 0,
      references: [
        {
          taskDefinition: revisionArn(),
          container: 'app',
          place: 'secrets',
          valueFrom: SECRET,
          form: 'full-arn',
          label: null,
          versionId: null,
        },
      ],
    });
  });

  test.each<[string, Parameters<typeof service>[0], readonly Change[], boolean]>([
    ['overrules an opt-out by hand carries optedOut', { tags: optedOut }, [byHand], true],
    [
      'overrules an opt-out by hand beside a change that obeys it carries optedOut',
      { tags: optedOut },
      [change(), byHand],
      true,
    ],
    ['has no opt-out to overrule does not carry optedOut', {}, [byHand], false],
    ['obeys an opt-out does not carry optedOut', { tags: optedOut }, [change()], false],
  ])('that %s', (_, different, changes, says) => {
    const plan = planOf(fleet([service(different)]), changes.map(asSubject));
    const [only] = [...plan.redeploys, ...plan.others];
    expect(only?.decision.optedOut).toBe(says ? true : undefined);
    expect(Object.keys(only?.decision ?? {}).includes('optedOut')).toBe(says);
  });

  test('to redeploy lists the references that demand it, and a decision to skip lists all references', () => {
    const both = { 'api:1': [SECRET, `${SECRET}:::v1`] };
    const shown = (world: Fleet) => {
      const plan = planOf(world, [asSubject(change())]);
      return [...plan.redeploys, ...plan.others].flatMap(({ decision }) =>
        decision.references.map(({ valueFrom }) => valueFrom),
      );
    };
    expect(shown(fleet([service()], both))).toEqual([SECRET]);
    expect(shown(fleet([service({ status: 'DRAINING' })], both))).toEqual([SECRET, `${SECRET}:::v1`]);
  });

  test('that is made again uses the service as it is now, and there is none without a verdict on a change', () => {
    const [planned] = planOf(fleet([service()]), [asSubject(change())]).redeploys;
    if (planned === undefined) throw new Error('expected a planned redeploy, found none');
    expect(redecide(planned, service({ status: 'INACTIVE' }), POLICY, NOW)).toMatchObject({
      reason: 'not-active',
    });
    expect(redecide({ ...planned, verdicts: [] }, service(), POLICY, NOW)).toBeUndefined();
    const gone = {
      ...planned,
      verdicts: planned.verdicts.map((one) => ({
        ...one,
        match: { ...one.match, subject: asSubject(notice({ notice: 'rotation-failed' })) },
      })),
    };
    expect(redecide(gone, service(), POLICY, NOW)).toBeUndefined();
  });
});

describe('a planned service', () => {
  const [planned] = planOf(fleet([service()]), [asSubject(change())]).redeploys;
  if (planned === undefined) throw new Error('expected a planned redeploy, found none');
  const [judged] = planned.verdicts;
  if (judged === undefined) throw new Error('expected a verdict, found none');
  const withMatches = (...different: readonly Partial<Match>[]): Planned => ({
    ...planned,
    verdicts: different.map((one) => ({ ...judged, match: { ...judged.match, ...one } })),
  });

  test('counts as a later look if every match of it was followed before', () => {
    expect(isLaterLook(withMatches({}))).toBe(false);
    expect(isLaterLook(withMatches({ following: 'waiting' }, { following: 'followed' }))).toBe(true);
    expect(isLaterLook(withMatches({ following: 'waiting' }, {}))).toBe(false);
  });

  test('is as young as the youngest of its changes', () => {
    const at = (changedAt: number) => ({ subject: asSubject(change({ changedAt })) });
    expect(youngestChange(withMatches(at(5), at(7), at(6)))).toBe(7);
    expect(youngestChange(withMatches(at(5), { subject: asSubject(notice({ at: 9 })) }))).toBe(5);
    expect(youngestChange(withMatches({ subject: asSubject(notice()) }))).toBe(0);
  });

  test('keeps the verdicts for each change apart', () => {
    const two = withMatches(
      {},
      { subject: asSubject(change({ changeId: 'change-2' })) },
      { subject: asSubject(change({ label: 'BLUE' })) },
    );
    expect(verdictsFor(two, 'change-1')).toEqual([redeploy, redeploy]);
    expect(verdictsFor(two, 'change-2')).toEqual([redeploy]);
    expect(verdictsFor(two, 'change-3')).toEqual([]);
    expect(verdictsFor(two, 'change-2')).toEqual([redeploy]);
  });
});

test('MAX_SERVICES counts a service in its first look only', () => {
  const services = ['a', 'b'].map((name) => service({ name }));
  const matches = match(fleet(services), [asSubject(change())], 'ignore');
  const [first, second] = matches.map((one): Match => ({ ...one, following: 'waiting' }));
  if (first === undefined || second === undefined) throw new Error('expected two matches, found fewer');
  expect(
    planOf(fleet(services), [asSubject(change())], { maxServices: 1 }, [first, second]).redeploys,
  ).toHaveLength(2);
  expect(planOf(fleet(services), [asSubject(change())], { maxServices: 1 }, matches).redeploys).toEqual([]);
});

describe('a service that cannot be read', () => {
  const dark = {
    ...fleet([service()], {}),
    revisions: new Map([[revisionArn(), { kind: 'unreadable', why: 'x' } as const]]),
  };
  const refused = { ...fleet([]), unreadable: [{ service: service().arn, cluster: 'main', why: 'refused' }] };
  const told = (world: Fleet, subjects: readonly Subject[]) => {
    const { others, unmatched } = planOf(world, subjects);
    return [...others.map(({ decision }) => decision), ...unmatched];
  };
  const web = service({ name: 'web' });
  const ofService = change({ changeId: 'hand', kind: 'service', arn: service().arn });

  test('is reported once for all changes, without references', () => {
    expect(
      told(refused, [
        asSubject(change()),
        asSubject(change({ label: 'BLUE' })),
        asSubject(change({ changeId: 'change-2' })),
      ]),
    ).toEqual([
      {
        ...wait('unreadable'),
        service: service().arn,
        cluster: 'main',
        wave: 0,
        changeIds: ['change-1', 'change-2'],
        references: [],
      },
    ]);
    const late = { ...dark, services: [service({ tags: new Map([['wave', '3']]) })] };
    expect(told(late, [asSubject(change())])).toMatchObject([
      { wave: 3, references: [], reason: 'unreadable' },
    ]);
  });

  test('is not reported for a change of another service named by hand, nor without a change', () => {
    const other = change({ changeId: 'other', kind: 'service', arn: web.arn });
    expect(told(refused, [asSubject(other)])).toEqual([]);
    expect(told(refused, [asSubject(other), asSubject(ofService)])).toMatchObject([{ changeIds: ['hand'] }]);
    expect(told(refused, [])).toEqual([]);
  });

  test('is not reported a second time if there is another decision about it', () => {
    const readable = fleet([
      service({ deployments: [deployment(), draining({ taskDefinition: revisionArn('api:0') })] }),
    ]);
    const revisions = new Map([
      ...readable.revisions,
      [revisionArn('api:0'), { kind: 'unreadable', why: 'x' } as const],
    ]);
    const plan = planOf({ ...readable, revisions }, [asSubject(change())]);
    expect(plan.redeploys).toHaveLength(1);
    expect(plan.unmatched).toEqual([]);
  });

  test('is out of scope if it was named by hand in a cluster that is not selected, for that change only', () => {
    const outOfScope = [{ service: service().arn, cluster: 'other' }];
    const world = { ...fleet([]), outOfScope };
    expect(
      told(world, [
        asSubject(ofService),
        asSubject(ofService),
        asSubject(change({ changeId: 'else', kind: 'service', arn: web.arn })),
      ]),
    ).toEqual([
      {
        ...skip('out-of-scope'),
        service: service().arn,
        cluster: 'other',
        wave: 0,
        changeIds: ['hand'],
        references: [],
      },
    ]);
  });
});
