import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MalformedEvent, parseEvent } from '../../functions/formats/event.ts';
import { MalformedFollowUp, parseFollowUps } from '../../functions/formats/follow-up.ts';
import { parseRequest, WrongRequest } from '../../functions/formats/request.ts';
import { MalformedSnapshot, parseSnapshot } from '../../functions/formats/snapshot.ts';
import { NOW } from '../support/build.ts';
import { anEvent, BODIES, CONTROL } from '../support/hostile-bodies.ts';

/** Expects an answer, or an error of the given kind with a message. */
function answers(read: () => unknown, refusal: new (message: string) => Error): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(refusal);
    expect(error).toHaveProperty('message', expect.stringMatching(/\S/));
  }
}
const zipped = (value: unknown) => gzipSync(JSON.stringify(value));
/** JSON in which some keys begin with `__proto__`. */
const anyJson = fc
  .jsonValue({ maxDepth: 4 })
  .map((value) => JSON.stringify(value).replaceAll(/"(?<first>[a-m])(?=[^"]*":)/g, '"__proto__$<first>'));

describe('among hostile inputs', () => {
  test('every event is understood or refused with an error that has a message', () => {
    for (const body of Object.values(BODIES)) answers(() => parseEvent(body), MalformedEvent);
    fc.assert(fc.property(anyJson, (body) => answers(() => parseEvent(body), MalformedEvent)));
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (body) => answers(() => parseEvent(body), MalformedEvent)),
    );
  });

  test('every event with any value in the place of one of its parts is understood or refused', () => {
    const part = fc.constantFrom(...Object.keys(anEvent()));
    fc.assert(
      fc.property(part, fc.jsonValue(), (name, value) =>
        answers(() => parseEvent(JSON.stringify(anEvent({ [name]: value }))), MalformedEvent),
      ),
    );
  });

  test('every follow-up is understood or refused with an error that has a message', () => {
    for (const body of Object.values(BODIES)) answers(() => parseFollowUps(body), MalformedFollowUp);
    fc.assert(
      fc.property(fc.jsonValue(), (followUps) =>
        answers(
          () => parseFollowUps(JSON.stringify({ kind: 'follow-up', version: 1, followUps })),
          MalformedFollowUp,
        ),
      ),
    );
  });

  test('every request is understood or refused with an error that has a message', () => {
    const fields = fc.record(
      {
        action: fc.constantFrom('redeploy', 'plan', 'uses', 'stale', '__proto__', 7),
        secret: fc.jsonValue(),
        parameter: fc.jsonValue(),
        services: fc.jsonValue(),
        clusters: fc.jsonValue(),
        at: fc.oneof(fc.jsonValue(), fc.constantFrom('+275760-09-13T00:00:00Z', '2026-02-30T00:00:00Z')),
        force: fc.jsonValue(),
        reason: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(fc.property(fields, (raw) => answers(() => parseRequest(raw, NOW), WrongRequest)));
    fc.assert(fc.property(fc.jsonValue(), (raw) => answers(() => parseRequest(raw, NOW), WrongRequest)));
  });

  test.each([
    ['bytes that are not an archive', Buffer.from('hello')],
    ['no bytes', Buffer.alloc(0)],
    ['an archive that is cut off', zipped({ format: 1 }).subarray(0, 12)],
    ['text that is not JSON', gzipSync('hello')],
    ['bytes that are not UTF-8', gzipSync(Buffer.from([0x22, 0xff, 0xfe, 0x22]))],
    ['a gzip bomb', gzipSync(Buffer.alloc(80_000_000, ' '))],
    ['lists a hundred thousand deep', gzipSync(BODIES['lists a hundred thousand deep'] ?? '')],
    ['only polluting keys', gzipSync('{"__proto__":{"format":1,"revisions":[],"clusters":[]}}')],
    [
      'a service with control characters',
      zipped({ format: 1, revisions: [], clusters: [['arn:aws:ecs:x:1:cluster/x', [[CONTROL, [], []]]]] }),
    ],
    [
      'a revision with an invalid ARN',
      zipped({ format: 1, revisions: [['arn:aws:iam::1:role/x', []]], clusters: [] }),
    ],
    [
      'a mention that names no resource',
      zipped({ format: 1, revisions: [], clusters: [], mentions: [[0, ['hunter2!']]] }),
    ],
    [
      'a mention of a revision that is no number',
      zipped({ format: 1, revisions: [], clusters: [], mentions: [['0', []]] }),
    ],
    [
      'a revision with a number that is no integer',
      zipped({ format: 1, revisions: [], clusters: [['arn:aws:ecs:x:1:cluster/x', [['api', [0.5], []]]]] }),
    ],
  ])('a snapshot of %s is refused', (_, bytes) => {
    expect(() => parseSnapshot(bytes)).toThrow(MalformedSnapshot);
  });

  test('a snapshot whose numbers point nowhere is read without those revisions', () => {
    const used = [-1, 7, 2 ** 53 - 1];
    const clusters = [['arn:aws:ecs:x:1:cluster/x', [['__proto__', used, []]]]];
    const [services] = parseSnapshot(zipped({ format: 1, revisions: [], clusters })).clusters.values();
    expect([...(services ?? [])]).toEqual([['__proto__', { revisions: [], own: [] }]]);
  });
});

describe('a key of a prototype', () => {
  test('in a request counts as an unknown key', () => {
    const raw: unknown = JSON.parse('{"action":"plan","secret":"prod/db","__proto__":{"force":true}}');
    answers(() => expect(parseRequest(raw, NOW).force).toBe(false), WrongRequest);
    expect(() => parseRequest({ action: 'plan', secret: 'prod/db', constructor: 1 }, NOW)).toThrow(
      /constructor/,
    );
  });

  test('in an event has no effect', () => {
    const event = parseEvent(BODIES['polluting keys'] ?? '');
    expect(event).toMatchObject({ kind: 'parameter-change', operation: 'Update', failed: false });
    expect(event).not.toHaveProperty('polluted');
    expect(({} as { polluted?: true }).polluted).toBeUndefined();
  });
});
