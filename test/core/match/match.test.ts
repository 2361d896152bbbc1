import { describe, expect, test } from 'vitest';
import {
  type Match,
  match,
  possibleMatches,
  suffixWarnings,
  suspects,
} from '../../../functions/core/match/match.ts';
import type { TaskDefinitionArn } from '../../../functions/core/model/arn.ts';
import { about, type Subject } from '../../../functions/core/model/change.ts';
import type { Revision } from '../../../functions/core/model/fleet.ts';
import type { RawReference } from '../../../functions/core/model/reference.ts';
import type { Evidence } from '../../../functions/core/plan/evidence.ts';
import { verdictOn } from '../../../functions/core/plan/verdict.ts';
import {
  AFTER,
  asSubject,
  change,
  deployment,
  draining,
  fleet,
  NOW,
  notice,
  PARAMETER,
  POLICY,
  reference,
  revisionArn,
  SECRET,
  service,
} from '../../support/build.ts';

const PARTIAL = SECRET.slice(0, -7);
const ofParameter = (arn = PARAMETER) => change({ changeId: 'p', kind: 'parameter', arn });
const referring = (...references: readonly (Partial<RawReference> | string)[]) =>
  fleet([service()], { 'api:1': references });
/** The form and the effect of each reference that names the subject. */
const hits = (world: ReturnType<typeof fleet>, subject: Subject) =>
  match(world, [subject], 'ignore').flatMap((one) =>
    one.hits.map(
      ({ reference: { valueFrom }, form, effect, inPrimary }) =>
        `${valueFrom} ${form} ${effect} ${inPrimary}`,
    ),
  );

describe('a service named by hand', () => {
  test('matches without any reference, and no other service matches', () => {
    const hand = change({ kind: 'service', arn: service().arn });
    expect(match(fleet([service(), service({ name: 'web' })]), [asSubject(hand)], 'ignore')).toEqual([
      { service: service(), subject: asSubject(hand), hits: [], partlyUnreadable: false },
    ]);
  });
});

describe('a service that cannot be read in part', () => {
  const dark = revisionArn('dark:1');
  const unreadable: Revision = { kind: 'unreadable', why: 'x' };
  const world = (references: readonly string[]) => {
    const deployments = [deployment(), draining({ taskDefinition: dark })];
    const read = fleet([service({ deployments })], { 'api:1': references });
    return { ...read, revisions: new Map([...read.revisions, [dark, unreadable] as const]) };
  };
  const matched = (references: readonly string[], ...subjects: readonly Subject[]) =>
    possibleMatches(world(references), subjects, 'ignore').map(({ subject }) => about(subject).changeId);

  test('matches each change once, whether it is known to refer to it or not', () => {
    expect(matched([SECRET], asSubject(change()))).toEqual(['change-1']);
    expect(matched([SECRET], asSubject(change()), asSubject(ofParameter()))).toEqual(['change-1', 'p']);
  });

  test('matches a change once, too, that concerns other services', () => {
    const one = world([SECRET]);
    const both = { ...one, services: [...one.services, service({ name: 'web' })] };
    const found = possibleMatches(both, [asSubject(change())], 'ignore');
    expect(found.map((each) => each.service.name)).toEqual(['api', 'web']);
  });

  test('matches no notice to which it is not known to refer, and no other service that is named by hand', () => {
    const web = change({ kind: 'service', arn: service({ name: 'web' }).arn });
    expect(matched([], asSubject(notice()), asSubject(web))).toEqual([]);
  });
});

describe('a label', () => {
  test('is ignored for a parameter, for no parameter has a staging label', () => {
    const blue = { ...ofParameter(), label: 'BLUE' };
    expect(hits(referring(PARAMETER), asSubject(blue))).toEqual([`${PARAMETER} full-arn moves true`]);
  });

  test('is ignored for a notice, for a deleted secret is gone under every label', () => {
    expect(hits(referring(`${SECRET}::BLUE:`), asSubject(notice()))).toEqual([
      `${SECRET}::BLUE: full-arn moves true`,
    ]);
  });

  test('is ignored for a change of the secret as a whole', () => {
    const { label, ...whole } = change();
    expect(label).toBe('AWSCURRENT');
    expect(hits(referring(`${SECRET}::BLUE:`), asSubject(whole))).toEqual([
      `${SECRET}::BLUE: full-arn moves true`,
    ]);
  });
});

