import { describe, expect, test } from 'vitest';
import { serviceArn } from '../../../functions/core/model/arn.ts';
import { type Notice, SWEEP } from '../../../functions/core/model/change.ts';
import type { RawReference } from '../../../functions/core/model/reference.ts';
import {
  broken,
  latestChange,
  namedAmong,
  nameToAsk,
  referencedBy,
} from '../../../functions/core/sweep/referenced.ts';
import {
  CHANGED_AT,
  deployment,
  draining,
  fleet,
  NOW,
  PARAMETER,
  reference,
  revisionArn,
  SECRET,
  service,
} from '../../support/build.ts';

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
const described = (arn: string, different: object = {}) => ({ arn, labelsOf: new Map(), ...different });

describe('a resource that a fleet refers to', () => {
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
  const bites = (
    one: ReturnType<typeof world>,
    notice: Notice,
    missing: ReturnType<typeof referencedBy>['secrets'] = [],
  ) => broken(one, [notice], missing, 'ignore').map(({ hits }) => hits.map((hit) => hit.reference.valueFrom));

  test('the services that refer to the secret from the revision that a new task would run', () => {
    expect(bites(world(SECRET, PARAMETER, PARTIAL), gone)).toEqual([[SECRET, PARTIAL]]);
    const old = fleet(
      [service({ deployments: [deployment(), draining({ taskDefinition: revisionArn('api:0') })] })],
      { 'api:1': ['/else'], 'api:0': [SECRET] },
    );
    expect(bites(old, gone)).toEqual([]);
  });

  test('a service whose application reads the secret by itself, unless no secret was found under the name', () => {
    const also = reference({ place: 'also', valueFrom: 'prod/db' });
    const world = fleet([service({ also: [also] })], {});
    expect(bites(world, gone)).toEqual([['prod/db']]);
    expect(bites(world, notFound, referencedBy(world).secrets)).toEqual([]);
  });

  test('only references that found no secret if it was not found, for another one may name a secret made again', () => {
    const one = world(PARTIAL, SECRET);
    const missing = referencedBy(world(PARTIAL)).secrets;
    expect(bites(one, notFound, missing)).toEqual([[PARTIAL]]);
    expect(bites(one, notFound, [])).toEqual([]);
    expect(bites(one, { ...notFound, arn: SECRET }, missing)).toEqual([]);
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
