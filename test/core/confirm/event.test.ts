import { describe, expect, test } from 'vitest';
import { claimOf } from '../../../functions/core/confirm/event.ts';
import { MalformedEvent, parseEvent } from '../../../functions/formats/event.ts';
import { readSample, sampleEvents } from '../../events/samples.ts';

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

describe('the parser of messages', () => {
  const native = readSample('secret-label-updated.json') as Record<string, unknown>;

  test.each([
    ['an empty text', '', 'not JSON'],
    ['a truncated event', JSON.stringify(native).slice(0, 100), 'not JSON'],
    ['null', 'null', 'not an EventBridge event'],
    ['a list', '[]', 'not an EventBridge event'],
    ['an event without an id', JSON.stringify({ ...native, id: undefined }), 'id: '],
    ['an event without a time', JSON.stringify({ ...native, time: 'soon' }), 'time: '],
    ['a label without a name', JSON.stringify({ ...native, detail: {} }), 'detail.labelUpdated: '],
    ['a label without a secret', JSON.stringify({ ...native, resources: [] }), 'resources'],
  ])('refuses %s and names the problem', (_, body, problem) => {
    expect(() => parseEvent(body)).toThrow(MalformedEvent);
    expect(() => parseEvent(body)).toThrow(problem);
  });

  test('does not quote the message in its error', () => {
    const body = '{"SecretString": "hunter2"';
    expect(() => parseEvent(body)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
    );
  });

  test('passes a CloudTrail event that does not name its secret, which is refused when its claim is read', () => {
    const event = readSample('cloudtrail-rotation-succeeded.json') as { detail: Record<string, unknown> };
    const nameless = { ...event, detail: { ...event.detail, additionalEventData: {} } };
    expect(() => claimOf(parseEvent(JSON.stringify(nameless)))).toThrow(
      'RotationSucceeded: the event does not say which',
    );
  });
});