describe('the references of a new task', () => {
  const at = (revision: string) => deployment({ taskDefinition: revisionArn(revision) });
  const both = { 'api:1': [SECRET], 'api:2': [PARTIAL] };

  test('are those of the service’s revision, of PRIMARY’s revision, of PRIMARY itself and of the tags', () => {
    const own = reference({ place: 'service-connect', valueFrom: SECRET });
    const primary = { ...at('api:2'), references: [own] };
    const also = reference({ place: 'also', valueFrom: 'prod/db' });
    const older = draining({ taskDefinition: revisionArn('api:0'), references: [own] });
    const one = service({ deployments: [primary, older], also: [also] });
    expect(hits(fleet([one], { ...both, 'api:0': [`${SECRET}:k::`] }), asSubject(change()))).toEqual([
      `${SECRET} full-arn moves true`,
      `${PARTIAL} partial-arn moves true`,
      `${SECRET}:k:: full-arn moves false`,
      `${SECRET} full-arn moves true`,
      `${SECRET} full-arn moves false`,
      'prod/db name moves true',
    ]);
  });

  test('are PRIMARY’s alone where the service names no revision, and the service’s where there is no PRIMARY', () => {
    expect(
      hits(fleet([service({ taskDefinition: null, deployments: [at('api:2')] })], both), asSubject(change())),
    ).toEqual([`${PARTIAL} partial-arn moves true`]);
    expect(hits(fleet([service({ deployments: [] })], both), asSubject(change()))).toEqual([
      `${SECRET} full-arn moves true`,
    ]);
  });

  test('do not include those of a revision that was not read', () => {
    const world = fleet([service({ taskDefinition: revisionArn('gone:1') })], { 'api:1': [SECRET] });
    expect(match(world, [asSubject(change())], 'ignore')).toMatchObject([
      { partlyUnreadable: false, hits: [{}] },
    ]);
  });
});

describe('the warning about an older secret of the same name', () => {
  const OLDER = `${PARTIAL}-zzZZ99`;
  const warned = (world: ReturnType<typeof fleet>, ...subjects: readonly Subject[]) =>
    suffixWarnings(world, subjects).map(({ valueFrom }) => valueFrom);

  test('names the service, the reference and the problem', () => {
    expect(suffixWarnings(referring(OLDER), [asSubject(change())])).toEqual([
      {
        service: service().arn,
        valueFrom: OLDER,
        problem:
          'has the name of the changed secret but another suffix: it may name an older, deleted secret',
      },
    ]);
  });

  test('is given for no other reference', () => {
    const others = [
      SECRET,
      PARTIAL,
      PARAMETER,
      `${PARTIAL}2-zzZZ99`,
      `${PARTIAL}-secret`,
      `${PARTIAL}-zzzzzz`,
      `${PARTIAL}-secret:key::`,
      `${PARTIAL}-password`,
      `${PARTIAL}/backup`,
      `${PARTIAL}_backup`,
      '/aws/reference/secretsmanager/prod/db',
    ];
    expect(warned(referring(...others), asSubject(change()))).toEqual([]);
    expect(warned(referring({ place: 'pull', valueFrom: 'prod/db' }), asSubject(change()))).toEqual([]);
    expect(warned(referring('what/ECS would not accept'), asSubject(change()))).toEqual([]);
    expect(warned(referring(`${PARAMETER}-zzZZ99`), asSubject(ofParameter(`${PARAMETER}-a1B2c3`)))).toEqual(
      [],
    );
    expect(warned(referring(OLDER))).toEqual([]);
  });

  test('is not given for a pass-through whose name only looks like one with a suffix', () => {
    const long = change({ arn: SECRET.replace('prod/db-', 'prod/db-x-') });
    expect(warned(referring('/aws/reference/secretsmanager/prod/db-x-zzZZ99'), asSubject(long))).toEqual([]);
  });

  test('is given for a suffix of letters in both cases, of digits, or of both', () => {
    const suffixed = ['zzzZzz', '123456', 'a1b2c3', 'ABCDEF'].map((suffix) => `${PARTIAL}-${suffix}`);
    expect(warned(referring(...suffixed), asSubject(change()))).toEqual(suffixed);
  });

  test('is not given for what is known to be no older secret', () => {
    const newer = `${PARTIAL}-abc123`;
    const world = referring(OLDER, newer, `${newer}:key::`);
    expect(suspects(world, [asSubject(change())])).toEqual([OLDER, newer]);
    expect(
      suffixWarnings(world, [asSubject(change())], new Set([newer])).map(({ valueFrom }) => valueFrom),
    ).toEqual([OLDER]);
  });

  test('is not given for a resource that a caller named without its suffix', () => {
    const unnamed = asSubject(notice({ arn: 'prod/db-secret', notice: 'not-found' }));
    expect(warned(referring(OLDER), unnamed)).toEqual([]);
    expect(warned(referring(OLDER), asSubject(notice({ arn: PARTIAL, notice: 'not-found' })))).toEqual([]);
    const long = notice({ arn: PARTIAL.replace('prod/db', 'prod/database'), notice: 'not-found' });
    expect(warned(referring(OLDER.replace('prod/db', 'prod/d')), asSubject(long))).toEqual([]);
  });

  test('is given where the name itself has a word like a suffix', () => {
    const [named, older] = [SECRET, OLDER].map((arn) => arn.replace('prod/db', 'prod/db-secret-of'));
    const [word, olderWord] = [SECRET, OLDER].map((arn) => arn.replace('prod/db', 'prod/db-secret'));
    for (const [arn, other] of [
      [named, older],
      [word, olderWord],
    ] as const)
      expect(warned(referring(other ?? ''), asSubject(change({ arn: arn ?? '' })))).toEqual([other]);
  });

  test('is given where a tag may name the secret or a parameter', () => {
    expect(warned(referring({ place: 'also', valueFrom: OLDER }), asSubject(change()))).toEqual([OLDER]);
  });
});

