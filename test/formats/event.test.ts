import { describe, expect, test } from 'vitest';
import { claimOf } from '../../functions/core/confirm/event.ts';
import { MalformedEvent, parseEvent } from '../../functions/formats/event.ts';
import { readSample } from '../events/samples.ts';

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
