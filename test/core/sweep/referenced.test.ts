import { describe, expect, test } from 'vitest';
import { serviceArn } from '../../../functions/core/model/arn.ts';
import { type Notice, SWEEP } from '../../../functions/core/model/change.ts';
import { nameToAsk, type RawReference } from '../../../functions/core/model/reference.ts';
import { broken, latestChange, namedAmong, referencedBy } from '../../../functions/core/sweep/referenced.ts';
import {
  ACCOUNT,
  CHANGED_AT,
  change,
  deployment,
  draining,
  fleet,
  NOW,
  PARAMETER,
  REGION,
  reference,
  revisionArn,
  SECRET,
  service,
} from '../../support/build.ts';

const secretNamed = (name: string) => `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${name}`;
const described = (arn: string, different: object = {}) => ({ arn, labelsOf: new Map(), ...different });

const referred = (references: Parameters<typeof fleet>[1]) =>
  referencedBy(fleet([service({ taskDefinition: null })], references));

describe('the list of what a fleet refers to', () => {
  test.each([
    ['a secret', SECRET, [SECRET], [], []],
    ['a label of a secret', `${SECRET}::blue:`, [SECRET], [], []],
    ['a parameter', '/app/key', [], [`arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/app/key`], []],
    ['a secret behind a parameter', '/aws/reference/secretsmanager/db', [secretNamed('db')], [], []],
    ['a reference that names neither', 'arn:aws:s3:::bucket/key', [], [], []],
    [
      'a secret of another Region',
      SECRET.replace(REGION, 'us-east-1'),
      [],
      [],
      [SECRET.replace(REGION, 'us-east-1')],
    ],
    [
      'a secret of another account',
      SECRET.replace(ACCOUNT, '999988887777'),
      [],
      [],
      [SECRET.replace(ACCOUNT, '999988887777')],
    ],
    [
      'a secret of another partition',
      SECRET.replace('arn:aws', 'arn:aws-cn'),
      [],
      [],
      [SECRET.replace('arn:aws', 'arn:aws-cn')],
    ],
    [
      'a public parameter',
      '/aws/service/x',
      [],
      [],
      [`arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/aws/service/x`],
    ],
  ])('puts %s in the right place', (_, valueFrom, secrets, parameters, elsewhere) => {
    const found = referred({ 'api:1': [valueFrom] });
    expect(found.elsewhere.map(({ target }) => target.id)).toEqual(
      elsewhere.filter((id) => id.includes(':secretsmanager:')),
    );
    expect({
      secrets: found.secrets.map(({ target }) => target.id),
      parameters: found.parameters.map(({ target }) => target.id),
      elsewhere: found.foreign,
    }).toEqual({ secrets, parameters, elsewhere });
  });

  test('covers every place of a reference, and every revision that still has tasks', () => {
    const different = {
      deployments: [
        deployment(),
        draining({ taskDefinition: revisionArn('api:0') }),
        draining({ taskDefinition: revisionArn('api:00'), running: 0 }),
      ],
    };
    const references = {
      'api:1': [{ place: 'pull' as const, valueFrom: 'registry' }],
      'api:0': [{ place: 'log' as const, valueFrom: SECRET }],
      'api:00': [secretNamed('gone')],
    };
    const { secrets } = referencedBy(fleet([service(different)], references));
    expect(secrets.map(({ target }) => target.id)).toEqual([secretNamed('registry'), SECRET]);
  });

  test('names a secret once, however many services refer to it', () => {
    const services = ['a', 'b', 'c'].map((name) => service({ name }));
    expect(
      referencedBy(fleet(services, { 'api:1': [SECRET, SECRET, `${SECRET}::blue:`] })).secrets,
    ).toHaveLength(1);
  });
});

