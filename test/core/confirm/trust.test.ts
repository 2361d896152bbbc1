import { describe, expect, test } from 'vitest';
import {
  contradictsItself,
  isOfTrusted,
  isTrusted,
  placed,
  type Trust,
} from '../../../functions/core/confirm/trust.ts';
import { parseEvent } from '../../../functions/formats/event.ts';
import { apiCall, labelUpdated, parameterChange, type RawEvent, serviceEvent } from '../../support/events.ts';

const HERE = { partition: 'aws', region: 'eu-west-1', account: '111122223333' };
const THEIRS = { ...HERE, account: '222233334444' };
const OTHERS = { ...HERE, account: '999988887777' };
const FAR = { ...HERE, region: 'us-east-1' };
const TRUST: Trust = {
  accounts: [THEIRS.account],
  organization: undefined,
  queueArn: `arn:aws:sqs:${HERE.region}:${HERE.account}:forwarded`,
};
const at = Date.UTC(2026, 10, 22);
const arnAt = ({ partition, region, account }: typeof HERE, name = 'prod/db-a1B2c3') =>
  `arn:${partition}:secretsmanager:${region}:${account}:secret:${name}`;
const native = (place: typeof HERE, arn = arnAt(place), name = 'prod/db') =>
  labelUpdated({ place, at }, { arn, name }, 'version-2');
const parameterAt = ({ region, account }: typeof HERE, name = 'app/key') =>
  `arn:aws:ssm:${region}:${account}:parameter/${name}`;
const trusted = (event: RawEvent, way: 'own' | 'forwarded' = 'forwarded', trust: Partial<Trust> = {}) =>
  isTrusted(parseEvent(JSON.stringify(event)), way, { ...TRUST, ...trust });

const FORMS: Readonly<Record<string, (place: typeof HERE) => RawEvent>> = {
  'Secret Label Updated': (place) => native(place),
  'a call by name': (place) => apiCall({ place, at }, 'PutSecretValue', { secretId: 'prod/db' }),
  'a call by name, with its answer': (place) =>
    apiCall(
      { place, at },
      'PutSecretValue',
      { secretId: 'prod/db' },
      { responseElements: { arn: arnAt(place), name: 'prod/db' } },
    ),
  'a call by partial ARN, with its answer': (place) =>
    apiCall(
      { place, at },
      'UpdateSecretVersionStage',
      { secretId: arnAt(place, 'prod/db'), versionStage: 'AWSCURRENT', moveToVersionId: 'v' },
      { responseElements: { aRN: arnAt(place) } },
    ),
  RotationSucceeded: (place) => serviceEvent({ place, at }, 'RotationSucceeded', arnAt(place)),
  'Parameter Store Change': (place) =>
    parameterChange({ place, at }, { arn: parameterAt(place), name: '/app/key' }),
};

describe.each(Object.entries(FORMS))('%s', (_, eventOf) => {
  test('of a trusted account counts on the queue of the event bus, and on no other', () => {
    expect(trusted(eventOf(THEIRS))).toBe(true);
    expect(trusted(eventOf(THEIRS), 'own')).toBe(false);
  });

  test('of this account and Region counts on its own queues, and is forged on that of the event bus', () => {
    expect(trusted(eventOf(HERE), 'own')).toBe(true);
    expect(trusted(eventOf(HERE))).toBe(false);
    expect(trusted(eventOf(HERE), 'forwarded', { accounts: [HERE.account] })).toBe(false);
  });

  test('of another Region of this account counts if this account is named, and not for its organization', () => {
    expect(trusted(eventOf(FAR))).toBe(false);
    expect(trusted(eventOf(FAR), 'forwarded', { accounts: [], organization: 'o-a1b2c3d4e5' })).toBe(false);
    expect(trusted(eventOf(FAR), 'forwarded', { accounts: [HERE.account] })).toBe(true);
    expect(trusted(eventOf(FAR), 'own', { accounts: [HERE.account] })).toBe(false);
  });

  test('of an account that is not named counts only for its organization, which the event bus judges', () => {
    expect(trusted(eventOf(OTHERS))).toBe(false);
    const organization = 'o-a1b2c3d4e5';
    expect(trusted(eventOf(OTHERS), 'forwarded', { accounts: [], organization })).toBe(true);
    expect(trusted(eventOf(OTHERS), 'forwarded', { organization })).toBe(true);
  });

  test('without an account or a Region is forged', () => {
    expect(trusted({ ...eventOf(THEIRS), account: '' })).toBe(false);
    expect(trusted({ ...eventOf(THEIRS), region: null })).toBe(false);
    for (const account of ['*', '1111222233334', '11112222333'])
      expect(trusted({ ...eventOf(THEIRS), account }, 'forwarded', { accounts: [account] })).toBe(false);
  });

  test('counts on no way, if it cannot be told where the queue is', () => {
    expect(trusted(eventOf(HERE), 'own', { queueArn: 'no ARN' })).toBe(false);
    expect(trusted(eventOf(THEIRS), 'forwarded', { queueArn: 'no ARN' })).toBe(false);
  });
});

