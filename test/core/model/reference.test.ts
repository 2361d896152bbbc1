import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { match, suffixWarnings } from '../../../functions/core/match/match.ts';
import { taskDefinitionArn } from '../../../functions/core/model/arn.ts';
import {
  isOfAws,
  jsonKeyOf,
  mayNameSecret,
  misnamed,
  type RawReference,
} from '../../../functions/core/model/reference.ts';
import {
  asSubject,
  change,
  deployment,
  fleet,
  PARAMETER,
  reference,
  revisionArn,
  SECRET,
  service,
} from '../../support/build.ts';

const PARTIAL = SECRET.slice(0, -7);
const BLUE = { label: 'BLUE' };

/**
 * A reference and the form in which it names the changed resource; undefined if it does not name the resource
 * (functions/README.md, References).
 */
type Row = readonly [title: string, raw: Partial<RawReference> | string, form: string | undefined];

const OF_A_SECRET: readonly Row[] = [
  ['the full ARN', SECRET, 'full-arn'],
  ['the partial ARN', PARTIAL, 'partial-arn'],
  ['the full ARN with a JSON key', `${SECRET}:password::`, 'full-arn'],
  ['the partial ARN with a JSON key', `${PARTIAL}:password::`, 'partial-arn'],
  ['the full ARN with three empty fields', `${SECRET}:::`, 'full-arn'],
  ['the full ARN with a field too few', `${SECRET}:password:`, undefined],
  ['the full ARN with one field only', `${SECRET}:password`, undefined],
  ['the full ARN with a field too many', `${SECRET}:a:b:c:d`, undefined],
  ['the ARN of a secret whose name begins with its name', `${PARTIAL}-replica`, undefined],
  ['the ARN of a secret whose name is the beginning of its name', PARTIAL.slice(0, -1), undefined],
  ['its ARN in another case', SECRET.replace('prod', 'Prod'), undefined],
  ['its ARN with another suffix', `${PARTIAL}-zzzzzz`, undefined],
  ['its ARN in another Region', SECRET.replace('eu-west-1', 'us-east-1'), undefined],
  ['its ARN in another account', SECRET.replace('111122223333', '999988887777'), undefined],
  ['its ARN in another partition', SECRET.replace('arn:aws:', 'arn:aws-cn:'), undefined],
  ['its bare name', 'prod/db', undefined],
  [
    'the name of a parameter that passes through to it',
    '/aws/reference/secretsmanager/prod/db',
    'pass-through',
  ],
  [
    'the ARN of a parameter that passes through to it',
    'arn:aws:ssm:eu-west-1:111122223333:parameter/aws/reference/secretsmanager/prod/db',
    'pass-through',
  ],
  [
    'a parameter that passes through to its name with the suffix',
    '/aws/reference/secretsmanager/prod/db-a1B2c3',
    undefined,
  ],
  ['its ARN in a log configuration', { place: 'log' }, 'full-arn'],
  ['its ARN in the log configuration of Service Connect', { place: 'service-connect' }, 'full-arn'],
  ['its ARN for FSx', { place: 'fsx' }, 'full-arn'],
  ['its bare name for FSx', { place: 'fsx', valueFrom: 'prod/db' }, undefined],
  ['its ARN for the registry', { place: 'pull' }, 'full-arn'],
  ['its name for the registry', { place: 'pull', valueFrom: 'prod/db' }, 'name'],
  [
    'a credential spec, which is no secret,',
    { place: 'credential-spec', valueFrom: `credentialspec:${SECRET}` },
    undefined,
  ],
  ['its name in a tag', { place: 'also', valueFrom: 'prod/db' }, 'name'],
  ['its partial ARN in a tag', { place: 'also', valueFrom: PARTIAL }, 'partial-arn'],
  ['its name and suffix in a tag', { place: 'also', valueFrom: 'prod/db-a1B2c3' }, undefined],
];

