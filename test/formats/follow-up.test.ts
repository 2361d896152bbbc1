import { describe, expect, test } from 'vitest';
import { packed } from '../../functions/core/follow-up/backoff.ts';
import { begin, type FollowUp } from '../../functions/core/follow-up/follow-up.ts';
import { merged } from '../../functions/core/follow-up/merged.ts';
import { clusterArn } from '../../functions/core/model/arn.ts';
import type { Scan } from '../../functions/core/read/scan.ts';
import {
  followUpBody,
  isFollowUp,
  MESSAGE_BYTES,
  parseFollowUps,
  scanBody,
  shareOfMessage,
} from '../../functions/formats/follow-up.ts';
import { change, NOW } from '../support/build.ts';

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
    ['that cannot be unpacked', '{"kind":"follow-up","version":1,"gzip":"xxxx"}', 'cannot be unpacked'],
  ])('%s is refused with an error that names the problem', (_, body, problem) => {
    expect(isFollowUp(body)).toBe(true);
    expect(() => parseFollowUps(body)).toThrow(problem);
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
