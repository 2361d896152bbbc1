import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { begin, type FollowUp, type OpenService } from '../../functions/core/follow-up/follow-up.ts';
import { clusterArn } from '../../functions/core/model/arn.ts';
import { startScan } from '../../functions/core/read/scan.ts';
import {
  elementsIn,
  hasMoreElements,
  OversizedFollowUp,
  shareUnpacked,
} from '../../functions/formats/bounds.ts';
import { parseEvent } from '../../functions/formats/event.ts';
import {
  followUpBody,
  MalformedFollowUp,
  parseFollowUps,
  scanBody,
  shareOfMessage,
} from '../../functions/formats/follow-up.ts';
import { MalformedSnapshot, parseSnapshot } from '../../functions/formats/snapshot.ts';
import { BOMBS, START } from '../support/bombs.ts';
import { change } from '../support/build.ts';

const CLUSTER = clusterArn('arn:aws:ecs:eu-west-1:111122223333:cluster/main');
const open = (count: number, length: number): readonly OpenService[] =>
  Array.from({ length: count }, (_, i) => ({
    cluster: CLUSTER,
    name: `service-${i}-`.padEnd(length, 'x'),
    deploymentId: `ecs-svc/${String(1e18 + i * 7_777_777_777)}`,
    ours: true,
    lastLogged: 'wait rolling-out',
  }));
const followUp = (services: readonly OpenService[]): FollowUp => ({
  ...begin('change-1', [change()], 0),
  open: services,
});

describe('a follow-up that unpacks to more than a message of ours', () => {
  test.each(Object.keys(BOMBS))('is refused before it is read: %s', (name) => {
    const body = BOMBS[name] ?? '';
    expect(body.length).toBeLessThan(1_048_576);
    expect(() => parseFollowUps(body)).toThrow(MalformedFollowUp);
  });

  test('names a handful of its faults, however many it has', () => {
    const body = `${START},"followUps":[${'{},'.repeat(3_000)}{}]}`;
    expect(() => parseFollowUps(body)).toThrow(/; and \d+ more$/);
  });
});

test('an event with more values than AWS sends is refused before it is read', () => {
  const event = { id: 'a', source: 'b', 'detail-type': 'c', time: '2026-01-01T00:00:00Z', detail: {} };
  const body = JSON.stringify({ ...event, resources: Array.from({ length: 300_000 }, () => 0) });
  expect(() => parseEvent(body)).toThrow(/more than 200000 values/);
});

test('a snapshot with millions of values is no snapshot', () => {
  const bytes = gzipSync(`{"format":1,"revisions":[${'0,'.repeat(3_000_000)}0],"clusters":[]}`);
  expect(() => parseSnapshot(bytes)).toThrow(MalformedSnapshot);
  expect(() => parseSnapshot(bytes)).toThrow(/more than 500000 values/);
});

describe('what is written can be read back:', () => {
  test.each([
    [10_000, 64],
    [10_000, 255],
    [30_000, 20],
  ])('a change that waits for %i services with names of %i characters', (count, length) => {
    const written = followUp(open(count, length));
    const body = followUpBody([written]);
    expect(body.length).toBeLessThan(1_048_576);
    expect(parseFollowUps(body).followUps).toEqual([written]);
  });

  test('a scan that has matched and started 10,000 services', () => {
    const services = open(10_000, 64);
    const places = services.map(({ cluster, name }) => ({ cluster, name }));
    const started = services.map(({ cluster, name }) => ({ cluster, name, deploymentId: 'ecs-svc/1' }));
    const scan = { ...startScan([change()], [], 0), matched: places, started, remaining: [CLUSTER] };
    expect(parseFollowUps(scanBody(scan)).scans).toEqual([scan]);
  });

  test('what could not be read back is not written', () => {
    const tooMany = followUp(open(50_000, 20));
    expect(() => followUpBody([tooMany])).toThrow(OversizedFollowUp);
    expect(shareOfMessage(tooMany)).toBeGreaterThan(1);
    expect(shareOfMessage(followUp(open(10_000, 255)))).toBeLessThanOrEqual(1);
    const scan = { ...startScan([change()], [], 0), matched: open(210_000, 15) };
    expect(() => scanBody(scan)).toThrow(OversizedFollowUp);
  });
});

test.each<[unknown, number]>([
  [[], 2],
  [[1, 2, 3], 4],
  [{ a: [{}, {}], b: 'x' }, 7],
  ['text', 1],
])('of %j at most %i values are counted', (value, count) => {
  expect(elementsIn(JSON.stringify(value))).toBe(count);
  expect(hasMoreElements(JSON.stringify(value), count)).toBe(false);
  expect(hasMoreElements(JSON.stringify(value), count - 1)).toBe(true);
});

describe('of what a message may unpack to, a body takes', () => {
  test.each([
    ['nothing to speak of, if it is short', '{}', 2 / 200_000],
    ['its bytes, if it is long', 'x'.repeat(1_600_000), 0.1],
    ['its bytes, of which a character may take three', '€'.repeat(160_000), 0.03],
    ['its values, if it has many', '['.repeat(99_999), 0.5],
    ['more than all, if it has too many', '['.repeat(299_999), 1.5],
  ])('%s', (_, body, share) => {
    expect(shareUnpacked(body)).toBe(share);
  });
});

test('the error of a message that could not be read says what to do', () => {
  const error = new OversizedFollowUp(17_000_000);
  expect(error.name).toBe('OversizedFollowUp');
  expect(error.message).toContain('the message would have 17000000 characters');
  expect(error.message).toContain('more than the 200000 values or 16000000 bytes');
  expect(error.message).toContain('narrow it with clusters');
});
