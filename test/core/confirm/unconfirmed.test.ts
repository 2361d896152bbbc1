import { expect, test } from 'vitest';
import { claimOf } from '../../../functions/core/confirm/event.ts';
import { toldByEvent, toldByRequest } from '../../../functions/core/confirm/unconfirmed.ts';
import { parseEvent } from '../../../functions/formats/event.ts';
import { apiCall, labelUpdated, type RawEvent, serviceEvent } from '../../support/events.ts';

const PLACE = { partition: 'aws', region: 'eu-west-1', account: '111122223333' };
const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-a1B2c3';
const PARAMETER = 'arn:aws:ssm:eu-west-1:111122223333:parameter/a-b1C2d3';
const AT = Date.UTC(2026, 10, 22);
const ENVELOPE = { place: PLACE, at: AT };
const MOVE = { versionStage: 'AWSCURRENT', moveToVersionId: 'v2' };
const TOKEN = { clientRequestToken: 'v2' };

const labelsTold = (raw: RawEvent) => {
  const event = parseEvent(JSON.stringify(raw));
  const told = toldByEvent(claimOf(event), event.kind, { changeId: event.id, at: AT, source: 'x' });
  for (const one of told)
    expect(one).toMatchObject({
      kind: 'secret',
      confirmed: false,
      optedOut: false,
      versionId: 'v2',
      changedAt: AT + 999,
    });
  return told.map(({ label }) => label);
};

test.each<readonly [string, readonly string[], RawEvent]>([
  ['the native event', ['AWSCURRENT'], labelUpdated(ENVELOPE, { arn: ARN, name: 'prod/db' }, 'v2')],
  [
    'the native event of a secret whose suffix looks like a word',
    ['AWSCURRENT'],
    labelUpdated(ENVELOPE, { arn: ARN.replace('a1B2c3', 'secret'), name: 'prod/db' }, 'v2'),
  ],
  [
    'a native event of AWSPENDING',
    [],
    labelUpdated(ENVELOPE, { arn: ARN, name: 'prod/db' }, 'v2', 'AWSPENDING'),
  ],
  [
    'a move of AWSPREVIOUS, which no value follows but that of a reference to it',
    ['AWSPREVIOUS'],
    labelUpdated(ENVELOPE, { arn: ARN, name: 'prod/db' }, 'v2', 'AWSPREVIOUS'),
  ],
  [
    'a move by ARN',
    ['AWSCURRENT'],
    apiCall(ENVELOPE, 'UpdateSecretVersionStage', { secretId: ARN, ...MOVE }),
  ],
  ['a move by name', [], apiCall(ENVELOPE, 'UpdateSecretVersionStage', { secretId: 'prod/db', ...MOVE })],
  [
    'a move by a partial ARN that ends like a full one',
    [],
    apiCall(ENVELOPE, 'UpdateSecretVersionStage', { secretId: ARN.replace('a1B2c3', 'secret'), ...MOVE }),
  ],
  [
    'a move by name with its answer',
    ['AWSCURRENT'],
    apiCall(
      ENVELOPE,
      'UpdateSecretVersionStage',
      { secretId: 'prod/db', ...MOVE },
      { responseElements: { arn: ARN } },
    ),
  ],
  ['a value by ARN', ['AWSCURRENT'], apiCall(ENVELOPE, 'PutSecretValue', { secretId: ARN, ...TOKEN })],
  [
    'a value with labels',
    ['blue', 'AWSCURRENT'],
    apiCall(ENVELOPE, 'PutSecretValue', { secretId: ARN, ...TOKEN, versionStages: ['blue', 'AWSCURRENT'] }),
  ],
  [
    'a value that is pending, or was current',
    ['blue'],
    apiCall(ENVELOPE, 'PutSecretValue', {
      secretId: ARN,
      ...TOKEN,
      versionStages: ['AWSPENDING', 'blue', 'AWSPREVIOUS'],
    }),
  ],
  [
    'a move in a parameter that ends like a secret',
    [],
    apiCall(ENVELOPE, 'UpdateSecretVersionStage', { secretId: PARAMETER, ...MOVE }),
  ],
  ['a value without its version', [], apiCall(ENVELOPE, 'PutSecretValue', { secretId: ARN })],
  ['an edit, which may move nothing', [], apiCall(ENVELOPE, 'UpdateSecret', { secretId: ARN, ...TOKEN })],
  ['a rotation, which names no version', [], serviceEvent(ENVELOPE, 'RotationSucceeded', ARN)],
  ['a deletion', [], apiCall(ENVELOPE, 'DeleteSecret', { secretId: ARN })],
])('without a description, %s tells of %j', (_, labels, event) => {
  expect(labelsTold(event)).toEqual(labels);
});

test('by hand a full ARN needs no description, and a name or the ARN of something else does', () => {
  const origin = { changeId: 'r', at: AT, source: 'request' };
  expect(toldByRequest(ARN, origin)).toMatchObject({ arn: ARN, changedAt: AT, confirmed: false });
  for (const other of ['prod/db', ARN.slice(0, -7), PARAMETER])
    expect(toldByRequest(other, origin)).toBeUndefined();
});
