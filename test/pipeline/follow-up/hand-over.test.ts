import { describe, expect, test } from 'vitest';
import { type Attempt, begin } from '../../../functions/core/follow-up/follow-up.ts';
import type { Change, Notice } from '../../../functions/core/model/change.ts';
import type { Service } from '../../../functions/core/model/fleet.ts';
import type { Result } from '../../../functions/core/plan/planned.ts';
import { type Scan, startScan } from '../../../functions/core/read/scan.ts';
import { parseFollowUps } from '../../../functions/formats/follow-up.ts';
import { handOver } from '../../../functions/pipeline/follow-up/hand-over.ts';
import type { Observed } from '../../../functions/pipeline/read/observed.ts';
import type { Queue } from '../../../functions/ports.ts';
import { asSubject, change, fleet, NOW, notice, service } from '../../support/build.ts';
import { confirmedOnly, fakeRun } from '../../support/fake-run.ts';

const ORIGIN = { changeId: 'change-1', at: NOW, source: 'request' };
const NAMED = [{ origin: ORIGIN, named: { name: 'api', asGiven: 'main/api' } }];

/** What was sent, and after how many seconds. */
function scene(send: Queue['send'] = () => Promise.resolve()) {
  const sent: (ReturnType<typeof parseFollowUps> & { readonly delaySeconds: number })[] = [];
  const queue: Queue = {
    send: async (body, delaySeconds) => {
      await send(body, delaySeconds);
      sent.push({ ...parseFollowUps(body), delaySeconds });
    },
  };
  return { ...fakeRun({ queue }), sent };
}

const scanned = (...scans: readonly Scan[]) =>
  confirmedOnly({ scans: scans.map((scan) => ({ scan, attempts: [], messageIds: [] })) });
const observedFor = (services: readonly Service[], changes: readonly Change[], hop = 0) => {
  const attempts: readonly Attempt[] =
    changes.length === 0 ? [] : [{ ...begin('change-1', changes, NOW), hop, messageIds: [] }];
  return { attempts, fleet: fleet(services) } as unknown as Observed;
};

/** A redeploy of a service for a change or a notice. */
function redeployed(one: Service, because: Change | Notice): Result {
  const match = { service: one, subject: asSubject(because), hits: [], partlyUnreadable: false };
  const outcome = { service: one.arn, result: 'accepted', deploymentId: `of ${one.name}`, acceptedAt: 0 };
  return {
    planned: { service: one, verdicts: [{ match }], evidence: {} },
    outcome,
  } as unknown as Result;
}

const place = (name: string) => ({ cluster: service().cluster.arn, name });
const started = (name: string) => ({ ...place(name), deploymentId: `of ${name}` });

describe('a request for resources that could not be finished', () => {
  test('becomes a scan that begins anew at once, and knows what was redeployed for its changes and notices', async () => {
    const { run, sent } = scene();
    const scan: Scan = {
      ...startScan([change()], [notice()], NOW),
      matched: [place('a')],
      started: [started('before')],
      remaining: [],
      unread: [{ arn: service().cluster.arn, cluster: 'main', why: 'refused' }],
    };
    const results = [
      redeployed(service({ name: 'for-the-change' }), change()),
      redeployed(service({ name: 'for-the-notice' }), notice()),
      redeployed(service({ name: 'for-another' }), change({ changeId: 'change-2' })),
    ];
    expect(await handOver(scanned(scan), undefined, results, run)).toBe(true);
    expect(sent).toEqual([
      {
        followUps: [],
        scans: [
          {
            ...startScan([change()], [notice()], NOW),
            started: [started('before'), started('for-the-change'), started('for-the-notice')],
          },
        ],
        delaySeconds: 1,
      },
    ]);
  });

  test('is not handed over as a whole if one of its scans cannot be sent', async () => {
    let calls = 0;
    const { run, sent } = scene(() => (++calls === 1 ? Promise.reject(new Error('no')) : Promise.resolve()));
    const scan = (changeId: string) => startScan([change({ changeId })], [], NOW);
    expect(await handOver(scanned(scan('change-1'), scan('change-2')), undefined, [], run)).toBe(false);
    expect(sent).toMatchObject([{ scans: [{ changes: [{ changeId: 'change-2' }] }] }]);
  });

  test('is not handed over without a queue, which is no error', async () => {
    const { run, told } = fakeRun({});
    const confirmed = scanned(startScan([change()], [], NOW));
    expect(await handOver(confirmed, undefined, [], run)).toBe(false);
    expect(told).toEqual([]);
  });
});

describe('a request for services that could not be finished', () => {
  const services = [service(), service({ name: 'other' })];

  test('becomes a follow-up of its change after a first look, with every service that was found', async () => {
    const { run, sent } = scene();
    const confirmed = confirmedOnly({ named: NAMED });
    expect(await handOver(confirmed, observedFor(services, [change()]), [], run)).toBe(true);
    const open = { deploymentId: null, ours: false, lastLogged: 'wait out-of-time' };
    expect(sent).toEqual([
      {
        followUps: [
          {
            ...begin('change-1', [change()], NOW),
            hop: 1,
            open: [
              { ...place('api'), ...open },
              { ...place('other'), ...open },
            ],
          },
        ],
        scans: [],
        delaySeconds: 1,
      },
    ]);
  });

  test.each([
    ['ECS has shown nothing', undefined],
    ['none of its services was found', observedFor([], [])],
    ['nothing of it is at its first look', observedFor(services, [change()], 1)],
  ])('is not handed over if %s', async (_, observed) => {
    const { run, sent, told } = scene();
    expect(await handOver(confirmedOnly({ named: NAMED }), observed, [], run)).toBe(false);
    expect([sent, told]).toEqual([[], []]);
  });

  test('is not handed over if the queue does not take it', async () => {
    const { run } = scene(() => Promise.reject(new Error('no')));
    const observed = observedFor(services, [change()]);
    expect(await handOver(confirmedOnly({ named: NAMED }), observed, [], run)).toBe(false);
  });
});