describe('a reference finds', () => {
  test.each<[string, string, readonly string[]]>([
    ['the secret with this full ARN', SECRET, [SECRET]],
    ['the secret with this partial ARN', SECRET.slice(0, -7), [SECRET]],
    ['the secret with this name', '/aws/reference/secretsmanager/prod/db', [SECRET]],
    ['no secret by a prefix of its ARN', SECRET.slice(0, -8), []],
    ['no secret with another suffix', `${SECRET.slice(0, -7)}-zzzzzz`, []],
  ])('%s', (_, valueFrom, found) => {
    const one = fleet([service()], { 'api:1': [valueFrom] });
    const secrets = [described(SECRET), described(secretNamed('prod/db2-a1B2c3'))];
    const named = namedAmong(secrets, referencedBy(one).secrets, one);
    expect(named.map(({ secret }) => secret.arn)).toEqual(found);
  });
});

test('a secret is asked for by its name if the reference is a name, and by its ARN if it is an ARN', () => {
  const { secrets } = referred({ 'api:1': [SECRET, { place: 'pull', valueFrom: 'registry' }] });
  expect(secrets.map(({ target }) => nameToAsk(target))).toEqual([change().arn, 'registry']);
});

const PARTIAL = SECRET.slice(0, -7);
const world = (...references: readonly (Partial<RawReference> | string)[]) =>
  fleet([service()], { 'api:1': references });
const idsOf = (...references: readonly (Partial<RawReference> | string)[]) => {
  const { secrets, parameters, foreign } = referencedBy(world(...references));
  return {
    secrets: secrets.map(({ target }) => target.id),
    parameters: parameters.map(({ target }) => target.id),
    elsewhere: foreign,
  };
};

describe('a resource in that list', () => {
  test('is listed once, however many references name it in the same way', () => {
    expect(idsOf(SECRET, `${SECRET}:key::`, `${SECRET}:::v1`, { place: 'log', valueFrom: SECRET })).toEqual({
      secrets: [SECRET],
      parameters: [],
      elsewhere: [],
    });
  });

  test('is listed for each way of naming it that may mean another resource', () => {
    expect(idsOf(SECRET, PARTIAL, '/aws/reference/secretsmanager/prod/db').secrets).toEqual([
      SECRET,
      PARTIAL,
      PARTIAL,
    ]);
    expect(
      idsOf({ place: 'pull', valueFrom: 'prod/db' }, { place: 'also', valueFrom: 'prod/db' }),
    ).toMatchObject({
      secrets: [PARTIAL, PARTIAL],
      parameters: [],
    });
    expect(idsOf('/db', { place: 'also', valueFrom: '/db' }).parameters).toEqual([
      'arn:aws:ssm:eu-west-1:111122223333:parameter/db',
      'arn:aws:ssm:eu-west-1:111122223333:parameter/db',
    ]);
  });

  test.each([
    ['partition', SECRET.replace('arn:aws:', 'arn:aws-cn:')],
    ['Region', SECRET.replace('eu-west-1', 'eu-west-2')],
    ['account', SECRET.replace('111122223333', '444455556666')],
  ])('is listed as foreign in another %s', (_, arn) => {
    expect(idsOf(arn)).toEqual({ secrets: [], parameters: [], elsewhere: [arn] });
  });

  test('is listed as foreign if it is a public parameter of AWS, and not if its name only looks like one', () => {
    const own = PARAMETER.replace('app/db/password', 'aws/service/x');
    expect(idsOf(own)).toEqual({ secrets: [], parameters: [], elsewhere: [own] });
    const user = PARAMETER.replace('app/db/password', 'awsome/x');
    expect(idsOf(user).parameters).toEqual([user]);
    const secret = SECRET.replace('prod/db', 'parameter/aws/x');
    expect(idsOf(secret).secrets).toEqual([secret]);
  });
});

test('a secret is found by references to it in full, without the suffix and by name', () => {
  const { secrets } = referencedBy(
    world(
      SECRET,
      PARTIAL,
      '/aws/reference/secretsmanager/prod/db',
      `${PARTIAL}-zzzzzz`,
      SECRET.replace('db', 'other'),
    ),
  );
  const found = namedAmong(
    [described(SECRET), described(SECRET.replace('prod', 'x'))],
    secrets,
    world(SECRET),
  );
  expect(found.map(({ referred, secret }) => [referred.reference.valueFrom, secret.arn])).toEqual([
    [SECRET, SECRET],
    [PARTIAL, SECRET],
    ['/aws/reference/secretsmanager/prod/db', SECRET],
  ]);
});