describe('a resource is named', () => {
  test('by its full and partial ARN though its name ends like a suffix, and never by a longer text', () => {
    const odd = SECRET.replace('prod/db', 'prod/db-a1B2c3');
    expect(hits(referring(SECRET, odd, odd.slice(0, -7)), asSubject(change({ arn: odd })))).toEqual([
      `${SECRET} partial-arn moves true`,
      `${odd} full-arn moves true`,
      `${SECRET} partial-arn moves true`,
    ]);
    expect(hits(referring(`${SECRET}-more`), asSubject(change()))).toEqual([]);
  });

  test('by a pattern in a tag, and by a pattern nowhere else', () => {
    const banged = change({ arn: SECRET.replace('prod/db', 'rds!db') });
    expect(hits(referring({ place: 'also', valueFrom: 'rds?db' }), asSubject(banged))).toEqual([
      'rds?db name moves true',
    ]);
    expect(hits(referring({ place: 'pull', valueFrom: 'rds?db' }), asSubject(banged))).toEqual([]);
    const marked = ofParameter(PARAMETER.replace('app/db/password', 'a!b'));
    expect(hits(referring('a?b', { place: 'also', valueFrom: 'a?b' }), asSubject(marked))).toEqual([
      'a?b name moves true',
    ]);
  });

  test('by its name in a tag with the code of a character that a tag cannot hold, and by no other', () => {
    const banged = asSubject(change({ arn: SECRET.replace('prod/db', 'rds!db') }));
    const tagged = (valueFrom: string) => referring({ place: 'also', valueFrom });
    const arn = SECRET.replace('prod/db', 'rds=21db');
    expect(hits(tagged('rds=21db'), banged)).toEqual(['rds=21db name moves true']);
    expect(hits(tagged(arn), banged)).toEqual([`${arn} full-arn moves true`]);
    expect(hits(tagged(arn.slice(0, -7)), banged)).toEqual([`${arn.slice(0, -7)} partial-arn moves true`]);
    for (const other of ['rds=2Adb', 'rds=3D21db', 'rds=3Fdb', 'rds=21'])
      expect(hits(tagged(other), banged)).toEqual([]);
    expect(hits(referring({ place: 'pull', valueFrom: 'rds=21db' }), banged)).toEqual([]);
  });

  test('by the code of = in a tag, and by the = itself where no two hex digits follow', () => {
    const named = (name: string) => asSubject(change({ arn: SECRET.replace('prod/db', name) }));
    const also = referring(
      { place: 'also', valueFrom: 'k=3D21' },
      { place: 'also', valueFrom: 'k=v' },
      { place: 'also', valueFrom: 'k=bc' },
    );
    expect(hits(also, named('k=21'))).toEqual(['k=3D21 name moves true']);
    expect(hits(also, named('k=v'))).toEqual(['k=v name moves true']);
    // No name of a resource holds the character of this code, so the tag means what it says.
    expect(hits(also, named('k=bc'))).toEqual(['k=bc name moves true']);
    expect(hits(also, named('k!'))).toEqual([]);
  });

  test('by a code and a placeholder in the same name, where each fits', () => {
    const world = referring({ place: 'also', valueFrom: 'a=21b?c' });
    expect(hits(world, asSubject(ofParameter(PARAMETER.replace('app/db/password', 'a!b*c'))))).toEqual([
      'a=21b?c name moves true',
    ]);
    expect(hits(world, asSubject(ofParameter(PARAMETER.replace('app/db/password', 'a*b*c'))))).toEqual([]);
  });

  test('by a pattern in a tag that names another resource as well', () => {
    const [one, other] = ['rds!db', 'rds*db'].map((name) => change({ arn: SECRET.replace('prod/db', name) }));
    if (one === undefined || other === undefined) throw new Error('expected two changes, found fewer');
    const world = referring({ place: 'also', valueFrom: 'rds?db' });
    expect(
      match(world, [asSubject(one), asSubject(other)], 'ignore').map(({ subject }) => about(subject)),
    ).toEqual([one, other]);
  });

  test('only by references to its own kind: the ARN of a parameter never names a secret', () => {
    const parameter = ofParameter();
    const secretOfThatArn = notice({ arn: PARAMETER });
    expect(hits(referring(PARAMETER), asSubject(parameter))).toHaveLength(1);
    expect(hits(referring(PARAMETER), asSubject(secretOfThatArn))).toEqual([]);
    const vanished = notice({ arn: PARAMETER, notice: 'not-found' });
    expect(hits(referring(`${PARAMETER}-zzZZ99`), asSubject(vanished))).toEqual([]);
  });
});