const OF_A_PARAMETER: readonly Row[] = [
  ['its ARN', PARAMETER, 'full-arn'],
  ['its name', '/app/db/password', 'name'],
  ['its name without the slash, which is not valid,', 'app/db/password', undefined],
  ['the name of its parent', '/app/db', undefined],
  ['the name of its child', '/app/db/password/old', undefined],
  ['its name in another case', '/app/db/Password', undefined],
  ['its ARN in another Region', PARAMETER.replace('eu-west-1', 'us-east-1'), undefined],
  ['its ARN with two slashes', PARAMETER.replace('parameter/', 'parameter//'), undefined],
  [
    'its ARN in a credential spec',
    { place: 'credential-spec', valueFrom: `credentialspec:${PARAMETER}` },
    'full-arn',
  ],
  [
    'its ARN in a domainless credential spec',
    { place: 'credential-spec', valueFrom: `credentialspecdomainless:${PARAMETER}` },
    'full-arn',
  ],
  [
    'a credential spec in a file',
    { place: 'credential-spec', valueFrom: 'credentialspec:file://x.json' },
    undefined,
  ],
  ['its ARN for FSx', { place: 'fsx', valueFrom: PARAMETER }, 'full-arn'],
  ['its name in a tag', { place: 'also', valueFrom: '/app/db/password' }, 'name'],
];

const doing = (form: Row[2]) => (form === undefined ? 'does not name it' : `names it in the form ${form}`);

const forms = (raw: Row[1], arn: string, kind: 'secret' | 'parameter') => {
  const world = fleet([service()], {
    'api:1': [
      typeof raw === 'string'
        ? { valueFrom: raw }
        : { ...(kind === 'parameter' && { valueFrom: PARAMETER }), ...raw },
    ],
  });
  return match(world, [asSubject(change({ arn, kind }))], 'redeploy').flatMap(({ hits }) =>
    hits.map(({ form }) => form),
  );
};

describe('a reference to a secret', () => {
  test.each(OF_A_SECRET.map(([title, raw, form]) => [title, doing(form), raw, form] as const))(
    'by %s %s',
    (_title, _doing, raw, form) => {
      expect(forms(raw, SECRET, 'secret')).toEqual(form === undefined ? [] : [form]);
    },
  );

  test.each([
    ['rds!db-0a1b', 'rds?db-0a1b', true],
    ['rds/db-0a1b', 'rds?db-0a1b', false],
    ['rdsXdb-0a1b', 'rds?db-0a1b', false],
    ['rds!db-0a1b', 'rds??db-0a1b', false],
  ])('to %s may be written %s in a tag: %s', (name, valueFrom, matches) => {
    const arn = `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${name}-Zz9Yy8`;
    expect(forms({ place: 'also', valueFrom }, arn, 'secret')).toHaveLength(matches ? 1 : 0);
  });
});

describe('a reference to a parameter', () => {
  test.each(OF_A_PARAMETER.map(([title, raw, form]) => [title, doing(form), raw, form] as const))(
    'by %s %s',
    (_title, _doing, raw, form) => {
      expect(forms(raw, PARAMETER, 'parameter')).toEqual(form === undefined ? [] : [form]);
    },
  );

  test.each([
    ['/root', 'root'],
    ['root', 'root'],
    ['/root', '/root'],
  ])('by %s names the root parameter %s', (valueFrom, name) => {
    const arn = `arn:aws:ssm:eu-west-1:111122223333:parameter/${name.replace('/', '')}`;
    expect(forms(valueFrom, arn, 'parameter')).toEqual(['name']);
  });

  test('that passes through to a secret changes with the secret only', () => {
    const arn = 'arn:aws:ssm:eu-west-1:111122223333:parameter/aws/reference/secretsmanager/prod/db';
    expect(forms('/aws/reference/secretsmanager/prod/db', arn, 'parameter')).toEqual([]);
  });

  test.each([`${PARAMETER}:3`, '/app/db/password:stable'])('by %s is pinned', (valueFrom) => {
    const world = fleet([service()], { 'api:1': [valueFrom] });
    const [only] = match(world, [asSubject(change({ arn: PARAMETER, kind: 'parameter' }))], 'ignore');
    expect(only?.hits.map(({ effect }) => effect)).toEqual(['pinned']);
  });
});

