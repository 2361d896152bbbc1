import { describe, expect, test } from 'vitest';
import {
  type Attempt,
  begin,
  NOTHING_YET,
  type OpenService,
  type Sight,
} from '../../../functions/core/follow-up/follow-up.ts';
import type { Unread } from '../../../functions/core/follow-up/unread.ts';
import { redeploy, skip, type Verdict, wait } from '../../../functions/core/model/decision.ts';
import type { Outcome } from '../../../functions/core/model/outcome.ts';
import type { Result } from '../../../functions/core/plan/planned.ts';
import { startScan } from '../../../functions/core/read/scan.ts';
import { parseFollowUps } from '../../../functions/formats/follow-up.ts';
import { followUp } from '../../../functions/pipeline/follow-up/follow-up.ts';
import type { Observed, Postponed } from '../../../functions/pipeline/read/observed.ts';
import type { Run } from '../../../functions/pipeline/run.ts';
import { asSubject, change, NOW, openService, service } from '../../support/build.ts';
import { fakeRun } from '../../support/fake-run.ts';

const LIMIT_MS = 3_600_000;
const FOLLOW: Run['follow'] = { firstSeconds: 30, limitMs: LIMIT_MS, maxMs: 2 * LIMIT_MS };
const OVERDUE = NOW - LIMIT_MS;

/** A change with its message; `hop` says how many looks came before. */
const attempt = ({ changeId = 'change-1', ...different }: Partial<Attempt> = {}): Attempt => ({
  ...begin(changeId, [change({ changeId })], NOW),
  messageIds: [`message of ${changeId}`],
  ...different,
});
/** A service that the change has waited for without a redeploy. */
const awaited = (name = 'api'): OpenService =>
  openService({ name, deploymentId: null, ours: false, lastLogged: 'wait cooldown' });
const later = (different: Partial<Attempt> = {}) => attempt({ hop: 1, open: [awaited()], ...different });

/** What one look decided about a service for a change, and what became of it. */
function result(
  verdict: Verdict,
  given: { name?: string; changeId?: string; outcome?: object } = {},
): Result {
  const { name = 'api', changeId = 'change-1', outcome } = given;
  const one = service({ name });
  const { action, reason } = verdict;
  const decision = {
    service: one.arn,
    cluster: 'main',
    changeIds: [changeId],
    wave: 0,
    references: [],
    action,
    reason,
  } as Result['decision'];
  const match = {
    service: one,
    subject: asSubject(change({ changeId })),
    hits: [],
    partlyUnreadable: false,
  };
  return {
    planned: { decision, service: one, verdicts: [{ match, verdict }], evidence: {} },
    decision,
    ...(outcome !== undefined && { outcome: { service: one.arn, ...outcome } as Outcome }),
  };
}

const COOLDOWN = wait('cooldown');
const FRESH = skip('already-fresh');
/** Nothing says when the rotation will end. */
const UNFINISHED = wait('rotation-unfinished');
const accepted = (name = 'api') =>
  result(redeploy, { name, outcome: { result: 'accepted', deploymentId: `of ${name}`, acceptedAt: NOW } });
const denied = (name = 'api') =>
  result(redeploy, {
    name,
    outcome: {
      result: 'failed',
      error: {
        code: 'AccessDeniedException',
        message: '',
        retryable: false,
        throttled: false,
        missingAction: 'ecs:UpdateService',
      },
    },
  });
const ofSight = (one: Attempt, different: Partial<Sight<Attempt>> = {}): Sight<Attempt> => ({
  attempt: one,
  missesOpen: false,
  unread: [],
  overdue: false,
  knownToRefer: false,
  ...different,
});
const UNREAD: readonly Unread[] = [{ cluster: service().cluster.arn, name: 'hidden' }];

