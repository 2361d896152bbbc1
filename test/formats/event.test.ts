import { describe, expect, test } from 'vitest';
import { claimOf } from '../../functions/core/confirm/event.ts';
import { MalformedEvent, parseEvent } from '../../functions/formats/event.ts';
import { readSample } from '../events/samples.ts';
import { ACCOUNT, PARAMETER, REGION } from '../support/build.ts';
import { anEvent } from '../support/hostile-bodies.ts';

const policyAction = (detail: object, resources: readonly string[] = [PARAMETER]) =>
  anEvent({
    'detail-type': 'Parameter Store Policy Action',
    resources,
    detail: { 'policy-type': 'Expiration', ...detail },
  });
const cloudTrail = (detail: object) =>
  anEvent({
    source: 'aws.secretsmanager',
    'detail-type': 'AWS API Call via CloudTrail',
    resources: [],
    detail: { eventName: 'PutSecretValue', ...detail },
  });
const parse = (event: object) => parseEvent(JSON.stringify(event));

describe('the parser of messages', () => {
  const native = readSample('secret-label-updated.json') as Record<string, unknown>;

  test.each([
    ['an empty text', '', 'not JSON'],
    ['a truncated event', JSON.stringify(native).slice(0, 100), 'not JSON'],
    ['null', 'null', 'not an EventBridge event'],
    ['a list', '[]', 'not an EventBridge event'],
    ['an event without an id', JSON.stringify({ ...native, id: undefined }), 'id: '],
    [
      'an event without a time',
      JSON.stringify({ ...native, time: 'soon' }),
      'time: expected an instant in ISO 8601',
    ],
    ['a label without a name', JSON.stringify({ ...native, detail: {} }), 'detail.labelUpdated: '],
    ['a label without a secret', JSON.stringify({ ...native, resources: [] }), 'resources'],
    ['a change without a parameter', JSON.stringify(anEvent({ resources: [] })), 'resources'],
    ['a policy without a parameter', JSON.stringify(policyAction({}, [])), 'resources'],
  ])('refuses %s and names the problem', (_, body, problem) => {
    expect(() => parseEvent(body)).toThrow(MalformedEvent);
    expect(() => parseEvent(body)).toThrow(problem);
    expect(() => parseEvent(body)).toThrow(expect.objectContaining({ name: 'MalformedEvent' }));
  });

  test('does not quote the message in its error', () => {
    const body = '{"SecretString": "hunter2"';
    expect(() => parseEvent(body)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
    );
  });

  test('keeps what the JSON parser said as the cause of its error', () => {
    expect(() => parseEvent('{')).toThrow(expect.objectContaining({ cause: expect.any(SyntaxError) }));
  });

  test('passes a CloudTrail event that does not name its secret, which is refused when its claim is read', () => {
    const event = readSample('cloudtrail-rotation-succeeded.json') as { detail: Record<string, unknown> };
    const nameless = { ...event, detail: { ...event.detail, additionalEventData: {} } };
    expect(() => claimOf(parseEvent(JSON.stringify(nameless)))).toThrow(
      'RotationSucceeded: the event does not say which',
    );
  });
});

test('a moved label is read with its secret and its version', () => {
  expect(parseEvent(JSON.stringify(readSample('secret-label-updated.json')))).toMatchObject({
    kind: 'label-updated',
    arn: expect.stringContaining(':secret:'),
    label: expect.any(String),
    versionId: expect.any(String),
  });
});

test.each([
  [undefined, false],
  ['the label was not attached', true],
])('the change of a parameter with the exception %j has failed: %j', (exception, failed) => {
  expect(parse(anEvent({ detail: { operation: 'Update', exception } }))).toMatchObject({
    kind: 'parameter-change',
    arn: PARAMETER,
    operation: 'Update',
    failed,
  });
});

test('an event of another kind is no more than that', () => {
  expect(parse(anEvent({ source: 'aws.ec2' }))).toMatchObject({ kind: 'other' });
});

test.each<[string, object]>([
  ['answer', { responseElements: { arn: 'told', aRN: 'old' }, additionalEventData: { SecretId: 'other' } }],
  [
    'answer before 2024',
    { responseElements: { aRN: 'told', ARN: 'old' }, requestParameters: { secretId: 'x' } },
  ],
  ['answer in capitals', { responseElements: { ARN: 'told' }, requestParameters: { secretId: 'x' } }],
  ['data', { additionalEventData: { SecretId: 'told' }, requestParameters: { secretId: 'asked' } }],
  ['id in the call', { requestParameters: { secretId: 'told', name: 'new' } }],
  ['name in the call', { requestParameters: { name: 'told' } }],
])('the secret of a call is the one that its %s names', (_, detail) => {
  expect(parse(cloudTrail(detail))).toMatchObject({ secret: 'told' });
});

test('a call is read with the labels and the versions that it moved', () => {
  const requestParameters = {
    clientRequestToken: 'version-3',
    versionStages: ['BLUE'],
    versionStage: 'GREEN',
    moveToVersionId: 'version-2',
  };
  expect(parse(cloudTrail({ requestParameters }))).toMatchObject(requestParameters);
});

test.each([
  ['Failed', true],
  ['failure', true],
  ['Success', false],
  ['Success, nothing failed', false],
  [null, false],
  [undefined, false],
])('the action of a policy with the status %j has failed: %j', (status, failed) => {
  expect(parse(policyAction({ 'action-status': status }))).toMatchObject({
    kind: 'parameter-policy',
    policy: 'Expiration',
    failed,
  });
});

test.each([
  ['AccessDenied', true],
  [null, false],
  [undefined, false],
])('a call with the error code %j has failed: %j', (errorCode, failed) => {
  expect(parse(cloudTrail({ errorCode }))).toMatchObject({ kind: 'cloudtrail', failed });
});

describe('an event says', () => {
  test('the accounts, the Regions and the resources that any of its parts names', () => {
    const event = cloudTrail({
      recipientAccountId: '444455556666',
      awsRegion: 'eu-west-2',
      name: 'in-detail',
      'parameter-name': 'in-policy',
      requestParameters: { secretId: 'asked', name: 'asked-by-name' },
      responseElements: { arn: 'answered', aRN: 'answered-before-2024', ARN: 'in-capitals', name: 'by-name' },
      additionalEventData: { SecretId: 'in-addition' },
    });
    expect(parse({ ...event, resources: ['in-resources'] }).said).toEqual({
      accounts: [ACCOUNT, '444455556666'],
      regions: [REGION, 'eu-west-2'],
      resources: [
        'in-resources',
        'in-detail',
        'in-policy',
        'asked',
        'asked-by-name',
        'answered',
        'answered-before-2024',
        'in-capitals',
        'by-name',
        'in-addition',
      ],
    });
  });

  test('nothing with what is absent, null, empty or no text', () => {
    const event = cloudTrail({
      awsRegion: '',
      name: 7,
      requestParameters: null,
      responseElements: { arn: null },
    });
    const { region, account, said } = parse({ ...event, region: '', account: null, resources: undefined });
    expect([region, account]).toEqual([undefined, undefined]);
    expect(said).toEqual({ accounts: [], regions: [], resources: [] });
  });
});
