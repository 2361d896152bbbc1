import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { packed } from '../../functions/core/follow-up/backoff.ts';
import { begin, type FollowUp, NOTHING_YET } from '../../functions/core/follow-up/follow-up.ts';
import { merged } from '../../functions/core/follow-up/merged.ts';
import { clusterArn } from '../../functions/core/model/arn.ts';
import type { Change } from '../../functions/core/model/change.ts';
import { type Scan, startScan } from '../../functions/core/read/scan.ts';
import { elementsIn, MESSAGE_ELEMENTS, OversizedFollowUp } from '../../functions/formats/bounds.ts';
import {
  followUpBody,
  isFollowUp,
  MESSAGE_BYTES,
  parseFollowUps,
  scanBody,
  shareOfMessage,
  triggersIn,
} from '../../functions/formats/follow-up.ts';
import { change, NOW } from '../support/build.ts';
import { dice } from '../support/dice.ts';

const CLUSTER = clusterArn('arn:aws:ecs:eu-west-1:111122223333:cluster/main');
const open = (count: number, length: number): FollowUp['open'] =>
  Array.from({ length: count }, (_, i) => ({
    cluster: CLUSTER,
    name: `${i}-`.padEnd(length, 'x'),
    deploymentId: `ecs-svc/${1_000_000_000_000_000_000 + i}`,
    ours: true,
    lastLogged: 'wait rolling-out',
  }));
const followUp = (different: Partial<FollowUp> = {}): FollowUp => ({
  ...begin('change-1', [change()], NOW),
  hop: 3,
  ...different,
});