type Given = {
  readonly attempts?: readonly Attempt[];
  readonly sights?: readonly Sight<Attempt>[];
  readonly results?: readonly Result[];
  readonly postponed?: readonly Postponed[];
  readonly reach?: Parameters<typeof followUp>[2];
  readonly queue?: 'none';
  /** The queue refuses the messages that contain this. */
  readonly refuses?: string;
};

/** What follows from one look: what is sent, what is recorded, and which messages SQS must deliver again. */
async function look({
  attempts = [],
  sights = attempts.map((one) => ofSight(one)),
  results = [],
  postponed = [],
  reach = 'to-the-end',
  queue,
  refuses = 'nothing of it',
}: Given) {
  const sent: (ReturnType<typeof parseFollowUps> & { readonly delaySeconds: number })[] = [];
  const send = (body: string, delaySeconds: number) => {
    if (body.includes(refuses)) return Promise.reject(new Error('refused'));
    sent.push({ ...parseFollowUps(body), delaySeconds });
    return Promise.resolve();
  };
  const { run, told } = fakeRun(queue === 'none' ? {} : { queue: { send } }, { follow: FOLLOW });
  const described = new Set(results.map(({ planned }) => planned.service.key));
  const seen = { described, refused: new Set() };
  const observed = { sights, seen, postponed } as unknown as Observed;
  const redelivered = await followUp(observed, results, reach, run);
  return { sent, told: told.filter(([name]) => name !== 'tasksFailing'), redelivered };
}

const waiting = (reason: string, name = 'api') => ({
  service: service({ name }).arn,
  cluster: 'main',
  reason,
});
const unsettled = (how: 'final' | 'followed', tally: object, ...services: readonly object[]) => [
  'unsettled',
  'change-1',
  { ...NOTHING_YET, ...tally },
  services,
  how,
];
const settled = (tally: object, exposure?: unknown) => [
  'settled',
  'change-1',
  { ...NOTHING_YET, ...tally },
  exposure,
];

describe('a change', () => {
  test('for which no service waits is settled, and not looked at again', async () => {
    const { sent, told, redelivered } = await look({ attempts: [attempt()], results: [result(FRESH)] });
    expect(told).toEqual([settled({ fresh: 1 })]);
    expect([sent, redelivered]).toEqual([[], []]);
  });

  test('for which a service waits is looked at again, and has not ended', async () => {
    const { sent, told, redelivered } = await look({ attempts: [attempt()], results: [result(COOLDOWN)] });
    expect(sent).toEqual([
      {
        followUps: [{ ...begin('change-1', [change()], NOW), hop: 1, open: [awaited()] }],
        scans: [],
        delaySeconds: 30,
      },
    ]);
    expect([told, redelivered]).toEqual([[], []]);
  });

  test('that waits for nothing but what is unread is looked at again', async () => {
    const { sent, told } = await look({ sights: [ofSight(attempt(), { unread: UNREAD })] });
    expect(sent).toMatchObject([{ followUps: [{ open: [], unread: UNREAD }], delaySeconds: 30 }]);
    expect(told).toEqual([]);
  });

  test('that has given up what is unread ends unsettled', async () => {
    const { sent, told } = await look({ sights: [ofSight(attempt(), { unread: UNREAD, overdue: true })] });
    expect(sent).toEqual([]);
    expect(told).toEqual([unsettled('final', {}, waiting('unreadable', 'hidden'))]);
  });

  test.each<[string, Given]>([
    ['without a queue', { queue: 'none' }],
    ['if only the first look counts', { reach: 'first-look-only' }],
  ])('ends with its first look %s, which is no error', async (_, given) => {
    const { sent, told, redelivered } = await look({
      attempts: [attempt()],
      results: [result(COOLDOWN)],
      ...given,
    });
    expect(told).toEqual([unsettled('final', {}, waiting('cooldown'))]);
    expect([sent, redelivered]).toEqual([[], []]);
  });

  test('has recorded what its services wait for now', async () => {
    const { told } = await look({ attempts: [later()], results: [result(wait('too-often'))] });
    expect(told).toMatchObject([['decided', { reason: 'too-often', changeIds: ['change-1'] }]]);
  });

  test('that cannot be sent is delivered again, with all its messages, and others are not', async () => {
    const { sent, redelivered } = await look({
      attempts: [
        attempt({ messageIds: ['m1', 'm2'] }),
        attempt({ changeId: 'change-2', hop: 1, open: [awaited()] }),
      ],
      results: [result(COOLDOWN), result(COOLDOWN, { changeId: 'change-2' })],
      refuses: 'change-1',
    });
    expect(sent).toMatchObject([{ followUps: [{ changeId: 'change-2' }] }]);
    expect(redelivered).toEqual(['m1', 'm2']);
  });

  test('was not handled first in the future, whatever its message says', async () => {
    const { sent } = await look({
      attempts: [later({ firstHandledAt: NOW + 60_000, triedAt: NOW })],
      results: [result(COOLDOWN)],
    });
    expect(sent).toMatchObject([{ followUps: [{ firstHandledAt: NOW }] }]);
  });
});

