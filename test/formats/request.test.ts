import { describe, expect, test } from 'vitest';
import { parseRequest, WrongRequest } from '../../functions/formats/request.ts';
import { readSample, sampleFiles } from '../events/samples.ts';
import { NOW, PARAMETER, SECRET } from '../support/build.ts';

const parse = (request: unknown) => parseRequest(request, NOW);

test.each(sampleFiles().filter((file) => file.startsWith('request-')))('%s is a valid request', (file) => {
  expect(() => parseRequest(readSample(file), Date.UTC(2030, 0))).not.toThrow();
});

test('one name counts as a list of one name', () => {
  expect(
    parse({ action: 'plan', secret: 'prod/db', parameter: ['/a', '/b'], clusters: 'prod-*' }),
  ).toMatchObject({
    secrets: ['prod/db'],
    parameters: ['/a', '/b'],
    clusters: ['prod-*'],
    force: false,
  });
});

test('a field that is not given is a default, or is not there', () => {
  expect(parse({ action: 'plan', secret: 'prod/db' })).toStrictEqual({
    action: 'plan',
    secrets: ['prod/db'],
    parameters: [],
    services: [],
    clusters: [],
    force: false,
  });
});

test('the reason is passed on', () => {
  expect(parse({ action: 'plan', secret: 'prod/db', reason: 'leaked' }).reason).toBe('leaked');
});

test('an instant may have any offset, and may be ten seconds ahead of the clock', () => {
  const at = (instant: string) => parse({ action: 'plan', secret: 'prod/db', at: instant }).at;
  expect(at('2026-01-01T01:00:00+01:00')).toBe(Date.UTC(2026, 0));
  expect(at(new Date(NOW + 10_000).toISOString())).toBe(NOW + 10_000);
  expect(() => at(new Date(NOW + 10_001).toISOString())).toThrow('is in the future');
});

test.each<[string, object]>([
  ['a name of 2048 characters', { secret: 'x'.repeat(2048) }],
  ['a thousand names', { secret: Array.from({ length: 1000 }, () => 'x') }],
  ['a reason of 1000 characters', { secret: 'x', reason: 'x'.repeat(1000) }],
])('%s is accepted', (_, fields) => {
  expect(() => parse({ action: 'plan', ...fields })).not.toThrow();
});

test('the action stale needs no target', () => {
  expect(parse({ action: 'stale' })).toMatchObject({ action: 'stale', secrets: [], parameters: [] });
});

describe('a service', () => {
  test.each([
    ['main/api', { cluster: 'main', name: 'api' }],
    ['arn:aws:ecs:eu-west-1:111122223333:service/main/api', { cluster: 'main', name: 'api' }],
    ['arn:aws-cn:ecs:cn-north-1:111122223333:service/api', { name: 'api' }],
  ])('can be given as %s', (services, named) => {
    expect(parse({ action: 'redeploy', services }).services).toEqual([{ ...named, asGiven: services }]);
  });

  test.each([
    'api',
    'main/api/x',
    '/api',
    'main/',
    SECRET,
    'arn:aws:ecs:eu-west-1:111122223333:cluster/main',
    'arn:aws:ecs:eu-west-1:111122223333:service',
    'arn:aws:iam::111122223333:service/main/api',
    'arn:main/api',
    'arn:',
  ])('cannot be given as %s', (services) => {
    expect(() => parse({ action: 'redeploy', services })).toThrow(
      'neither cluster/service nor the ARN of a service',
    );
  });
});

const NAMES =
  'secret: expected a name or an ARN of at most 2,048 characters, or a list of 1 to 1,000 of them';

