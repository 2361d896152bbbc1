import { describe, expect, test } from 'vitest';
import {
  type Claim,
  type CloudTrailEvent,
  claimOf,
  type Event,
  sourceOf,
} from '../../functions/core/confirm/event.ts';
import { isGone, NOTICES } from '../../functions/core/model/change.ts';
import { PARAMETER, SECRET } from '../build.ts';

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

describe('an event claims', () => {
  test.each<[string, Event, Claim]>([
    [
      'that a label moved',
      label('BLUE'),
      { kind: 'label-moved', secret: SECRET, label: 'BLUE', versionId: 'v2' },
    ],
    ['nothing of AWSPENDING', label('AWSPENDING'), none('pending-label')],
    ['that a parameter changed', parameter('Update'), { kind: 'parameter-changed', arn: PARAMETER }],
    ['the same of one that was made', parameter('Create'), { kind: 'parameter-changed', arn: PARAMETER }],
    ['that a parameter is gone', parameter('Delete'), noticed('parameter', PARAMETER, 'deleted')],
    ['nothing of a label of a parameter', parameter('LabelParameterVersion'), none('parameter-labelled')],
    ['nothing of what nobody knows', parameter('Archive'), none('no-value-change')],
    ['nothing of what failed', parameter('Update', true), none('failed-call')],
    ['that a parameter has expired', policy('Expiration'), noticed('parameter', PARAMETER, 'expired')],
    [
      'that one is about to',
      policy('ExpirationNotification'),
      noticed('parameter', PARAMETER, 'expires-soon'),
    ],
    ['nothing of a reminder', policy('NoChangeNotification'), none('policy-reminder')],
    ['nothing of a policy that failed', policy('Expiration', true), none('failed-call')],
    ['that a rotation succeeded', call('RotationSucceeded'), { kind: 'rotated', secret: 'prod/db' }],
    ['that one failed', call('RotationFailed'), noticed('secret', 'prod/db', 'rotation-failed')],
    ['that one was abandoned', call('RotationAbandoned'), noticed('secret', 'prod/db', 'rotation-abandoned')],
    ['nothing of one that has begun', call('RotationStarted'), none('rotation-unfinished')],
    ['nothing of one that is to begin', call('RotateSecret'), none('rotation-unfinished')],
    ['that a value was put', call('PutSecretValue'), created('AWSCURRENT')],
    ['that one was put under no label', call('PutSecretValue', { versionStages: [] }), created()],
    [
      'nothing of one that is pending',
      call('PutSecretValue', { versionStages: ['AWSPENDING'] }),
      none('pending-label'),
    ],
    [
      'of one under several labels those that count',
      call('PutSecretValue', { versionStages: ['AWSPENDING', 'BLUE'] }),
      created('BLUE'),
    ],
    ['that an update may have made a version', call('UpdateSecret'), created()],
    ['that a secret was made, perhaps with one', call('CreateSecret'), created()],
    [
      'that a label was moved by hand',
      call('UpdateSecretVersionStage', { versionStage: 'BLUE', moveToVersionId: 'v3' }),
      moved('BLUE'),
    ],
    [
      'that it was AWSCURRENT, if none is named',
      call('UpdateSecretVersionStage', { moveToVersionId: 'v3' }),
      moved('AWSCURRENT'),
    ],
    [
      'nothing if it was removed',
      call('UpdateSecretVersionStage', { versionStage: 'BLUE' }),
      none('label-removed'),
    ],
    [
      'nothing if it was AWSPENDING',
      call('UpdateSecretVersionStage', { versionStage: 'AWSPENDING', moveToVersionId: 'v3' }),
      none('pending-label'),
    ],
    ['that a secret is to be deleted', call('DeleteSecret'), { kind: 'secret-deleted', secret: 'prod/db' }],
    ['nothing of a tag', call('TagResource'), none('no-value-change')],
    ['nothing of a call that failed', call('DeleteSecret', { failed: true }), none('failed-call')],
    ['nothing if it is no event of ours', { ...about, kind: 'other' }, none('other-event')],
  ])('%s', (_, event, claim) => {
    expect(claimOf(event)).toEqual(claim);
  });

  test.each([
    [label('BLUE'), 'Secret Label Updated'],
    [parameter('Update'), 'Parameter Store Change'],
    [policy('Expiration'), 'Parameter Store Policy Action'],
    [call('PutSecretValue'), 'PutSecretValue'],
    [{ ...about, kind: 'other' } as const, 'other'],
  ])('it as %o, in the words of AWS: %s', (event, source) => {
    expect(sourceOf(event)).toBe(source);
  });
});

test('of the notices these mean that no new task can start', () => {
  const notice = { changeId: 'n', kind: 'secret', arn: SECRET, at: 0, source: 'x' } as const;
  expect(NOTICES.filter((kind) => isGone({ ...notice, notice: kind }))).toEqual([
    'deleted',
    'scheduled-for-deletion',
    'not-found',
    'expired',
  ]);
});