describe('a resource that no longer exists is named', () => {
  test.each([
    ['prod/db', { kind: 'secret' }, [SECRET, PARTIAL]],
    ['/app/db/password', { kind: 'parameter' }, [PARAMETER, '/app/db/password']],
    ['app/db/password', { kind: 'parameter' }, [PARAMETER, '/app/db/password']],
  ] as const)('(as %s) by every reference that named it before', (arn, { kind }, named) => {
    const world = referring(SECRET, PARTIAL, PARAMETER, '/app/db/password', `${PARTIAL}/more`);
    const found = hits(world, asSubject(notice({ kind, arn, notice: 'not-found' })));
    expect(found.map((one) => one.split(' ')[0])).toEqual(named);
  });

  test('with any suffix too if it was not found, and only without a suffix if it was deleted', () => {
    const full = `${PARTIAL}-zzZZ99`;
    expect(hits(referring(full, PARTIAL), asSubject(notice({ arn: PARTIAL, notice: 'not-found' })))).toEqual([
      `${full} full-arn moves true`,
      `${PARTIAL} full-arn moves true`,
    ]);
    expect(hits(referring(full, PARTIAL), asSubject(notice({ arn: PARTIAL, notice: 'deleted' })))).toEqual([
      `${PARTIAL} full-arn moves true`,
    ]);
    expect(
      hits(
        referring(`${PARAMETER}-zzzzzz`),
        asSubject(notice({ kind: 'parameter', arn: PARAMETER, notice: 'not-found' })),
      ),
    ).toEqual([]);
  });

  test.each([
    ['prod/database', 'prod/d'],
    ['prod-a1B2c3/x', 'prod'],
    ['prod-a1B2c3-x-y-z-a', 'prod-a1B2c3-'],
  ])('by its own name only: %s is not %s', (gone, other) => {
    const secret = (name: string) => SECRET.replace('prod/db-a1B2c3', name);
    const world = referring(secret(other), secret(gone));
    expect(hits(world, asSubject(notice({ arn: secret(gone) })))).toEqual([
      `${secret(gone)} full-arn moves true`,
    ]);
  });

  test.each([
    ['prod/db', `${PARTIAL}-secret`],
    ['prod/db', `${PARTIAL}/backup`],
    ['prod/db', '/aws/reference/secretsmanager/prod/db-zzZZ99'],
    ['prod/db', `${PARTIAL}-zzzzzz:key::`],
    ['prod/db-secret', PARTIAL],
    ['prod/db-a1B2c3', PARTIAL],
    [PARTIAL, `${PARTIAL}-secret`],
  ])('(as %s) by no reference to another name, such as %s', (arn, other) => {
    expect(hits(referring(other), asSubject(notice({ arn, notice: 'not-found' })))).toEqual([]);
  });

  test.each([
    ['prod/db', `${PARTIAL}-zzZZ99`, `${PARTIAL}-zzZZ99`],
    ['prod/db-a1B2c3', SECRET, SECRET],
    [`${PARTIAL}-secret`, PARTIAL, PARTIAL],
    [`${PARTIAL}-secret`, '/aws/reference/secretsmanager/prod/db-secret', 'prod/db-secret'],
  ])('(as %s) perhaps by %s, which has to be asked for', (arn, valueFrom, guess) => {
    const world = referring(valueFrom);
    const [only] = match(world, [asSubject(notice({ arn, notice: 'not-found' }))], 'ignore');
    expect(only?.hits.map((hit) => hit.guess)).toEqual([guess]);
    expect(only && verdictOn(only, {}, POLICY, NOW)).toBeUndefined();
  });

  test.each([
    ['prod/db', PARTIAL],
    ['prod/db', '/aws/reference/secretsmanager/prod/db'],
    [PARTIAL, '/aws/reference/secretsmanager/prod/db'],
    [SECRET, SECRET],
    [SECRET, PARTIAL],
    [`${PARTIAL}-secret`, `${PARTIAL}-secret`],
  ])('(as %s) for certain by %s', (arn, valueFrom) => {
    const [only] = match(referring(valueFrom), [asSubject(notice({ arn, notice: 'not-found' }))], 'ignore');
    expect(only && verdictOn(only, {}, POLICY, NOW)).toEqual({ action: 'skip', reason: 'secret-gone' });
  });

  test('for certain by its partial ARN where it was deleted, even if its suffix looks like a word', () => {
    const [only] = match(referring(PARTIAL), [asSubject(notice({ arn: `${PARTIAL}-secret` }))], 'ignore');
    expect(only?.hits).toHaveLength(1);
    expect(only?.hits[0]).not.toHaveProperty('guess');
  });

  test('for certain where it is a parameter, whose name carries no suffix', () => {
    const gone = notice({ kind: 'parameter', arn: '/app/db/password-a1B2c3', notice: 'not-found' });
    const [only] = match(referring(`${PARAMETER}-a1B2c3`), [asSubject(gone)], 'ignore');
    expect(only && verdictOn(only, {}, POLICY, NOW)).toEqual({ action: 'skip', reason: 'secret-gone' });
  });

  test('by its full ARN alone where another secret has its name now', () => {
    const replaced = asSubject(notice({ fullArnOnly: true }));
    const world = referring(PARTIAL, '/aws/reference/secretsmanager/prod/db', SECRET);
    expect(hits(world, replaced)).toEqual([`${SECRET} full-arn moves true`]);
  });

  test('by no reference in an empty fleet', () => {
    expect(match(fleet([]), [asSubject(notice({ arn: 'prod/db', notice: 'not-found' }))], 'ignore')).toEqual(
      [],
    );
  });
});

