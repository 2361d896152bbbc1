import { describe, expect, test } from 'vitest';
import { NOTHING_YET } from '../../functions/core/follow-up/follow-up.ts';
import { NOTICES } from '../../functions/core/model/change.ts';
import { DEPLOYMENT_STATES } from '../../functions/core/model/rollout.ts';
import { MalformedFollowUp, parseFollowUps } from '../../functions/formats/follow-up.ts';
import { change, NOW, notice, service } from '../support/build.ts';

const CLUSTER = service().cluster.arn;
const LAST = 8_640_000_000_000_000;

/** What a message has to hold. */
const NEEDED = {
  changeId: 'change-1',
  changes: [change()],
  firstHandledAt: NOW,
  hop: 3,
  open: [[CLUSTER, [['api', 'ecs-svc/1', true, 'wait rolling-out']]]],
  tally: NOTHING_YET,
  denied: false,
  failedWave: null,
};
const SCAN = { changes: [change()], notices: [notice()], firstHandledAt: NOW, matched: [], left: 'all' };

const message = (content: object) => JSON.stringify({ kind: 'follow-up', version: 1, ...content });
const read = (different: object) =>
  parseFollowUps(message({ followUps: [{ ...NEEDED, ...different }] })).followUps[0];
const readScan = (different: object) =>
  parseFollowUps(message({ followUps: [], readings: [{ ...SCAN, ...different }] })).scans[0];
const rollout = (different: object) => ({ rollouts: [[CLUSTER, [['api', different]]]] });
const open = (...one: readonly unknown[]) => ({ open: [[CLUSTER, [one]]] });

test('a follow-up with nothing but what it has to hold is read with defaults', () => {
  const service = { cluster: CLUSTER, name: 'api', deploymentId: 'ecs-svc/1', ours: true };
  expect(read({})).toStrictEqual({
    ...NEEDED,
    open: [{ ...service, lastLogged: 'wait rolling-out' }],
    triedAt: NOW,
    deniedWave: null,
    unread: [],
    givenUp: false,
    limitRecorded: false,
    knownEnd: null,
    exposureEnd: null,
    notMade: 0,
  });
});

test('a scan with nothing but what it has to hold is read with defaults', () => {
  expect(readScan({})).toStrictEqual({
    changes: [change()],
    notices: [notice()],
    firstHandledAt: NOW,
    matched: [],
    started: [],
    remaining: 'all',
    unread: [],
  });
});

describe('a follow-up is read', () => {
  test.each<[string, object]>([
    ['with a change that is not confirmed', { changes: [change({ confirmed: false })] }],
    ['with a change of a replica that is behind', { changes: [change({ behind: true })] }],
    ['with a change of an instant that is not known', { changes: [change({ possiblyUntil: LAST })] }],
    ['with a change of a parameter', { changes: [change({ kind: 'parameter' })] }],
    ['with a change of a service', { changes: [change({ kind: 'service' })] }],
    ['with a wave that failed', { failedWave: 0 }],
    ['with a wave that was denied', { deniedWave: 1 }],
    ['with a later look', { triedAt: NOW + 1 }],
    ['that is given up', { givenUp: true }],
    ['that is followed beyond its limit', { limitRecorded: true }],
    ['with an end that is known', { knownEnd: 0 }],
    ['with an end that an old task shows', { exposureEnd: { at: NOW, by: 'stopped-task' } }],
    ['with an end that a deployment shows', { exposureEnd: { at: NOW, by: 'service-deployment' } }],
    ['with an end that a look shows', { exposureEnd: { at: NOW, by: 'look' } }],
  ])('%s', (_, different) => {
    expect(read(different)).toMatchObject(different);
  });

  test('with what is unread, clusters first', () => {
    const unread = { services: [[CLUSTER, ['dark', 'night']]], clusters: [[CLUSTER, ['seen']]] };
    expect(read({ unread })?.unread).toStrictEqual([
      { cluster: CLUSTER, except: ['seen'] },
      { cluster: CLUSTER, name: 'dark' },
      { cluster: CLUSTER, name: 'night' },
    ]);
  });

  test('with what is missing', () => {
    expect(read({ missing: [['prod/db', 7]] })?.missing).toStrictEqual([{ id: 'prod/db', at: 7 }]);
  });

  test.each(DEPLOYMENT_STATES)('with a deployment that is %s', (state) => {
    const seen = { state, since: NOW, alarmed: true };
    expect(read(rollout({ ...seen, ran: 1 }))?.open).toMatchObject([{ rollout: seen, ranBefore: 1 }]);
  });
});

