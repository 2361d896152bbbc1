import { describe, expect, test } from 'vitest';
import { possibleMatches } from '../../../functions/core/match/match.ts';
import type { AccessFinding, ServiceAccess } from '../../../functions/core/model/access.ts';
import { type Change, REQUEST } from '../../../functions/core/model/change.ts';
import { redeploy, skip, wait } from '../../../functions/core/model/decision.ts';
import type { SecretDescription } from '../../../functions/core/model/secret.ts';
import { askedAs, needsOf } from '../../../functions/core/plan/needs.ts';
import {
  accessFor,
  type Condition,
  conditionOf,
  type Missing,
  obstaclesTo,
  shownFor,
} from '../../../functions/core/plan/obstacles.ts';
import { makePlan } from '../../../functions/core/plan/plan.ts';
import { NOTHING_EARLIER } from '../../../functions/core/plan/waves.ts';
import {
  ACCOUNT,
  asSubject,
  CHANGED_AT,
  change,
  deployment,
  fleet,
  NOW,
  POLICY,
  REGION,
  reference,
  SECRET,
  type ServiceDifference,
  service,
} from '../../support/build.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const OTHER = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:other-ZyXwVu`;

const OFF = { mode: 'off' } as const;
const LOW: ServiceDifference = { minimumHealthyPercent: 0, maximumPercent: 100 };

/** One service that refers to what changed and to these, and what AWS shows of them. */
function planOf(
  conditions: Readonly<Record<string, Condition>>,
  { before = [], changes = [change()], ...different }: ServiceDifference & Extra = {},
) {
  const others = Object.keys(conditions).map((valueFrom) => ({ valueFrom }));
  const world = fleet([service({ ...LOW, ...different })], { 'api:1': [{}, ...others] });
  const subjects = changes.map(asSubject);
  const input = {
    fleet: world,
    subjects,
    matches: possibleMatches(world, subjects, 'ignore'),
    evidence: new Map(),
    policy: POLICY,
    earlier: NOTHING_EARLIER,
    now: NOW,
  };
  const obstacles = makePlan(input).redeploys.map((planned) => {
    const needs = needsOf(planned, world);
    const known = new Map(Object.entries(conditions));
    return [planned.service.key, obstaclesTo(planned.service, needs, known, before, NOW, OFF)] as const;
  });
  const { redeploys, others: rest } = makePlan({ ...input, obstacles: new Map(obstacles) });
  return [...redeploys, ...rest].map(({ decision }) => decision)[0];
}

type Extra = { readonly before?: readonly Missing[]; readonly changes?: readonly Change[] };

const gone = (seenAt = NOW): Condition => ({ kind: 'gone', problem: 'not-found', seenAt });
const rotating = (agoMs: number): Condition => ({ kind: 'rotating', since: NOW - agoMs });
const byHand = change({ source: REQUEST, changeId: 'by-hand' });