describe('a follow-up', () => {
  test('is read as it was written', () => {
    const written = followUp({ open: open(3, 10), failedWave: 2 });
    const body = followUpBody([written]);
    expect(isFollowUp(body)).toBe(true);
    expect(parseFollowUps(body)).toEqual({ followUps: [written], scans: [] });
  });

  test.each<[string, Partial<FollowUp>]>([
    ['an end that is known', { knownEnd: NOW + 1 }],
    ['an end of old tasks', { exposureEnd: { at: NOW, by: 'look' } }],
    ['redeploys that were not made', { notMade: 4 }],
    ['what was seen missing', { missing: [{ id: 'prod/db', at: NOW }] }],
    ['what is unread and given up', { unread: [{ cluster: CLUSTER, name: 'dark' }], givenUp: true }],
    ['a cluster that is unread', { unread: [{ cluster: CLUSTER, except: ['seen'] }] }],
    ['a change that is not confirmed', { changes: [change({ confirmed: false })] }],
    ['a change of a replica that is behind', { changes: [change({ behind: true })] }],
    ['a change whose instant is not known', { changes: [change({ possiblyUntil: NOW })] }],
  ])('is read as it was written with %s', (_, different) => {
    const written = followUp(different);
    expect(parseFollowUps(followUpBody([written])).followUps).toStrictEqual([written]);
  });

  test('is read beside another one of its message', () => {
    const both = [followUp(), followUp({ changeId: 'change-2', hop: 0 })];
    expect(parseFollowUps(followUpBody(both)).followUps).toEqual(both);
  });

  test('of a scan to which nothing was refused says nothing of it', () => {
    const body = scanBody(startScan([change()], [], NOW));
    expect(JSON.parse(body)).not.toHaveProperty('readings.0.unread');
  });

  test('carries only the fields that a later look needs', () => {
    const { changeId, kind, arn, changedAt, source, optedOut } = change();
    const least: Change = { changeId, kind, arn, changedAt, source, optedOut };
    const body = followUpBody([followUp({ changes: [{ ...least, invalidTag: true, gone: 'whole' }] })]);
    expect(JSON.parse(body)).toStrictEqual({
      kind: 'follow-up',
      version: 1,
      followUps: [
        {
          changeId: 'change-1',
          changes: [least],
          firstHandledAt: NOW,
          hop: 3,
          open: [],
          tally: NOTHING_YET,
          denied: false,
          failedWave: null,
        },
      ],
    });
  });

  test('starts a trigger for each change and each scan of its message', () => {
    const scan = startScan([change()], [], NOW);
    expect(triggersIn(followUpBody([followUp()]), 'message-1')).toEqual([
      { kind: 'follow-up', messageId: 'message-1', followUp: followUp() },
    ]);
    expect(triggersIn(scanBody(scan), 'message-2')).toEqual([{ kind: 'scan', messageId: 'message-2', scan }]);
  });

  /** Whose message, not packed, has this many characters. */
  const ofLength = (length: number) =>
    followUp({ changeId: 'x'.repeat(length - followUpBody([followUp({ changeId: '' })]).length) });

  test('is not packed if its message has 900,000 characters', () => {
    expect(followUpBody([ofLength(MESSAGE_BYTES)])).toHaveLength(MESSAGE_BYTES);
  });

  test('is packed if its message is longer', () => {
    expect(JSON.parse(followUpBody([ofLength(MESSAGE_BYTES + 1)]))).toEqual({
      kind: 'follow-up',
      version: 1,
      gzip: expect.any(String),
    });
  });

  test('is packed if its message has more bytes, of which a character may take three', () => {
    expect(JSON.parse(followUpBody([followUp({ changeId: '€'.repeat(MESSAGE_BYTES / 3) })]))).toHaveProperty(
      'gzip',
    );
  });

  test('is read from a packed message', () => {
    const gzip = gzipSync(followUpBody([followUp()])).toString('base64');
    expect(parseFollowUps(JSON.stringify({ kind: 'follow-up', version: 1, gzip }))).toEqual({
      followUps: [followUp()],
      scans: [],
    });
  });

  test.each<[string, Partial<FollowUp>, number]>([
    ['that any version reads', {}, 1],
    ['of which something is unread', { unread: [{ cluster: CLUSTER, name: 'dark' }] }, 3],
    ['that is followed beyond its time limit', { limitRecorded: true }, 4],
    ['that knows of a denied wave', { deniedWave: 0, triedAt: NOW + 1 }, 5],
  ])('%s is written in the lowest version that can express it', (_, different, version) => {
    const written = followUp(different);
    const body = followUpBody([written]);
    expect(JSON.parse(body)).toMatchObject({ version });
    expect(parseFollowUps(body).followUps).toEqual([written]);
  });

  test.each<Scan['remaining']>(['all', [CLUSTER]])(
    'of a scan with %j remaining is read as it was written',
    (left) => {
      const reading = {
        changes: [change()],
        notices: [],
        firstHandledAt: NOW,
        matched: [{ cluster: CLUSTER, name: 'api' }],
        started: [{ cluster: CLUSTER, name: 'web', deploymentId: 'ecs-svc/1' }],
        remaining: left,
        unread: [],
      };
      expect(parseFollowUps(scanBody(reading))).toEqual({ followUps: [], scans: [reading] });
    },
  );

  test.each<[string, Partial<Scan>, number]>([
    ['that goes on', { remaining: [CLUSTER] }, 1],
    ['that has not begun', {}, 2],
    [
      'to which a cluster was refused',
      { remaining: [CLUSTER], unread: [{ arn: CLUSTER, cluster: 'main', why: 'refused' }] },
      3,
    ],
  ])('of a scan %s is written in the lowest version that can express it', (_, different, version) => {
    const scan = { ...startScan([change()], [], NOW), ...different };
    expect(JSON.parse(scanBody(scan))).toMatchObject({ version });
    expect(parseFollowUps(scanBody(scan)).scans).toEqual([scan]);
  });

  test('about 5,000 services with the longest names fits into one SQS message, and no service is lost', () => {
    const written = followUp({ open: open(5_000, 255) });
    const body = followUpBody([written]);
    expect(body.length).toBeLessThan(1_048_576);
    expect(parseFollowUps(body).followUps).toEqual([written]);
  });

  test('of 200 changes with 100 services each needs hardly more messages than its size demands', () => {
    const many = Array.from({ length: 200 }, (_, i) =>
      followUp({ changeId: `change-${i}`, open: open(100, 20) }),
    );
    const messages = packed(many, shareOfMessage, 1);
    expect(messages.flat()).toEqual(many);
    for (const message of messages) expect(followUpBody(message).length).toBeLessThan(1_048_576);
    const bytes = many.reduce((sum, one) => sum + followUpBody([one]).length, 0);
    expect(messages.length).toBeLessThanOrEqual(Math.ceil(bytes / MESSAGE_BYTES) + 1);
  });

  test.each([
    ['of an unreadable format', '{"kind":"follow-up","version":"1"}', 'followUps: '],
    ['of a newer format', '{"kind":"follow-up","version":6,"followUps":[]}', 'format version 6'],
    ['that is cut off', followUpBody([followUp()]).slice(0, 60), 'not JSON'],
    ['without changes', followUpBody([followUp({ changes: [] })]), 'changes'],
    ['with a negative hop', followUpBody([followUp({ hop: -1 })]), 'hop'],
    [
      'with an instant beyond the range of dates',
      followUpBody([followUp({ firstHandledAt: 1e300 })]),
      'firstHandledAt',
    ],
    [
      'with an instant before 1970',
      followUpBody([followUp({ changes: [change({ changedAt: -1 })] })]),
      'changedAt',
    ],
    [
      'that cannot be unpacked',
      '{"kind":"follow-up","version":1,"gzip":"xxxx"}',
      'cannot be unpacked, or unpacks to more than 16 MB',
    ],
    [
      'with more values than any of ours',
      `{"kind":"follow-up","version":1,"followUps":[${'0,'.repeat(200_000)}0]}`,
      'more than 200000 values',
    ],
  ])('%s is refused with an error that names the problem', (_, body, problem) => {
    expect(isFollowUp(body)).toBe(true);
    expect(() => parseFollowUps(body)).toThrow(problem);
    expect(() => parseFollowUps(body)).toThrow(expect.objectContaining({ name: 'MalformedFollowUp' }));
  });

  test.each([
    ['{"kind":"follow-up","version":', expect.any(SyntaxError)],
    ['{"kind":"follow-up","version":1,"gzip":"xxxx"}', expect.objectContaining({ code: 'Z_DATA_ERROR' })],
  ])('%s is refused with an error that keeps its cause', (body, cause) => {
    expect(() => parseFollowUps(body)).toThrow(expect.objectContaining({ cause }));
  });

  test('that is received twice is merged and waits for the services of both messages', () => {
    const [first, second] = open(2, 10);
    if (first === undefined || second === undefined)
      throw new Error('expected two open services, found fewer');
    const delivery = { messageIds: ['message-1'] };
    const one = { ...followUp({ open: [first], failedWave: 3 }), ...delivery };
    const other = { ...followUp({ open: [first, second], failedWave: 1, hop: 5 }), ...delivery };
    expect(merged([one, other])).toEqual([{ ...other, open: [first, second], failedWave: 1 }]);
  });
});