describe('a change whose time limit is over', () => {
  const overdue = (different: Partial<Attempt> = {}) =>
    later({ firstHandledAt: OVERDUE, triedAt: OVERDUE, ...different });

  test('ends unsettled if it waits for what does not end by itself', async () => {
    const { sent, told } = await look({ attempts: [overdue()], results: [result(UNFINISHED)] });
    expect(sent).toEqual([]);
    expect(told.slice(1)).toEqual([unsettled('final', {}, waiting('rotation-unfinished'))]);
  });

  test('is followed on slowly while it waits for what ends by itself, which is recorded once', async () => {
    const first = await look({ attempts: [overdue()], results: [result(COOLDOWN)] });
    expect(first.sent).toMatchObject([{ followUps: [{ limitRecorded: true, hop: 2 }], delaySeconds: 900 }]);
    expect(first.told).toEqual([unsettled('followed', {}, waiting('cooldown'))]);
    const second = await look({ attempts: [overdue({ limitRecorded: true })], results: [result(COOLDOWN)] });
    expect(second.sent).toMatchObject([{ followUps: [{ limitRecorded: true }], delaySeconds: 900 }]);
    expect(second.told).toEqual([]);
  });

  test('has not had it recorded one moment before', async () => {
    const { sent, told } = await look({
      attempts: [overdue({ firstHandledAt: OVERDUE + 1 })],
      results: [result(COOLDOWN)],
    });
    expect(sent).toMatchObject([{ followUps: [{ limitRecorded: false }], delaySeconds: 1 }]);
    expect(told).toEqual([]);
  });

  test('ends unsettled once it has been followed for the longest time, and not one moment before', async () => {
    const firstHandledAt = NOW - FOLLOW.maxMs;
    const atEnd = await look({
      attempts: [overdue({ firstHandledAt, limitRecorded: true })],
      results: [result(COOLDOWN)],
    });
    expect(atEnd.sent).toEqual([]);
    expect(atEnd.told).toEqual([unsettled('final', {}, waiting('cooldown'))]);
    const before = await look({
      attempts: [overdue({ firstHandledAt: firstHandledAt + 1, limitRecorded: true })],
      results: [result(COOLDOWN)],
    });
    expect(before.sent).toMatchObject([{ delaySeconds: 1 }]);
  });

  test('has a new one if a redeploy was accepted after it', async () => {
    const { sent, told } = await look({ attempts: [overdue()], results: [accepted()] });
    expect(sent).toMatchObject([
      { followUps: [{ firstHandledAt: NOW, triedAt: NOW, limitRecorded: false }] },
    ]);
    expect(told).toEqual([]);
  });

  test('keeps the old one if a redeploy was accepted before it', async () => {
    const firstHandledAt = OVERDUE + 1;
    const { sent } = await look({ attempts: [overdue({ firstHandledAt })], results: [accepted()] });
    expect(sent).toMatchObject([{ followUps: [{ firstHandledAt, triedAt: OVERDUE }] }]);
  });
});