describe('a redeploy of a service with another reference that', () => {
  test.each<[string, Condition, Parameters<typeof planOf>[1], object]>([
    ['stands', { kind: 'standing' }, {}, { action: 'redeploy' }],
    ['AWS did not answer about', { kind: 'unknown' }, {}, { action: 'redeploy' }],
    ['is gone for the first time', gone(), {}, { action: 'wait', reason: 'unreadable' }],
    [
      'was gone 59 s ago',
      gone(),
      { before: [{ id: OTHER, at: NOW - 59_999 }] },
      { action: 'wait', reason: 'unreadable' },
    ],
    [
      'was gone a minute ago',
      gone(),
      { before: [{ id: OTHER, at: NOW - MINUTE }] },
      { action: 'skip', reason: 'reference-gone' },
    ],
    [
      'is gone, as another was a minute ago',
      gone(),
      { before: [{ id: SECRET, at: NOW - MINUTE }] },
      { action: 'wait' },
    ],
    [
      'is gone, at 99 %',
      gone(),
      { minimumHealthyPercent: 99, maximumPercent: 200 },
      { action: 'wait', reason: 'unreadable' },
    ],
    [
      'is gone, at 100 %',
      gone(),
      { minimumHealthyPercent: 100, maximumPercent: 200 },
      { action: 'redeploy' },
    ],
    ['is gone, by hand', gone(), { changes: [byHand] }, { action: 'redeploy' }],
    ['is gone, by hand and by an event', gone(), { changes: [byHand, change()] }, { action: 'redeploy' }],
    [
      'is gone for certain, by hand and by an event',
      gone(),
      { changes: [byHand, change()], before: [{ id: OTHER, at: 0 }] },
      { action: 'skip', reason: 'reference-gone' },
    ],
    ['is being rotated', rotating(MINUTE), {}, { action: 'wait', reason: 'rotation-unfinished' }],
    [
      'is being rotated, at 100 %',
      rotating(MINUTE),
      { minimumHealthyPercent: 100, maximumPercent: 200 },
      { action: 'wait', reason: 'rotation-unfinished' },
    ],
    [
      'is being rotated since almost an hour',
      rotating(HOUR - 1),
      {},
      { action: 'wait', reason: 'rotation-unfinished' },
    ],
    ['is being rotated since an hour', rotating(HOUR), {}, { action: 'redeploy' }],
    ['is being rotated, by hand', rotating(MINUTE), { changes: [byHand] }, { action: 'redeploy' }],
    [
      'is being rotated, by hand and by an event',
      rotating(MINUTE),
      { changes: [byHand, change()] },
      { action: 'redeploy' },
    ],
  ])('%s', (_, condition, different, expected) => {
    const decision = planOf({ [OTHER]: condition }, different);
    expect(decision).toMatchObject(expected);
    const isWell = condition.kind === 'standing' || condition.kind === 'unknown';
    expect(decision?.obstacles?.map(({ arn }) => arn)).toEqual(isWell ? undefined : [OTHER]);
  });

  test('is gone waits for the minute, and one that is being rotated for the hour', () => {
    const [planned] = makePlan(inputOf()).redeploys;
    if (planned === undefined) throw new Error('expected a redeploy, found none');
    const needs = [{ reference: reference({ valueFrom: OTHER }), target: targetOf(OTHER) }];
    const verdict = (condition: Condition) =>
      obstaclesTo(service(LOW), needs, new Map([[OTHER, condition]]), [], NOW, OFF).verdict;
    expect(verdict(gone(NOW - 5))).toMatchObject({ until: NOW - 5 + MINUTE });
    expect(verdict(rotating(5))).toMatchObject({ until: NOW - 5 + HOUR });
  });

  test('is gone is noted with the instant at which it was seen first, and what AWS was not asked about is not', () => {
    const needs = [{ reference: reference({ valueFrom: OTHER }), target: targetOf(OTHER) }];
    const before = [{ id: OTHER, at: NOW - 9 }];
    expect(obstaclesTo(service(LOW), needs, new Map([[OTHER, gone()]]), before, NOW, OFF).missing).toEqual(
      before,
    );
    expect(obstaclesTo(service(LOW), needs, new Map(), before, NOW, OFF)).toEqual({ found: [], missing: [] });
  });

  test('is gone for a minute stands against it whatever else is gone for less, and until then the oldest counts', () => {
    const third = OTHER.replace('other', 'third');
    const decided = (first: number) => {
      const needs = [OTHER, third].map((one) => ({
        reference: reference({ valueFrom: one }),
        target: targetOf(one),
      }));
      const conditions = new Map([OTHER, third].map((one) => [one, gone()]));
      return obstaclesTo(service(LOW), needs, conditions, [{ id: third, at: NOW - first }], NOW, OFF).verdict;
    };
    expect(decided(MINUTE)).toMatchObject({ action: 'skip', reason: 'reference-gone' });
    expect(decided(5)).toMatchObject({ action: 'wait', until: NOW - 5 + MINUTE });
  });

  test('is gone has no influence on another service, or on a change that asks for no redeploy', () => {
    const deployments = [deployment({ createdAt: CHANGED_AT + 1_000 })];
    const world = fleet([service({ ...LOW, deployments }), service({ ...LOW, name: 'web', deployments })]);
    const changes = [change(), change({ changeId: 'later', changedAt: CHANGED_AT + 2_000 })];
    const subjects = changes.map(asSubject);
    const found = { found: [], missing: [], verdict: skip('reference-gone') };
    const { redeploys, others } = makePlan({
      ...inputOf(),
      fleet: world,
      subjects,
      matches: possibleMatches(world, subjects, 'ignore'),
      policy: { ...POLICY, cooldownMs: 0 },
      now: CHANGED_AT + HOUR,
      obstacles: new Map([[service().key, found]]),
    });
    expect(redeploys.map((one) => [one.service.name, 'obstacles' in one])).toEqual([['web', false]]);
    expect(others.map(({ decision: { reason, changeIds } }) => [reason, changeIds])).toEqual([
      ['reference-gone', ['later']],
    ]);
    expect(others[0]?.obstacles).toBe(found);
  });

  test('is gone is shown with a redeploy, and with a decision that is made because of it', () => {
    const obstacle = { problem: 'not-found', kind: 'secret', arn: OTHER, valueFrom: OTHER } as const;
    const because = { found: [obstacle], missing: [], verdict: skip('reference-gone') };
    expect(shownFor(redeploy, because)).toEqual([obstacle]);
    expect(shownFor(skip('reference-gone'), because)).toEqual([obstacle]);
    expect(shownFor(wait('cooldown'), because)).toEqual([]);
    expect(shownFor(wait('cooldown'), { found: [obstacle], missing: [] })).toEqual([]);
    expect(shownFor(redeploy, undefined)).toEqual([]);
  });

  test('is gone is more than one that is being rotated, and both are named', () => {
    const third = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:third-ZyXwVu`;
    const decision = planOf({ [OTHER]: rotating(1), [third]: gone() }, { before: [{ id: third, at: 0 }] });
    expect(decision).toMatchObject({ reason: 'reference-gone' });
    expect(decision?.obstacles).toEqual([
      { problem: 'not-found', kind: 'secret', arn: third, valueFrom: third },
      { problem: 'rotation-unfinished', kind: 'secret', arn: OTHER, valueFrom: OTHER },
    ]);
  });
});

function inputOf() {
  const world = fleet([service(LOW)]);
  const subjects = [asSubject(change())];
  const matches = possibleMatches(world, subjects, 'ignore');
  return {
    fleet: world,
    subjects,
    matches,
    evidence: new Map(),
    policy: POLICY,
    earlier: NOTHING_EARLIER,
    now: NOW,
  };
}

function targetOf(valueFrom: string) {
  const [target] = reference({ valueFrom }).targets;
  if (target === undefined) throw new Error(`expected a target of ${valueFrom}, found none`);
  return target;
}

describe('what a service needs besides what changed', () => {
  const needed = (
    references: Parameters<typeof fleet>[1],
    different: ServiceDifference = {},
    others: readonly Change[] = [],
  ) => {
    const world = fleet([service(different)], references);
    const subjects = [change(), ...others].map(asSubject);
    const matches = possibleMatches(world, subjects, 'ignore');
    const { redeploys } = makePlan({ ...inputOf(), fleet: world, subjects, matches });
    return redeploys.flatMap((planned) => needsOf(planned, world)).map(askedAs);
  };

  test.each<[string, string, readonly string[]]>([
    ['a secret by its ARN', OTHER, [OTHER]],
    ['a secret with a JSON key', `${OTHER}:user::`, [OTHER]],
    ['a secret by a partial ARN', OTHER.slice(0, -7), [OTHER.slice(0, -7)]],
    [
      'a secret that a parameter passes on, by its name',
      '/aws/reference/secretsmanager/other-secret',
      ['other-secret'],
    ],
    ['a parameter by its name', '/a/b', [`arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/a/b`]],
    ['a version of a secret', `${OTHER}:::one`, []],
    ['a version of a parameter', '/a/b:3', []],
    ['a secret of another account', OTHER.replace(ACCOUNT, '999900001111'), []],
    ['a secret of another Region', OTHER.replace(REGION, 'ap-south-1'), []],
    ['a secret of another partition', OTHER.replace('arn:aws:', 'arn:aws-cn:'), []],
    ['a parameter of AWS', '/aws/service/x', []],
    ['what ECS refuses to parse', `${OTHER}:user`, []],
    ['what changed, in another form', SECRET.slice(0, -7), []],
    ['what changed, with a JSON key', `${SECRET}:user::`, []],
    ['another label of what changed', `${SECRET}::blue:`, [SECRET]],
  ])('%s', (_, valueFrom, expected) => {
    expect(needed({ 'api:1': [{}, valueFrom] })).toEqual(expected);
  });

  test('what else changed, where that alone would not redeploy it', () => {
    const other = change({ changeId: 'other', arn: OTHER });
    expect(needed({ 'api:1': [{}, OTHER] }, {}, [other])).toEqual([]);
    expect(needed({ 'api:1': [{}, OTHER] }, {}, [{ ...other, optedOut: true }])).toEqual([OTHER]);
  });

  test.each<[string, readonly string[]]>([
    ['other', ['other']],
    ['rds?db', []],
    [OTHER, [OTHER]],
    [`arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/x`, []],
  ])('of an `also` tag that says %s, the secrets that it names for certain', (valueFrom, expected) => {
    const also = [reference({ place: 'also', container: null, valueFrom })];
    expect(needed({ 'api:1': [{}] }, { also })).toEqual(expected);
  });
});

describe('a secret', () => {
  const described = (different: Partial<SecretDescription>): SecretDescription => ({
    arn: OTHER,
    lastChangedAt: NOW - 5,
    rotationEnabled: true,
    labelsOf: new Map([['one', ['AWSCURRENT']]]),
    ...different,
  });
  const pending = new Map([
    ['one', ['AWSCURRENT']],
    ['two', ['AWSPENDING']],
  ]);

  test.each<[string, SecretDescription | undefined, Condition]>([
    ['that does not exist is gone', undefined, gone()],
    [
      'that is scheduled for deletion is gone, whatever its labels',
      described({ deletedAt: NOW + 1, labelsOf: pending }),
      { kind: 'gone', problem: 'scheduled-for-deletion', seenAt: NOW },
    ],
    ['whose value is current stands', described({}), { kind: 'standing' }],
    ['whose new value is pending is being rotated', described({ labelsOf: pending }), rotating(5)],
    [
      'whose pending value is current stands',
      described({ labelsOf: new Map([['one', ['AWSCURRENT', 'AWSPENDING']]]) }),
      { kind: 'standing' },
    ],
    [
      'whose last rotation left its label, and whose value was written by hand since, stands',
      described({
        labelsOf: new Map([
          ['one', ['AWSPENDING', 'AWSPREVIOUS']],
          ['two', ['AWSCURRENT']],
        ]),
      }),
      { kind: 'standing' },
    ],
  ])('%s', (_, description, expected) => {
    expect(conditionOf(description, NOW)).toEqual(expected);
  });

  test('that is not rotated has a pending value by hand', () => {
    const { rotationEnabled: _, ...notRotated } = described({ labelsOf: pending });
    expect(conditionOf(notRotated, NOW)).toEqual({ kind: 'standing' });
  });
});

describe('an execution role that cannot read what the service refers to', () => {
  const access = (...causes: readonly (readonly [AccessFinding['certainty'], AccessFinding['cause']])[]) => {
    const findings = causes.map(([certainty, cause]) => ({ certainty, cause }));
    return { certainty: 'cannot', findings } as unknown as ServiceAccess;
  };
  const found = (
    mode: 'off' | 'warn' | 'block',
    known: ServiceAccess | undefined,
    conditions: readonly Condition[] = [],
  ) => {
    const raw = reference({ valueFrom: OTHER });
    const needs = raw.targets.map((target) => ({ target, reference: raw }));
    const asked = new Map(conditions.map((one) => [OTHER, one] as const));
    const preflight = { mode, ...(known && { access: known }) };
    return obstaclesTo(service(LOW), needs, asked, [{ id: OTHER, at: 0 }], NOW, preflight);
  };
  const denied = access(['cannot', 'implicit-deny']);

  test('stops the redeploy if that is certain and PREFLIGHT blocks', () => {
    expect(found('block', denied)).toEqual({
      found: [],
      missing: [],
      verdict: skip('cannot-read'),
      access: denied,
    });
    expect(found('block', undefined)).not.toHaveProperty('access');
    expect(found('block', access(['unknown', 'condition'], ['cannot', 'role-gone'])).verdict).toEqual(
      skip('cannot-read'),
    );
  });

  test.each<[string, ServiceAccess | undefined]>([
    ['it is only probable', access(['probably-cannot', 'implicit-deny'], ['unknown', 'condition'])],
    ['what it cannot read is only gone, which has to be seen twice', access(['cannot', 'resource-gone'])],
    ['nothing speaks against it', access()],
    ['it was not asked', undefined],
  ])('stops nothing if %s', (_, known) => {
    expect(found('block', known)).toEqual({ found: [], missing: [], ...(known && { access: known }) });
  });

  test.each(['off', 'warn'] as const)('is only told with PREFLIGHT %s', (mode) => {
    expect(found(mode, denied)).toEqual({ found: [], missing: [], access: denied });
  });

  test('comes after a reference that is gone, and before a rotation', () => {
    expect(found('block', denied, [gone()]).verdict).toEqual(skip('reference-gone'));
    expect(found('block', denied, [rotating(MINUTE)]).verdict).toEqual(skip('cannot-read'));
    expect(found('warn', denied, [rotating(MINUTE)]).verdict).toEqual(
      wait('rotation-unfinished', NOW - MINUTE + HOUR),
    );
  });

  test('is told of a redeploy and of what it stops, and of nothing else', () => {
    const obstacles = found('block', denied);
    expect(accessFor(redeploy, obstacles)).toBe(denied);
    expect(accessFor(skip('cannot-read'), obstacles)).toBe(denied);
    expect(accessFor(skip('already-fresh'), obstacles)).toBeUndefined();
    expect(accessFor(wait('cooldown'), obstacles)).toBeUndefined();
    expect(accessFor(redeploy, undefined)).toBeUndefined();
  });

  test('stands in the decision of a plan if it was asked', () => {
    const world = fleet([service()]);
    const subjects = [asSubject(change())];
    const input = {
      fleet: world,
      subjects,
      matches: possibleMatches(world, subjects, 'ignore'),
      evidence: new Map(),
      policy: POLICY,
      earlier: NOTHING_EARLIER,
      now: NOW,
    };
    const decided = (obstacles: ReturnType<typeof obstaclesTo>) =>
      makePlan({ ...input, obstacles: new Map([[service().key, obstacles]]) }).redeploys[0]?.decision;
    expect(decided(found('warn', denied))).toMatchObject({ action: 'redeploy', access: denied });
    expect(decided(found('warn', undefined))).not.toHaveProperty('access');
  });
});