test.each([
  [{ lastChangedAt: CHANGED_AT, lastRotatedAt: NOW }, NOW],
  [{ lastChangedAt: NOW, lastRotatedAt: CHANGED_AT }, NOW],
  [{ lastChangedAt: 7_000 }, 7_999],
  [{ lastRotatedAt: CHANGED_AT }, CHANGED_AT],
  [{}, 999],
])('no label of a secret with the dates %o has moved after %i', (dates, changedAt) => {
  const latest = latestChange('sweep-1', described(SECRET, dates));
  expect(latest).toEqual({
    changeId: 'sweep-1',
    kind: 'secret',
    arn: SECRET,
    changedAt,
    source: SWEEP,
    optedOut: false,
  });
  expect(SWEEP).toBe('sweep');
});

test.each([
  [SECRET, SECRET],
  [PARTIAL, PARTIAL],
  ['/aws/reference/secretsmanager/prod/db', 'prod/db'],
])('a secret that %s names is asked for as %s', (valueFrom, name) => {
  expect(reference({ valueFrom }).targets.map(nameToAsk)).toEqual([name]);
});

describe('a notice that a secret is gone affects', () => {
  const gone: Notice = {
    changeId: 'n',
    kind: 'secret',
    arn: SECRET,
    notice: 'deleted',
    at: NOW,
    source: SWEEP,
  };
  const notFound: Notice = { ...gone, arn: PARTIAL, notice: 'not-found' };
  const affects = (
    one: ReturnType<typeof world>,
    notice: Notice,
    missing: ReturnType<typeof referencedBy>['secrets'] = [],
  ) => broken(one, [notice], missing, 'ignore').map(({ hits }) => hits.map((hit) => hit.reference.valueFrom));

  test('the services that refer to the secret from the revision that a new task would run', () => {
    expect(affects(world(SECRET, PARAMETER, PARTIAL), gone)).toEqual([[SECRET, PARTIAL]]);
    const old = fleet(
      [service({ deployments: [deployment(), draining({ taskDefinition: revisionArn('api:0') })] })],
      { 'api:1': ['/else'], 'api:0': [SECRET] },
    );
    expect(affects(old, gone)).toEqual([]);
  });

  test('a service whose application reads the secret by itself, unless no secret was found under the name', () => {
    const also = reference({ place: 'also', valueFrom: 'prod/db' });
    const one = fleet([service({ also: [also] })], {});
    expect(affects(one, gone)).toEqual([['prod/db']]);
    expect(affects(one, notFound, referencedBy(one).secrets)).toEqual([]);
  });

  test('only references that found no secret if it was not found, for another one may name a secret made again', () => {
    const one = world(PARTIAL, SECRET);
    const missing = referencedBy(world(PARTIAL)).secrets;
    expect(affects(one, notFound, missing)).toEqual([[PARTIAL]]);
    expect(affects(one, notFound, [])).toEqual([]);
    expect(affects(one, { ...notFound, arn: SECRET }, missing)).toEqual([]);
  });

  test('a service that may mean another secret by its name, with what has to be asked for, unless that was asked', () => {
    const one = world('/aws/reference/secretsmanager/prod/db-backup');
    const guesses = (notice: Notice, missing: ReturnType<typeof referencedBy>['secrets'] = []) =>
      broken(one, [notice], missing, 'ignore').flatMap(({ hits }) =>
        hits.map((hit) => ('guess' in hit ? hit.guess : 'no guess')),
      );
    const arn = secretNamed('prod/db-backup');
    expect(guesses({ ...gone, arn: `${arn}-a1B2c3` })).toEqual(['prod/db-backup']);
    expect(guesses({ ...notFound, arn }, referencedBy(one).secrets)).toEqual(['no guess']);
  });

  test('no other service of the fleet', () => {
    const other = service({
      name: 'web',
      arn: serviceArn('arn:aws:ecs:eu-west-1:111122223333:service/main/web'),
      taskDefinition: null,
      deployments: [],
    });
    const both = fleet([service(), other]);
    expect(broken(both, [gone], [], 'ignore').map((one) => one.service.name)).toEqual(['api']);
  });
});