describe('a service that lacks a permission', () => {
  test('brings an event back, and the change ends without it', async () => {
    const { sent, told, redelivered } = await look({ attempts: [attempt()], results: [denied()] });
    expect(redelivered).toEqual(['message of change-1']);
    expect(sent).toEqual([]);
    expect(told).toEqual([settled({ failed: 1 })]);
  });

  test('brings an event back, and what else the change waits for is followed', async () => {
    const { sent, told, redelivered } = await look({
      attempts: [attempt()],
      results: [denied(), result(COOLDOWN, { name: 'b' })],
    });
    expect(redelivered).toEqual(['message of change-1']);
    expect(sent).toMatchObject([
      { followUps: [{ denied: false, open: [{ name: 'b' }], tally: { failed: 1 } }] },
    ]);
    expect(told).toEqual([]);
  });

  test('brings an event back whose other services an earlier delivery redeployed: their end is told elsewhere', async () => {
    const { told, redelivered } = await look({
      attempts: [attempt()],
      results: [denied(), result(FRESH, { name: 'b' })],
    });
    expect(redelivered).toEqual(['message of change-1']);
    expect(told).toEqual([]);
  });

  test('does not hide that others wait where no follow-up can tell it', async () => {
    const { told } = await look({
      attempts: [attempt()],
      results: [denied(), result(FRESH, { name: 'b' }), result(COOLDOWN, { name: 'c' })],
      queue: 'none',
    });
    expect(told).toEqual([unsettled('final', { failed: 1, fresh: 1 }, waiting('cooldown', 'c'))]);
  });

  test('has a message of its own after a later look, and the change ends without it', async () => {
    const { sent, told, redelivered } = await look({
      attempts: [later({ open: [awaited(), awaited('b')] })],
      results: [denied(), result(FRESH, { name: 'b' })],
    });
    const open = [{ ...awaited(), lastLogged: 'redeploy' }];
    expect(sent).toEqual([
      {
        followUps: [
          expect.objectContaining({ denied: true, hop: 2, open, tally: { ...NOTHING_YET, fresh: 1 } }),
        ],
        scans: [],
        delaySeconds: 1,
      },
    ]);
    expect(told.map(([name]) => name)).toEqual(['fresh', 'settled']);
    expect(redelivered).toEqual([]);
  });

  test('has a message of its own beside that of the others', async () => {
    const { sent, redelivered } = await look({
      attempts: [later({ open: [awaited(), awaited('b')] })],
      results: [denied(), result(COOLDOWN, { name: 'b' })],
    });
    expect(sent).toMatchObject([
      { followUps: [{ denied: false, open: [{ name: 'b' }] }], delaySeconds: 45 },
      { followUps: [{ denied: true, open: [{ name: 'api' }] }], delaySeconds: 1 },
    ]);
    expect(redelivered).toEqual([]);
  });

  test('brings the message of a later look back if its own cannot be sent', async () => {
    const { sent, redelivered } = await look({
      attempts: [later({ open: [awaited(), awaited('b')] })],
      results: [denied(), result(COOLDOWN, { name: 'b' })],
      refuses: '"denied":true',
    });
    expect(sent).toMatchObject([{ followUps: [{ open: [{ name: 'b' }] }] }]);
    expect(redelivered).toEqual(['message of change-1']);
  });
});