test.each(['aws', 'aws-cn', 'aws-us-gov', 'aws-iso', 'aws-iso-b', 'aws-iso-e', 'aws-iso-f', 'aws-eusc'])(
  'a bare name is looked for in its own partition: %s',
  (partition) => {
    const taskDefinition = taskDefinitionArn(`arn:${partition}:ecs:xx-1:111122223333:task-definition/api:1`);
    const [target] = reference({ taskDefinition, valueFrom: '/app/x' }).targets;
    expect(target?.id).toBe(`arn:${partition}:ssm:xx-1:111122223333:parameter/app/x`);
  },
);

test('an older secret of the same name is reported, and does not match', () => {
  const older = `${PARTIAL}-zzZZ99:key::`;
  const world = fleet([service()], { 'api:1': [older] });
  expect(match(world, [asSubject(change(BLUE))], 'ignore')).toEqual([]);
  expect(suffixWarnings(world, [asSubject(change(BLUE))])).toMatchObject([
    { service: service().arn, valueFrom: older },
  ]);
});

describe('the revisions that count', () => {
  const references = { 'api:1': [], 'api:0': [{}], 'api:2': [{}] };
  const matches = (different: Parameters<typeof service>[0]) =>
    match(fleet([service(different)], references), [asSubject(change())], 'ignore').length;

  test('do not include an older one without tasks', () => {
    const drained = deployment({ primary: false, taskDefinition: revisionArn('api:0'), running: 0 });
    expect(matches({ deployments: [deployment(), drained] })).toBe(0);
  });

  test('include an older one that still has a pending task', () => {
    const pending = deployment({
      primary: false,
      taskDefinition: revisionArn('api:0'),
      running: 0,
      pending: 1,
    });
    expect(matches({ deployments: [deployment(), pending] })).toBe(1);
  });

  test('include that of PRIMARY for an Express service, which has no task definition of its own', () => {
    expect(
      matches({ taskDefinition: null, deployments: [deployment({ taskDefinition: revisionArn('api:2') })] }),
    ).toBe(1);
  });
});

describe('a secret that no longer exists', () => {
  const gone = (arn: string) =>
    ({ changeId: 'c', kind: 'secret', arn, notice: 'not-found', at: 0, source: 'DeleteSecret' }) as const;
  const references = {
    'api:1': [SECRET, PARTIAL, '/aws/reference/secretsmanager/prod/db', `${PARTIAL}-other`],
  };

  test.each([SECRET, PARTIAL, 'prod/db'])(
    'is named by every reference to it when the notice calls it %s',
    (name) => {
      const [only] = match(fleet([service()], references), [asSubject(gone(name))], 'ignore');
      expect(only?.hits.map(({ reference: { valueFrom } }) => valueFrom)).toEqual(
        references['api:1'].slice(0, 3),
      );
    },
  );
});

test('a reference by ARN names a secret only if it is the ARN of that secret, with or without the suffix', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9/_+=.@!-]{1,24}$/);
  const suffix = fc.stringMatching(/^[A-Za-z0-9]{6}$/);
  const secretArn = fc
    .tuple(name, suffix)
    .map(([n, s]) => `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${n}-${s}`);
  fc.assert(
    fc.property(secretArn, secretArn, fc.integer({ min: 0, max: 12 }), (changed, other, cut) => {
      const valueFrom = cut === 0 ? other : changed.slice(0, -cut);
      const isNamed = valueFrom === changed || valueFrom === changed.slice(0, -7);
      expect(forms(valueFrom, changed, 'secret').length).toBe(isNamed ? 1 : 0);
    }),
  );
});

