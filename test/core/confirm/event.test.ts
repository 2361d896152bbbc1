import { describe, expect, test } from 'vitest';
import {
  type Claim,
  type CloudTrailEvent,
  claimOf,
  type Event,
  resourceOf,
  sourceOf,
} from '../../../functions/core/confirm/event.ts';
import { isGone, NOTICES } from '../../../functions/core/model/change.ts';
import { parseEvent } from '../../../functions/formats/event.ts';
import { readSample, sampleEvents } from '../../events/samples.ts';
import { PARAMETER, SECRET } from '../../support/build.ts';

const NOT_A_CHANGE = ['none', 'noticed', 'secret-deleted'];

function claimed(file: string) {
  return claimOf(parseEvent(JSON.stringify(readSample(file))));
}

describe('each sample event means what expected.json says', () => {
  test.each(sampleEvents())('$file: $meaning', ({ event, meaning }) => {
    const { kind } = claimOf(parseEvent(JSON.stringify(event)));
    const found = kind === 'none' ? 'ignored' : NOT_A_CHANGE.includes(kind) ? 'notice' : 'change';
    expect(found).toBe(meaning);
  });
});

/** The reasons for which events that report no change are ignored. */
test.each([
  ['cloudtrail-put-secret-value-failed.json', 'failed-call'],
  ['cloudtrail-put-secret-value-pending.json', 'pending-label'],
  ['cloudtrail-update-secret-version-stage-pending.json', 'pending-label'],
  ['cloudtrail-update-secret-version-stage-removed.json', 'label-removed'],
  ['cloudtrail-rotate-secret.json', 'rotation-unfinished'],
  ['cloudtrail-rotation-started.json', 'rotation-unfinished'],
  ['cloudtrail-tag-resource.json', 'no-value-change'],
  ['cloudtrail-get-secret-value.json', 'no-value-change'],
  ['parameter-store-change-exception.json', 'failed-call'],
  ['parameter-store-change-label.json', 'parameter-labelled'],
  ['parameter-store-policy-no-change-notification.json', 'policy-reminder'],
  ['ec2-instance-state-change.json', 'other-event'],
])('%s is ignored with the reason %s', (file, reason) => {
  expect(claimed(file)).toEqual({ kind: 'none', reason });
});

describe('the secret of a CloudTrail event', () => {
  const full = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-a1B2c3';

  test.each([
    ['cloudtrail-put-secret-value.json', full],
    ['cloudtrail-put-secret-value-old-response.json', full],
    ['cloudtrail-put-secret-value-no-response.json', 'prod/db'],
    ['cloudtrail-rotation-succeeded.json', full],
  ])('in %s is %s', (file, secret) => {
    expect(claimed(file)).toMatchObject({ secret });
  });
});

test.each([
  ['cloudtrail-put-secret-value-no-response.json', 'prod/db'],
  ['parameter-store-change-label.json', PARAMETER],
  ['parameter-store-policy-no-change-notification.json', PARAMETER],
  ['ec2-instance-state-change.json', undefined],
])('a record about %s names the resource %s', (file, resource) => {
  const named = resourceOf(parseEvent(JSON.stringify(readSample(file))));
  expect(named?.replace(/parameter\/.*/, 'parameter/app/db/password')).toBe(resource);
});

const about = { id: 'event-1', time: 0 };
const label = (name: string): Event => ({
  ...about,
  kind: 'label-updated',
  arn: SECRET,
  label: name,
  versionId: 'v2',
});
const parameter = (operation: string, failed = false): Event => ({
  ...about,
  kind: 'parameter-change',
  arn: PARAMETER,
  operation,
  failed,
});
const policy = (name: string, failed = false): Event => ({
  ...about,
  kind: 'parameter-policy',
  arn: PARAMETER,
  policy: name,
  failed,
});
const call = (eventName: string, different: Partial<CloudTrailEvent> = {}): Event => ({
  ...about,
  kind: 'cloudtrail',
  eventName,
  failed: false,
  secret: 'prod/db',
  clientRequestToken: 'v2',
  ...different,
});
const none = (reason: Extract<Claim, { kind: 'none' }>['reason']): Claim => ({ kind: 'none', reason });
const noticed = (kind: 'secret' | 'parameter', arn: string, notice: (typeof NOTICES)[number]): Claim => ({
  kind: 'noticed',
  resource: kind,
  arn,
  notice,
});
const created = (...labelled: readonly string[]): Claim => ({
  kind: 'version-created',
  secret: 'prod/db',
  versionId: 'v2',
  labelled,
});
const moved = (name: string): Claim => ({
  kind: 'label-moved',
  secret: 'prod/db',
  label: name,
  versionId: 'v3',
});