describe('the message of services that lack a permission', () => {
  const refused = (...names: readonly string[]) =>
    later({ denied: true, open: names.map(awaited), firstHandledAt: NOW - 60_000, triedAt: NOW - 60_000 });

  test('comes back while they do, and nothing is recorded or sent', async () => {
    const { sent, told, redelivered } = await look({ attempts: [refused('api')], results: [denied()] });
    expect(redelivered).toEqual(['message of change-1']);
    expect([sent, told]).toEqual([[], []]);
  });

  test.each<[string, Result]>([
    ['was accepted', accepted()],
    ['waits for something else', result(COOLDOWN)],
  ])('is followed as any other, with a new time limit, once its redeploy %s', async (_, one) => {
    const { sent, redelivered } = await look({ attempts: [refused('api')], results: [one] });
    expect(sent).toMatchObject([
      { followUps: [{ denied: false, firstHandledAt: NOW, triedAt: NOW, open: [{ name: 'api' }] }] },
    ]);
    expect(redelivered).toEqual([]);
  });

  test('is divided if some of them still do', async () => {
    const { sent, redelivered } = await look({
      attempts: [refused('api', 'b')],
      results: [accepted(), denied('b')],
    });
    expect(sent).toMatchObject([
      { followUps: [{ denied: false, firstHandledAt: NOW, open: [{ name: 'api' }] }] },
      { followUps: [{ denied: true, open: [{ name: 'b' }] }], delaySeconds: 1 },
    ]);
    expect(redelivered).toEqual([]);
  });
});

describe('follow-ups travel', () => {
  const idsIn = ({ sent }: Awaited<ReturnType<typeof look>>) =>
    sent.map(({ followUps, delaySeconds }) => [delaySeconds, followUps.map(({ changeId }) => changeId)]);
  const changeIds = ['change-1', 'change-2', 'change-3'];
  const results = changeIds.map((changeId) => result(COOLDOWN, { changeId }));

  test('together if they are due at the same time, and apart if not', async () => {
    const attempts = changeIds.map((changeId, i) => later({ changeId, hop: i === 1 ? 2 : 1 }));
    expect(idsIn(await look({ attempts, results }))).toEqual([
      [45, ['change-1', 'change-3']],
      [68, ['change-2']],
    ]);
  });

  test('together with the first of those that wait for nothing but what is unread', async () => {
    const idle = (changeId: string, hop: number) => ofSight(attempt({ changeId, hop }), { unread: UNREAD });
    const sights = [idle('change-2', 3), ofSight(later({ open: [awaited()] })), idle('change-3', 2)];
    expect(idsIn(await look({ sights, results: [result(COOLDOWN)] }))).toEqual([
      [68, ['change-2', 'change-3']],
      [45, ['change-1']],
    ]);
  });

  test('of changes that have ended not at all', async () => {
    const attempts = [later(), later({ changeId: 'change-2' })];
    const ended = [result(FRESH), result(COOLDOWN, { changeId: 'change-2' })];
    expect(idsIn(await look({ attempts, results: ended }))).toEqual([[45, ['change-2']]]);
  });
});

describe('a scan that was postponed', () => {
  const postponed = (notBefore: number, changeId = 'change-1'): Postponed => ({
    scan: startScan([change({ changeId })], [], NOW),
    attempts: [],
    messageIds: [`message of ${changeId}`],
    notBefore,
  });

  test.each([
    ['at once', 0, 1],
    ['in a second if it is due earlier', NOW + 1, 1],
    ['when it is due, in whole seconds', NOW + 1_001, 2],
  ])('goes on %s', async (_, notBefore, delaySeconds) => {
    const { sent, redelivered } = await look({ postponed: [postponed(notBefore)] });
    expect(sent).toEqual([{ followUps: [], scans: [startScan([change()], [], NOW)], delaySeconds }]);
    expect(redelivered).toEqual([]);
  });

  test('that cannot be sent is delivered again, and others are not', async () => {
    const { sent, redelivered } = await look({
      postponed: [postponed(0), postponed(0, 'change-2')],
      refuses: 'change-2',
    });
    expect(sent).toMatchObject([{ scans: [{ changes: [{ changeId: 'change-1' }] }] }]);
    expect(redelivered).toEqual(['message of change-2']);
  });
});