const detailOf = (event: RawEvent) => event['detail'] as Readonly<Record<string, unknown>>;
const put = (secretId: string, responseElements: unknown = null) =>
  apiCall({ place: THEIRS, at }, 'PutSecretValue', { secretId }, { responseElements });

describe('an event that contradicts itself is forged:', () => {
  test.each<readonly [string, RawEvent]>([
    ['the ARN of this account', native(THEIRS, arnAt(HERE))],
    ['the ARN of another Region', native(THEIRS, arnAt({ ...THEIRS, region: FAR.region }))],
    ['the ARN of another partition', native(THEIRS, arnAt({ ...THEIRS, partition: 'aws-cn' }))],
    ['another name than its ARN', native(THEIRS, arnAt(THEIRS), 'prod/other')],
    ['the ARN without its suffix', native(THEIRS, arnAt(THEIRS, 'prod/db'))],
    ['no ARN', native(THEIRS, 'prod/db', 'prod/db')],
    ['the ARN of something else', native(THEIRS, parameterAt(THEIRS))],
    ['the ARN of another service', native(THEIRS, arnAt(THEIRS).replace('secretsmanager', 'kms'))],
    ['several ARNs', { ...native(THEIRS), resources: [arnAt(THEIRS), arnAt(HERE)] }],
    [
      'several ARNs of its account',
      { ...native(THEIRS), resources: [arnAt(THEIRS), arnAt(THEIRS, 'b-a1B2c3')] },
    ],
    [
      'a parameter of this account',
      parameterChange({ place: THEIRS, at }, { arn: parameterAt(HERE), name: '/app/key' }),
    ],
    [
      'a parameter of another name',
      parameterChange({ place: THEIRS, at }, { arn: parameterAt(THEIRS), name: '/b' }),
    ],
    ['a parameter by its name alone', parameterChange({ place: THEIRS, at }, { arn: 'key', name: 'key' })],
    ['a call on the ARN of this account', put(arnAt(HERE))],
    ['an answer with the ARN of this account', put('prod/db', { arn: arnAt(HERE) })],
    ['an answer with another secret', put('prod/db', { arn: arnAt(THEIRS, 'prod/other-a1B2c3') })],
    ['an answer in two spellings', put('prod/db', { arn: arnAt(THEIRS), aRN: arnAt(HERE) })],
    [
      'a rotation of a secret of this account',
      serviceEvent({ place: THEIRS, at }, 'RotationSucceeded', arnAt(HERE)),
    ],
    ['resources beside a call', { ...put('prod/db'), resources: [arnAt(HERE)] }],
    [
      'a call recorded elsewhere',
      { ...put('prod/db'), detail: { ...detailOf(put('prod/db')), recipientAccountId: HERE.account } },
    ],
    [
      'a call of another Region',
      { ...put('prod/db'), detail: { ...detailOf(put('prod/db')), awsRegion: FAR.region } },
    ],
  ])('%s', (_, event) => {
    expect(trusted(event)).toBe(false);
  });
});

describe('an event that names the ARN of another place than its own', () => {
  const elsewhere: readonly (readonly [string, RawEvent])[] = [
    ['a secret of another account', native(HERE, arnAt(THEIRS))],
    ['a secret of another Region', native(HERE, arnAt(FAR))],
    [
      'a parameter of another account',
      parameterChange({ place: HERE, at }, { arn: parameterAt(THEIRS), name: '/app/key' }),
    ],
    [
      'a parameter of another Region',
      parameterChange({ place: HERE, at }, { arn: parameterAt(FAR), name: '/app/key' }),
    ],
  ];
  const contradicts = (event: RawEvent) => contradictsItself(parseEvent(JSON.stringify(event)));

  test.each(elsewhere)('contradicts itself and is not trusted on its own queues: %s', (_, event) => {
    expect(contradicts(event)).toBe(true);
    expect(trusted(event, 'own')).toBe(false);
  });

  test.each(elsewhere)('is not trusted either where it does not say its own place: %s', (_, event) => {
    const silent = { ...event, account: null, region: null };
    expect(contradicts(silent)).toBe(false);
    expect(trusted(silent, 'own')).toBe(false);
  });

  test.each<readonly [string, RawEvent]>([
    ['a secret of its own place', native(HERE)],
    ['a name instead of an ARN', native(HERE, 'prod/db')],
    [
      'a call on a secret of another account',
      apiCall({ place: HERE, at }, 'PutSecretValue', { secretId: arnAt(THEIRS) }),
    ],
  ])('is not one with %s', (_, event) => {
    expect(contradicts(event)).toBe(false);
    expect(trusted(event, 'own')).toBe(true);
  });

  test.each(['account', 'region'])(
    'does not contradict itself about the %s that it does not say',
    (field) => {
      const there = { ...THEIRS, region: FAR.region };
      const other = field === 'account' ? FAR : THEIRS;
      expect(contradicts({ ...native(HERE, arnAt(there)), [field]: null })).toBe(true);
      expect(contradicts({ ...native(there, arnAt(other)), [field]: null })).toBe(false);
    },
  );
});