test.each<[string, string | undefined]>([
  [`${SECRET}:password::`, 'password'],
  [`${SECRET}:password:blue:`, 'password'],
  [`${SECRET}::blue:`, undefined],
  [SECRET, undefined],
  [`${PARAMETER}:1:2:3`, undefined],
  ['/app/key', undefined],
  ['a:b:c:d:e:f:g:password', undefined],
])('of the JSON of a secret, %s asks for the key %s', (valueFrom, key) => {
  expect(jsonKeyOf(reference({ valueFrom }))).toBe(key);
});

test.each([
  ['prod/db', true],
  ['prod:db', false],
  [SECRET, true],
])('a secret may be called %s: %s', (text, may) => {
  expect(mayNameSecret(text)).toBe(may);
});

describe('a text that a person gives as', () => {
  const ARN = (service: string, rest: string) => `arn:aws:${service}:eu-west-1:111122223333:${rest}`;
  const NOT_THE_ARN = (kind: string) => ` is not the ARN of a ${kind}`;
  const BEHIND = (what: string, kind: string) =>
    ` is a reference: leave out what stands behind the ${what} of the ${kind}`;
  const PASSED =
    ' is no parameter of its own: Parameter Store passes the secret db through; name it as a secret';
  const IMPOSSIBLE = ' can be the name of no secret';

  test.each([
    ['prod/db_+=.@!-1', undefined],
    [SECRET, undefined],
    [PARTIAL, undefined],
    ['/aws/reference/secretsmanager/db', undefined],
    ['prod db', IMPOSSIBLE],
    ['prod/db?', IMPOSSIBLE],
    ['?prod/db', IMPOSSIBLE],
    ['', IMPOSSIBLE],
    ['x'.repeat(2048), undefined],
    ['x'.repeat(2049), IMPOSSIBLE],
    [`${SECRET}?`, IMPOSSIBLE],
    [ARN('secretsmanager', 'secret:?db'), IMPOSSIBLE],
    [ARN('secretsmanager', 'other:db'), NOT_THE_ARN('secret')],
    [ARN('s3', 'secret:db'), NOT_THE_ARN('secret')],
    ['arn:', NOT_THE_ARN('secret')],
    ['db:3', BEHIND('name', 'secret')],
    [`${SECRET}:password::`, BEHIND('ARN', 'secret')],
  ])('a secret: %s', (text, problem) => {
    expect(misnamed(text, 'secret')).toBe(problem === undefined ? undefined : `${text}${problem}`);
  });

  test.each([
    ['/app/key', undefined],
    ['app key', undefined],
    [PARAMETER, undefined],
    ['/aws/reference/secretsmanager/db', PASSED],
    ['aws/reference/secretsmanager/db', PASSED],
    [ARN('ssm', 'parameter/aws/reference/secretsmanager/db'), PASSED],
    [ARN('ssm', 'document/db'), NOT_THE_ARN('parameter')],
    [SECRET, NOT_THE_ARN('parameter')],
    ['/app/key:3', BEHIND('name', 'parameter')],
    [`${PARAMETER}:3`, BEHIND('ARN', 'parameter')],
  ])('a parameter: %s', (text, problem) => {
    expect(misnamed(text, 'parameter')).toBe(problem === undefined ? undefined : `${text}${problem}`);
  });
});

test.each([
  ['/aws/service/ami', true],
  ['aws/service/ami', true],
  ['arn:aws:ssm:eu-west-1::parameter/aws/service/ami', true],
  ['/app/aws/service', false],
  ['app/aws/service', false],
  ['arn:aws:ssm:eu-west-1:111122223333:parameter/app/aws/x', false],
  ['/awsome', false],
])('%s is a parameter of AWS: %s', (name, is) => {
  expect(isOfAws(name)).toBe(is);
});
