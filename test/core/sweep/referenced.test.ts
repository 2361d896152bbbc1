import { describe, expect, test } from 'vitest';
import { namedAmong, nameToAsk, referencedBy } from '../../../functions/core/sweep/referenced.ts';
import {
  ACCOUNT,
  change,
  deployment,
  draining,
  fleet,
  REGION,
  revisionArn,
  SECRET,
  service,
} from '../../support/build.ts';

const secretNamed = (name: string) => `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${name}`;
const described = (arn: string) => ({ arn, lastChangedAt: 1, labelsOf: new Map<string, string[]>() });

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