test.each<readonly [string, RawEvent]>([
  ['that names nothing', { ...native(THEIRS), source: 'aws.other' }],
  ['that is of no kind', { ...native(THEIRS), 'detail-type': 'Other' }],
])('a forwarded event %s is told by its account alone', (_, event) => {
  expect(trusted(event)).toBe(true);
  expect(trusted({ ...event, account: OTHERS.account })).toBe(false);
});

test('the event bus admits no event without a Region, or without the twelve digits of an account, whatever it tells', () => {
  const other = { ...native(THEIRS), source: 'aws.other' };
  expect(trusted({ ...other, region: null })).toBe(false);
  for (const account of [null, '*', `${THEIRS.account}4`, `${THEIRS.account}x`, `x${THEIRS.account}`])
    expect(
      trusted({ ...other, account, region: FAR.region }, 'forwarded', { organization: 'o-a1b2c3d4e5' }),
      `${account}`,
    ).toBe(false);
});

test('an event that does not say where it happened counts for this place, and not on the queue of the event bus', () => {
  const event = { ...native(HERE), account: null, region: null };
  expect(trusted(event, 'own')).toBe(true);
  expect(trusted(event)).toBe(false);
  for (const field of ['account', 'region'])
    expect(
      trusted({ ...native(THEIRS), [field]: null }, 'forwarded', { organization: 'o-a1b2c3d4e5' }),
      field,
    ).toBe(false);
});

test('an event of which it is not known what it says counts only where it cannot be forged', () => {
  const { said: _, ...event } = parseEvent(JSON.stringify(native(THEIRS)));
  expect(isTrusted(event, 'forwarded', TRUST)).toBe(false);
  const { said: _said, ...ours } = parseEvent(JSON.stringify(native(HERE)));
  expect(isTrusted(ours, 'own', TRUST)).toBe(true);
});

test('a call may name a secret with and without its suffix, and a parameter with and without its slash, but no two of them', () => {
  const named = (...names: readonly string[]) =>
    trusted({ ...put(names[0] ?? ''), resources: names.slice(1) });
  expect(named('prod/db', 'prod/db-a1B2c3')).toBe(true);
  expect(named('prod/db-a1B2c3', 'prod/db')).toBe(true);
  expect(named('prod/db', 'prod/d')).toBe(false);
  expect(named('prod/db-secret', 'prod/db')).toBe(true);
  expect(named('a-prod/database', 'a-prod/')).toBe(false);
  expect(named('prod/db', parameterAt(THEIRS, 'prod/db'))).toBe(false);
  expect(named('prod/db', arnAt(THEIRS, 'prod/db').replace(':secret:', ':other_:'))).toBe(false);
  expect(named('prod/db', 'arn:none')).toBe(false);
  expect(named('prod/db', arnAt(THEIRS))).toBe(true);
  const parameter = (name: string) =>
    trusted(parameterChange({ place: THEIRS, at }, { arn: parameterAt(THEIRS, 'app/key-a1B2c3'), name }));
  expect(parameter('/app/key-a1B2c3')).toBe(true);
  expect(parameter('app/key-a1B2c3')).toBe(true);
  expect(parameter('/app/key')).toBe(false);
});

test('only a name of a call in another place is placed there: an event without a place, or of AWS itself, stays as it is', () => {
  const same = (event: RawEvent) => {
    const parsed = parseEvent(JSON.stringify(event));
    expect(placed(parsed, HERE)).toBe(parsed);
  };
  same({ ...put('prod/db'), account: null });
  same({ ...put('prod/db'), region: null });
  same(native(THEIRS, 'prod/db'));
  same(parameterChange({ place: THEIRS, at }, { arn: parameterAt(THEIRS), name: '/app/key' }));
  same(apiCall({ place: THEIRS, at }, 'PutSecretValue', {}));
  same({ ...put('prod/db'), source: 'aws.other' });
});

test('a name in a forwarded event becomes the partial ARN of the place of the event', () => {
  const named = (secretId: string) => {
    const event = placed(parseEvent(JSON.stringify(put(secretId))), HERE);
    return event.kind === 'cloudtrail' ? event.secret : undefined;
  };
  expect(named('prod/db')).toBe(arnAt(THEIRS, 'prod/db'));
  expect(named(arnAt(THEIRS))).toBe(arnAt(THEIRS));
});

test('a resource is of a trusted account if that is named, or may be of its organization', () => {
  const places = [HERE, FAR, THEIRS, OTHERS].map((place) => arnAt(place));
  const trusts = (trust: Partial<Trust>) => places.map((arn) => isOfTrusted(arn, { ...TRUST, ...trust }));
  expect(trusts({})).toEqual([false, false, true, false]);
  expect(trusts({ accounts: [HERE.account] })).toEqual([true, true, false, false]);
  expect(trusts({ accounts: [], organization: 'o-a1b2c3d4e5' })).toEqual([false, false, true, true]);
  expect(isOfTrusted('prod/db', TRUST)).toBe(false);
  expect(isOfTrusted(arnAt(THEIRS), { ...TRUST, queueArn: 'no ARN' })).toBe(true);
});
