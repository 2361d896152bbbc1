import { expect, test } from 'vitest';
import { MalformedEvent } from '../../functions/formats/event.ts';
import { isFollowUp } from '../../functions/formats/follow-up.ts';
import { eventWithin, forwardedBody, isForwarded } from '../../functions/formats/forwarded.ts';

test('an event is carried as it came, however often', () => {
  const event = '{ "id": "a", "detail": {"x": "}"} }';
  const once = forwardedBody(event);
  expect(isForwarded(once) && JSON.parse(once) !== undefined).toBe(true);
  expect(forwardedBody(once)).toBe(once);
  expect(eventWithin(once)).toBe(event);
});

test('neither an event nor a follow-up is taken for one', () => {
  expect(isForwarded('{"id":"a"}')).toBe(false);
  expect(isForwarded('{"kind":"follow-up","version":1}')).toBe(false);
  expect(isFollowUp(forwardedBody('{}'))).toBe(false);
});

test('another version, or a message that is cut off, cannot be read', () => {
  for (const body of [
    '{"kind":"forwarded","version":2,"event":{}}',
    '{"kind":"forwarded"',
    forwardedBody('{}').slice(0, -2),
  ])
    expect(() => eventWithin(body)).toThrow(
      new MalformedEvent('the message is no forwarded event of a version that this code reads'),
    );
});