describe('an event', () => {
  test.each<[string, Event, Claim]>([
    [
      'that a label moved',
      label('BLUE'),
      { kind: 'label-moved', secret: SECRET, label: 'BLUE', versionId: 'v2' },
    ],
    ['nothing if the label AWSPENDING moved', label('AWSPENDING'), none('pending-label')],
    ['that a parameter changed', parameter('Update'), { kind: 'parameter-changed', arn: PARAMETER }],
    [
      'that a parameter changed if it was created',
      parameter('Create'),
      { kind: 'parameter-changed', arn: PARAMETER },
    ],
    ['that a parameter is gone', parameter('Delete'), noticed('parameter', PARAMETER, 'deleted')],
    [
      'nothing if a version of a parameter was labelled',
      parameter('LabelParameterVersion'),
      none('parameter-labelled'),
    ],
    ['nothing if the operation on a parameter is unknown', parameter('Archive'), none('no-value-change')],
    ['nothing if the operation on a parameter failed', parameter('Update', true), none('failed-call')],
    ['that a parameter has expired', policy('Expiration'), noticed('parameter', PARAMETER, 'expired')],
    [
      'that a parameter is about to expire',
      policy('ExpirationNotification'),
      noticed('parameter', PARAMETER, 'expires-soon'),
    ],
    [
      'nothing if a parameter policy reminds of a missing change',
      policy('NoChangeNotification'),
      none('policy-reminder'),
    ],
    ['nothing if a parameter policy failed', policy('Expiration', true), none('failed-call')],
    ['that a rotation succeeded', call('RotationSucceeded'), { kind: 'rotated', secret: 'prod/db' }],
    ['that a rotation failed', call('RotationFailed'), noticed('secret', 'prod/db', 'rotation-failed')],
    [
      'that a rotation was abandoned',
      call('RotationAbandoned'),
      noticed('secret', 'prod/db', 'rotation-abandoned'),
    ],
    ['nothing if a rotation has begun', call('RotationStarted'), none('rotation-unfinished')],
    ['nothing if a rotation was requested', call('RotateSecret'), none('rotation-unfinished')],
    [
      'that PutSecretValue created a version under AWSCURRENT if it names no label',
      call('PutSecretValue'),
      created('AWSCURRENT'),
    ],
    [
      'that PutSecretValue created a version without a label if its list of labels is empty',
      call('PutSecretValue', { versionStages: [] }),
      created(),
    ],
    [
      'nothing if the new version is only AWSPENDING',
      call('PutSecretValue', { versionStages: ['AWSPENDING'] }),
      none('pending-label'),
    ],
    [
      'that a version was created under those of its labels that count',
      call('PutSecretValue', { versionStages: ['AWSPENDING', 'BLUE'] }),
      created('BLUE'),
    ],
    ['that UpdateSecret may have created a version', call('UpdateSecret'), created()],
    ['that CreateSecret may have created a version', call('CreateSecret'), created()],
    [
      'that a label was moved by hand',
      call('UpdateSecretVersionStage', { versionStage: 'BLUE', moveToVersionId: 'v3' }),
      moved('BLUE'),
    ],
    [
      'that AWSCURRENT was moved by hand if the call names no label',
      call('UpdateSecretVersionStage', { moveToVersionId: 'v3' }),
      moved('AWSCURRENT'),
    ],
    [
      'nothing if a label was removed by hand',
      call('UpdateSecretVersionStage', { versionStage: 'BLUE' }),
      none('label-removed'),
    ],
    [
      'nothing if AWSPENDING was moved by hand',
      call('UpdateSecretVersionStage', { versionStage: 'AWSPENDING', moveToVersionId: 'v3' }),
      none('pending-label'),
    ],
    ['that a secret is to be deleted', call('DeleteSecret'), { kind: 'secret-deleted', secret: 'prod/db' }],
    ['nothing if a secret was tagged', call('TagResource'), none('no-value-change')],
    ['nothing if the call failed', call('DeleteSecret', { failed: true }), none('failed-call')],
    ['nothing if it is of another kind', { ...about, kind: 'other' }, none('other-event')],
  ])('claims %s', (_, event, claim) => {
    expect(claimOf(event)).toEqual(claim);
  });

  test.each([
    [label('BLUE'), 'Secret Label Updated'],
    [parameter('Update'), 'Parameter Store Change'],
    [policy('Expiration'), 'Parameter Store Policy Action'],
    [call('PutSecretValue'), 'PutSecretValue'],
    [{ ...about, kind: 'other' } as const, 'other'],
  ])('such as %o has the source %s', (event, source) => {
    expect(sourceOf(event)).toBe(source);
  });
});

test('the notices of a deleted, missing or expired resource mean that no new task can start', () => {
  const notice = { changeId: 'n', kind: 'secret', arn: SECRET, at: 0, source: 'x' } as const;
  expect(NOTICES.filter((kind) => isGone({ ...notice, notice: kind }))).toEqual([
    'deleted',
    'scheduled-for-deletion',
    'not-found',
    'expired',
  ]);
});