describe('of what a message may hold, a follow-up takes', () => {
  /** With this many values at most: what stands behind a comma may be one. */
  const ofValues = (count: number, text = '') => {
    const others = elementsIn(followUpBody([followUp({ changeId: text })]));
    return followUp({ changeId: text + ','.repeat(count - others) });
  };

  test('its bytes, if it is long', () => {
    const long = followUp({ changeId: 'x'.repeat(100_000) });
    expect(shareOfMessage(long)).toBe(followUpBody([long]).length / MESSAGE_BYTES);
  });

  test('its values, if it has many', () => {
    expect(shareOfMessage(ofValues(50_000))).toBe(50_000 / MESSAGE_ELEMENTS);
  });

  test('all, if it has as many values as can be read, and is then still written', () => {
    const full = ofValues(MESSAGE_ELEMENTS);
    expect(shareOfMessage(full)).toBe(1);
    expect(isFollowUp(followUpBody([full]))).toBe(true);
  });

  test('more than there is, if it is too long even when it is packed', () => {
    const random = dice(1);
    const codes = Array.from({ length: 450_000 }, () => random.int(0x4e_00, 0x9f_ff));
    const text = codes.map((code) => String.fromCodePoint(code)).join('');
    expect(shareOfMessage(ofValues(MESSAGE_ELEMENTS, text))).toBeGreaterThan(1);
  });

  test('more than there is, if it has more values than can be read, and is then not written', () => {
    const tooMany = ofValues(MESSAGE_ELEMENTS + 1);
    expect(shareOfMessage(tooMany)).toBe((MESSAGE_ELEMENTS + 1) / MESSAGE_ELEMENTS);
    expect(() => followUpBody([tooMany])).toThrow(OversizedFollowUp);
  });
});