describe('a match in a later look', () => {
  const verdict = (
    one: Partial<Match>,
    different: Parameters<typeof service>[0] = {},
    evidence: Evidence = {},
  ) => {
    const [only] = match(fleet([service(different)]), [asSubject(change())], 'ignore');
    if (only === undefined) throw new Error('expected a match, found none');
    const found = verdictOn({ ...only, ...one }, evidence, POLICY, NOW);
    return found && [found.action, found.reason].filter(Boolean).join(' ');
  };
  const deploying: Evidence = { serviceDeployments: [{ createdAt: AFTER, status: 'IN_PROGRESS' }] };

  test.each(['followed', 'adopted'] as const)('needs no reference where it is %s', (following) => {
    expect(verdict({ following, hits: [] })).toBe('redeploy');
  });

  test.each(['waiting', 'superseded', undefined] as const)(
    'needs a reference where it is %s',
    (following) => {
      expect(verdict({ hits: [], ...(following && { following }) })).toBe('skip pull-only');
    },
  );

  test('whose deployment was superseded waits while another deployment runs, which may be the rollback', () => {
    expect(verdict({ following: 'superseded' }, {}, deploying)).toBe('wait deployment-in-progress');
    expect(verdict({ following: 'superseded' })).toBe('redeploy');
    expect(verdict({ following: 'waiting' }, {}, deploying)).toBe('wait cooldown');
  });
});

