import { describe, expect, test } from 'vitest';
import {
  type Claim,
  type CloudTrailEvent,
  claimOf,
  type Event,
  sourceOf,
} from '../../../functions/core/confirm/event.ts';
import { isGone, NOTICES } from '../../../functions/core/model/change.ts';
import { PARAMETER, SECRET } from '../../support/build.ts';

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