describe('a wrong request', () => {
  test.each([
    ['nothing in it', undefined, 'expected object'],
    ['null in the place of an object', null, 'expected object'],
    ['text in the place of an object', 'redeploy prod/db', 'expected object'],
    ['no action', { secret: 'prod/db' }, 'action: '],
    [
      'an unknown action',
      { action: 'restart', secret: 'prod/db' },
      'action: expected one of redeploy, plan, uses, stale',
    ],
    ['no target', { action: 'redeploy' }, 'name a target'],
    [
      'two kinds of target',
      { action: 'redeploy', secret: 'prod/db', services: 'main/api' },
      'services: give either',
    ],
    [
      'the action stale for a service',
      { action: 'stale', services: 'main/api' },
      'services: the action stale',
    ],
    ['the action stale and force', { action: 'stale', secret: 'x', force: true }, 'force: the action stale'],
    [
      'the action stale and an instant',
      { action: 'stale', at: '2026-01-01T00:00:00Z' },
      'at: the action stale',
    ],
    ['the action uses and force', { action: 'uses', secret: 'x', force: true }, 'force: the action uses'],
    [
      'the action uses and an instant',
      { action: 'uses', secret: 'x', at: '2026-01-01T00:00:00Z' },
      'at: the action uses',
    ],
    ['the action uses for a service', { action: 'uses', services: 'main/api' }, 'services: the action uses'],
    ['an empty list', { action: 'plan', secret: [] }, NAMES],
    ['an empty name', { action: 'plan', secret: ' ' }, NAMES],
    [
      'a parameter in the place of a secret',
      { action: 'plan', secret: PARAMETER },
      'is not the ARN of a secret',
    ],
    ...['/aws/reference/secretsmanager/prod/db', 'aws/reference/secretsmanager/prod/db'].map(
      (parameter): [string, object, string] => [
        `the parameter ${parameter}, which passes a secret through`,
        { action: 'plan', parameter },
        'passes the secret prod/db through; name it as a secret',
      ],
    ),
    [
      'the ARN of a parameter that passes a secret through',
      {
        action: 'plan',
        parameter: 'arn:aws:ssm:eu-west-1:111122223333:parameter/aws/reference/secretsmanager/prod/db',
      },
      'passes the secret prod/db through; name it as a secret',
    ],
    [
      'a secret in the place of a parameter',
      { action: 'plan', parameter: SECRET },
      'is not the ARN of a parameter',
    ],
    [
      'what is no secret in the place of a secret',
      { action: 'plan', secret: 'arn:aws:secretsmanager:eu-west-1:111122223333:other:prod/db' },
      'is not the ARN of a secret',
    ],
    [
      'what another service calls a secret',
      { action: 'plan', secret: 'arn:aws:iam::111122223333:secret:prod/db' },
      'is not the ARN of a secret',
    ],
    ['the beginning of an ARN', { action: 'plan', secret: 'arn:' }, 'arn: is not the ARN of a secret'],
    [
      'a document in the place of a parameter',
      { action: 'plan', parameter: 'arn:aws:ssm:eu-west-1:111122223333:document/x' },
      'is not the ARN of a parameter',
    ],
    [
      'a reference in the place of a secret',
      { action: 'plan', secret: `${SECRET}:password::` },
      `secret: ${SECRET}:password:: is a reference: leave out what stands behind the ARN of the secret`,
    ],
    [
      'a name with a JSON key in the place of a secret',
      { action: 'plan', secret: 'prod/db:password::' },
      'leave out what stands behind the name of the secret',
    ],
    [
      'a version of a parameter in the place of a parameter',
      { action: 'plan', parameter: [`${PARAMETER}:3`, '/app/key:3'] },
      'leave out what stands behind the name of the parameter',
    ],
    [
      'names that Secrets Manager refuses to look up',
      { action: 'plan', secret: ['prod db', 'prod/db', 'rds?db'] },
      'secret: prod db can be the name of no secret; secret: rds?db can be the name of no secret',
    ],
    ['a number in the place of a name', { action: 'plan', secret: 7 }, NAMES],
    ['a name of 2049 characters', { action: 'plan', secret: 'x'.repeat(2049) }, NAMES],
    ['a thousand and one names', { action: 'plan', secret: Array.from({ length: 1001 }, () => 'x') }, NAMES],
    [
      'a reason of 1001 characters',
      { action: 'plan', secret: 'x', reason: 'x'.repeat(1001) },
      'reason: expected a text of at most 1,000 characters',
    ],
    [
      'a number as the reason',
      { action: 'plan', secret: 'x', reason: 7 },
      'reason: expected a text of at most 1,000 characters',
    ],
    ['an invalid instant', { action: 'plan', secret: 'x', at: 'yesterday' }, 'at: expected an instant'],
    [
      'an instant in the future',
      { action: 'plan', secret: 'x', at: '2999-01-01T00:00:00Z' },
      'is in the future',
    ],
    ['an unknown field', { action: 'plan', secret: 'x', dryRun: true }, 'dryRun'],
    [
      'a text in the place of true',
      { action: 'plan', secret: 'x', force: 'yes' },
      'force: expected true or false',
    ],
  ])('with %s is refused with an error that names the problem', (_, request, problem) => {
    expect(() => parse(request)).toThrow(WrongRequest);
    expect(() => parse(request)).toThrow(expect.objectContaining({ name: 'WrongRequest' }));
    expect(() => parse(request)).toThrow(problem);
  });

  test('is refused with all its faults at once', () => {
    const request = {
      action: 'reboot',
      secret: PARAMETER,
      services: 'api',
      at: 'soon',
      force: 1,
      extra: true,
    };
    for (const fault of [
      'action: ',
      'secret: ',
      'services: give either',
      'services: api is neither',
      'at: ',
      'force: ',
      'extra',
    ]) {
      expect(() => parse(request)).toThrow(fault);
    }
  });

  test('has its faults in one line, one after the other', () => {
    const request = { action: 'uses', secret: PARAMETER, services: 'api' };
    expect(() => parse(request)).toThrow(
      /^wrong request, nothing was done: services: give either [^;]+; services: the action uses [^;]+; secret: [^;]+; services: api [^;]+$/,
    );
  });
});