describe('a scan is read', () => {
  test.each(NOTICES)('with a notice that the resource is %s', (told) => {
    const notices = [notice({ notice: told, fullArnOnly: true })];
    expect(readScan({ notices })?.notices).toStrictEqual(notices);
  });

  test('with the services and the clusters that it has seen', () => {
    expect(
      readScan({
        matched: [[CLUSTER, ['api']]],
        started: [[CLUSTER, [['web', 'ecs-svc/1']]]],
        left: [CLUSTER],
        unread: [[CLUSTER, 'refused']],
      }),
    ).toMatchObject({
      matched: [{ cluster: CLUSTER, name: 'api' }],
      started: [{ cluster: CLUSTER, name: 'web', deploymentId: 'ecs-svc/1' }],
      remaining: [CLUSTER],
      unread: [{ arn: CLUSTER, cluster: 'main', why: 'refused' }],
    });
  });
});

const ofChange = (different: object) => ({ changes: [{ ...change(), ...different }] });
const ofNotice = (different: object) => ({ notices: [{ ...notice(), ...different }] });

describe('a message is refused with an error that names the field:', () => {
  test.each<[string, object]>([
    ['changeId', { changeId: '' }],
    ['changes', { changes: [] }],
    ['changes.0.changeId', ofChange({ changeId: '' })],
    ['changes.0.kind', ofChange({ kind: 'cluster' })],
    ['changes.0.arn', ofChange({ arn: '' })],
    ['changes.0.label', ofChange({ label: '' })],
    ['changes.0.versionId', ofChange({ versionId: '' })],
    ['changes.0.changedAt', ofChange({ changedAt: -1 })],
    ['changes.0.possiblyUntil', ofChange({ possiblyUntil: LAST + 1 })],
    ['changes.0.source', ofChange({ source: '' })],
    ['changes.0.optedOut', ofChange({ optedOut: 'no' })],
    ['changes.0.confirmed', ofChange({ confirmed: true })],
    ['changes.0.behind', ofChange({ behind: false })],
    ['firstHandledAt', { firstHandledAt: LAST + 1 }],
    ['hop', { hop: -1 }],
    ['hop', { hop: 0.5 }],
    [
      'open.0.0: expected the ARN of a cluster',
      { open: [['arn:aws:ecs:eu-west-1:111122223333:service/main', []]] },
    ],
    ['open.0.0: expected the ARN of a cluster', { open: [[`x${CLUSTER}`, []]] }],
    ['open.0.1.0.0', open('', null, true, '')],
    ['open.0.1.0.1', open('api', 1, true, '')],
    ['open.0.1.0.2', open('api', null, null, '')],
    ['open.0.1.0', open('api', null, true)],
    ['tally.left', { tally: { ...NOTHING_YET, left: -1 } }],
    ['denied', { denied: 0 }],
    ['failedWave', { failedWave: -1 }],
    ['deniedWave', { deniedWave: 0.5 }],
    ['triedAt', { triedAt: -1 }],
    ['unread.services.0.1.0', { unread: { services: [[CLUSTER, ['']]], clusters: [] } }],
    ['unread.clusters.0.1.0', { unread: { services: [], clusters: [[CLUSTER, [7]]] } }],
    ['givenUp', { givenUp: 'no' }],
    ['limitRecorded', { limitRecorded: 1 }],
    ['knownEnd', { knownEnd: LAST + 1 }],
    ['exposureEnd.at', { exposureEnd: { at: -1, by: 'look' } }],
    ['exposureEnd.by', { exposureEnd: { at: NOW, by: '' } }],
    ['rollouts.0.1.0.1.state', rollout({ state: '' })],
    ['rollouts.0.1.0.1.since', rollout({ since: -1 })],
    ['rollouts.0.1.0.1.alarmed', rollout({ alarmed: 1 })],
    ['rollouts.0.1.0.1.ran', rollout({ ran: -1 })],
    ['notMade', { notMade: -1 }],
    ['missing.0.0', { missing: [['', NOW]] }],
    ['missing.0.1', { missing: [['prod/db', -1]] }],
  ])('a wrong %s of a follow-up', (field, different) => {
    expect(() => read(different)).toThrow(MalformedFollowUp);
    expect(() => read(different)).toThrow(`followUps.0.${field}`);
  });

  test.each<[string, object]>([
    ['notices.0.changeId', ofNotice({ changeId: '' })],
    ['notices.0.kind', ofNotice({ kind: 'service' })],
    ['notices.0.arn', ofNotice({ arn: '' })],
    ['notices.0.notice', ofNotice({ notice: '' })],
    ['notices.0.at', ofNotice({ at: LAST + 1 })],
    ['notices.0.source', ofNotice({ source: '' })],
    ['notices.0.fullArnOnly', ofNotice({ fullArnOnly: false })],
    ['firstHandledAt', { firstHandledAt: -1 }],
    ['matched.0.1.0', { matched: [[CLUSTER, ['']]] }],
    ['started.0.1.0.1', { started: [[CLUSTER, [['api', '']]]] }],
    ['left', { left: [] }],
    ['left', { left: 'some' }],
    ['unread.0.1', { unread: [[CLUSTER, null]] }],
  ])('a wrong %s of a scan', (field, different) => {
    expect(() => readScan(different)).toThrow(MalformedFollowUp);
    expect(() => readScan(different)).toThrow(`readings.0.${field}`);
  });
});
