import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { clusterArn, taskDefinitionArn } from '../../functions/core/model/arn.ts';
import { followUpBody, isFollowUp, parseFollowUps, scanBody } from '../../functions/formats/follow-up.ts';
import { parseRequest } from '../../functions/formats/request.ts';
import { parseSnapshot, snapshotBytes } from '../../functions/formats/snapshot.ts';

/**
 * Messages and snapshots outlive an upgrade. The files in stored/ were written by commit 0d48a19, before the code got its
 * present names: they are understood, and what is written today is the same.
 */
const stored = (name: string) => readFileSync(`test/formats/stored/${name}`);
const text = (name: string) => stored(name).toString();

const NOW = Date.UTC(2026, 10, 28, 3, 10);
const MAIN = clusterArn('arn:aws:ecs:eu-west-1:111122223333:cluster/main');
const EDGE = clusterArn('arn:aws:ecs:eu-west-1:111122223333:cluster/edge');
const CHANGE = {
  changeId: '0b2d4b7e-6f0a-4f7c-9f8e-0a3c5d7e9f10',
  kind: 'secret',
  arn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-a1B2c3',
  label: 'AWSCURRENT',
  versionId: '4b1c0a52-7d7a-4f6e-8a53-5a1f0e9d2c11',
  changedAt: NOW,
  possiblyUntil: NOW + 5_000,
  source: 'Secret Label Updated',
  optedOut: false,
};
const FOLLOW_UP = {
  changeId: CHANGE.changeId,
  changes: [
    CHANGE,
    {
      changeId: 'request-1',
      kind: 'parameter',
      arn: 'arn:aws:ssm:eu-west-1:111122223333:parameter/app/key',
      changedAt: NOW,
      source: 'request',
      optedOut: true,
    },
  ],
  firstHandledAt: NOW + 2_000,
  triedAt: NOW + 2_000,
  hop: 3,
  open: [
    {
      cluster: MAIN,
      name: 'api',
      deploymentId: 'ecs-svc/1234567890123456789',
      ours: true,
      lastLogged: 'wait rolling-out',
    },
    { cluster: MAIN, name: 'web', deploymentId: null, ours: false, lastLogged: 'wait earlier-wave' },
    { cluster: EDGE, name: 'api', deploymentId: 'ecs-svc/9', ours: false, lastLogged: 'wait rolling-out' },
  ],
  tally: { redeployed: 2, fresh: 1, failed: 1, skipped: 4, left: 2 },
  denied: false,
  failedWave: 1,
  deniedWave: null,
  unread: [],
  givenUp: false,
  limitRecorded: false,
  knownEnd: null,
  exposureEnd: null,
  notMade: 0,
};
const SCAN = {
  changes: [CHANGE],
  notices: [
    {
      changeId: 'event-2',
      kind: 'secret',
      arn: 'prod/old',
      notice: 'not-found',
      at: NOW,
      source: 'DeleteSecret',
    },
  ],
  firstHandledAt: NOW + 2_000,
  unread: [],
};

describe('what an earlier version wrote is understood', () => {
  test('a message with two follow-ups', () => {
    const body = text('follow-up.txt');
    const other = { ...FOLLOW_UP, changeId: 'other', open: [], denied: true, failedWave: null };
    expect(isFollowUp(body)).toBe(true);
    expect(parseFollowUps(body)).toEqual({ followUps: [FOLLOW_UP, other], scans: [] });
    expect(followUpBody(parseFollowUps(body).followUps)).toBe(body);
  });

  test('a message that had to be packed', () => {
    const body = text('follow-up-packed.txt');
    const { followUps } = parseFollowUps(body);
    expect(isFollowUp(body)).toBe(true);
    expect(followUps.map(({ open, ...others }) => ({ ...others, open: open.length }))).toEqual([
      { ...FOLLOW_UP, open: 9_000 },
    ]);
    expect(parseFollowUps(followUpBody(followUps))).toEqual(parseFollowUps(body));
  });

  test('a scan that goes on', () => {
    const body = text('scan-continued.txt');
    const matched = ['api', 'web'].map((name) => ({ cluster: MAIN, name }));
    const started = [{ cluster: MAIN, name: 'api', deploymentId: 'ecs-svc/7' }];
    const scan = { ...SCAN, matched, started, remaining: [EDGE] };
    expect(parseFollowUps(body)).toEqual({ followUps: [], scans: [scan] });
    expect(parseFollowUps(body).scans.map(scanBody)).toEqual([body]);
  });

  test('a scan that has not begun', () => {
    const body = text('scan-not-begun.txt');
    const scan = { ...SCAN, matched: [], started: [], remaining: 'all' };
    expect(parseFollowUps(body)).toEqual({ followUps: [], scans: [scan] });
    expect(parseFollowUps(body).scans.map(scanBody)).toEqual([body]);
  });

  test('a snapshot of the fleet', () => {
    const bytes = stored('snapshot.json.gz');
    const revision = taskDefinitionArn('arn:aws:ecs:eu-west-1:111122223333:task-definition/api:7');
    const also = { place: 'also', valueFrom: 'rds?db-1a2b' };
    const snapshot = parseSnapshot(bytes);
    expect(snapshot.clusters.get(MAIN)?.get('api')).toEqual({ revisions: [revision], own: [also] });
    expect([...snapshot.revisions]).toEqual([
      [
        revision,
        [
          { place: 'secrets', valueFrom: `${CHANGE.arn}:password::` },
          { place: 'pull', valueFrom: 'registry' },
        ],
      ],
    ]);
    expect(gunzipSync(snapshotBytes(snapshot)).toString()).toBe(gunzipSync(bytes).toString());
  });

  test('requests', () => {
    expect(parseRequest(JSON.parse(text('request.json')), NOW)).toEqual({
      action: 'redeploy',
      secrets: ['prod/db'],
      parameters: ['/app/key', 'key'],
      services: [],
      clusters: ['prod-*'],
      at: Date.UTC(2026, 10, 22, 3, 10),
      force: true,
      reason: 'leaked in a ticket',
    });
    expect(parseRequest(JSON.parse(text('request-services.json')), NOW)).toMatchObject({
      action: 'plan',
      services: [
        { cluster: 'main', name: 'api' },
        { name: 'web', asGiven: 'arn:aws:ecs:eu-west-1:111122223333:service/web' },
      ],
    });
  });
});