describe('a service with a revision that cannot be read', () => {
  const dark: [TaskDefinitionArn, Revision] = [revisionArn('dark:1'), { kind: 'unreadable', why: 'x' }];
  const older = draining({ taskDefinition: revisionArn('dark:1') });
  const verdict = (references: readonly string[], deployments = [deployment(), older]) => {
    const world = fleet([service({ deployments })], { 'api:1': references, 'api:0': [SECRET] });
    const whole = { ...world, revisions: new Map([...world.revisions, dark]) };
    const [only] = match(whole, [asSubject(change())], 'ignore');
    return only && verdictOn(only, {}, POLICY, NOW)?.reason;
  };

  test('is redeployed if a readable reference demands it, whatever else it refers to', () => {
    expect(verdict([SECRET])).toBeNull();
    expect(verdict([SECRET, `${SECRET}:::v1`])).toBeNull();
  });

  test('waits to be read if the readable references do not move, or if only older tasks have them', () => {
    expect(verdict([`${SECRET}:::v1`])).toBe('unreadable');
    expect(verdict([], [deployment(), older, draining({ taskDefinition: revisionArn('api:0') })])).toBe(
      'unreadable',
    );
  });
});

test('a new task that refers to a deleted secret could not start, even if an older task refers to it as well', () => {
  const old = draining({ taskDefinition: revisionArn('api:0') });
  const world = fleet([service({ deployments: [deployment(), old] })], {
    'api:1': [SECRET],
    'api:0': [SECRET],
  });
  const [only] = match(world, [asSubject(notice())], 'ignore');
  expect(only && verdictOn(only, {}, POLICY, NOW)).toEqual({ action: 'skip', reason: 'secret-gone' });
});

test('draining the old tasks is enough only where a new task does not refer to what moved', () => {
  const old = draining({ taskDefinition: revisionArn('api:0') });
  const world = fleet([service({ deployments: [deployment(), old] })], {
    'api:1': [SECRET],
    'api:0': [PARTIAL],
  });
  const [only] = match(world, [asSubject(change())], 'ignore');
  expect(only && verdictOn(only, {}, POLICY, NOW)?.action).toBe('redeploy');
  const pinned = fleet([service({ deployments: [deployment(), old] })], {
    'api:1': [`${SECRET}:::v1`],
    'api:0': [PARTIAL],
  });
  const [other] = match(pinned, [asSubject(change())], 'ignore');
  expect(other && verdictOn(other, {}, POLICY, NOW)).toMatchObject({
    action: 'wait',
    reason: 'rolling-out',
  });
});

describe('a reference', () => {
  test.each([
    ['secrets', 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:'],
    ['secrets', 'arn:aws:secretsmanager:eu-west-1:111122223333:other:prod/db-a1B2c3'],
    ['secrets', `${SECRET}:key`],
    ['secrets', `${SECRET}:key::v1:more`],
    ['secrets', 'arn:aws:ssm:eu-west-1:111122223333:document/x'],
    ['secrets', 'arn:aws:s3:::bucket/x'],
    ['secrets', ''],
    ['secrets', ':3'],
    ['secrets', 'a/b'],
    ['credential-spec', 'x-credentialspec:arn:aws:ssm:eu-west-1:111122223333:parameter/x'],
    ['credential-spec', `credentialspec:${SECRET}`],
    ['fsx', '/app/db/password'],
  ] as const)('in %s that says %j names nothing', (place, valueFrom) => {
    expect(reference({ place, valueFrom }).targets).toEqual([]);
  });

  test.each([
    ['/a:1:b', 'a', '1:b'],
    ['//a', '/a', null],
    ['a', 'a', null],
  ])('that says %s names the parameter %s in version %s', (valueFrom, name, versionId) => {
    expect(reference({ valueFrom }).targets).toEqual([
      {
        kind: 'parameter',
        id: `arn:aws:ssm:eu-west-1:111122223333:parameter/${name}`,
        named: 'name',
        label: null,
        versionId,
      },
    ]);
  });

  test('to a credential spec is read without the prefix at its start, and a prefix elsewhere stays', () => {
    const valueFrom = 'arn:aws:ssm:eu-west-1:111122223333:parameter/credentialspec:x';
    expect(reference({ place: 'credential-spec', valueFrom }).targets).toMatchObject([
      { id: 'arn:aws:ssm:eu-west-1:111122223333:parameter/credentialspec', versionId: 'x' },
    ]);
  });

  test('names a secret as a registry credential, and in a tag both a secret and a parameter', () => {
    const kinds = (place: RawReference['place']) =>
      reference({ place, valueFrom: '/x' }).targets.map(({ kind, id }) => [kind, id]);
    const secret = ['secret', 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:/x'];
    expect(kinds('pull')).toEqual([secret]);
    expect(kinds('also')).toEqual([secret, ['parameter', 'arn:aws:ssm:eu-west-1:111122223333:parameter/x']]);
  });
});
