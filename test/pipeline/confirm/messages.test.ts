import { describe, expect, test } from 'vitest';
import { begin } from '../../../functions/core/follow-up/follow-up.ts';
import type { Trigger } from '../../../functions/core/follow-up/trigger.ts';
import type { Change } from '../../../functions/core/model/change.ts';
import { CONCURRENCY } from '../../../functions/core/model/limits.ts';
import type { SecretDescription } from '../../../functions/core/model/secret.ts';
import { type Scan, startScan } from '../../../functions/core/read/scan.ts';
import { confirm } from '../../../functions/pipeline/confirm/confirm.ts';
import {
  callEvent,
  denied,
  labelMoved,
  noticed,
  parameterEvent,
  policyEvent,
  secret,
} from '../../support/asked.ts';
import { CHANGED_AT, change, NOW, notice, PARAMETER, SECRET, service } from '../../support/build.ts';
import { atOnce, fakeRun } from '../../support/fake-run.ts';

type Given = {
  readonly describe?: (name: string) => SecretDescription | undefined;
  readonly now?: number;
  readonly parameters?: readonly string[];
};

/** What became of the triggers, what was told and asked, and what was kept for the sweep. */
async function confirmed(
  triggers: readonly Trigger[],
  { describe: answer = () => secret(), now = NOW, parameters = [] }: Given = {},
) {
  const heard: Change[] = [];
  const { run, did, told } = fakeRun(
    {
      secrets: {
        describe: (name) => Promise.resolve(name).then(answer),
        listVersions: () =>
          Promise.resolve([{ versionId: 'version-2', labels: ['AWSCURRENT'], createdAt: CHANGED_AT }]),
      },
      parameters: {
        describeAll: () =>
          Promise.resolve({ found: parameters.map((arn) => ({ arn, changedAt: CHANGED_AT })), refused: [] }),
      },
    },
    { now, hear: (changes) => void heard.push(...changes) },
  );
  return { of: await confirm(triggers, run), did, told, heard };
}

const LATE = NOW + 600_000;
const scanOf = (different: Partial<Scan> = {}, messageId = 'scan'): Trigger => ({
  kind: 'scan',
  messageId,
  scan: { ...startScan([], [], NOW), ...different },
});
const followUp = (different: Partial<ReturnType<typeof begin>> = {}, messageId = 'later'): Trigger => ({
  kind: 'follow-up',
  messageId,
  followUp: { ...begin('change-1', [change()], NOW), hop: 2, ...different },
});
const requested = (name = SECRET): Trigger => ({
  kind: 'secret',
  origin: { changeId: 'asked', at: NOW, source: 'request' },
  name,
  force: false,
});

describe('events', () => {
  test('become one scan, with an attempt and the messages for each change, and a record of each', async () => {
    const { of, told, heard } = await confirmed([labelMoved(), labelMoved({ id: 'other', messageId: 'm2' })]);
    const other = change({ changeId: 'other' });
    expect(of).toEqual({
      attempts: [],
      scans: [
        {
          scan: startScan([change(), other], [], NOW),
          attempts: [
            { ...begin('change-1', [change()], NOW), messageIds: ['m1'] },
            { ...begin('other', [other], NOW), messageIds: ['m2'] },
          ],
          messageIds: ['m1', 'm2'],
        },
      ],
      named: [],
      messageIds: ['m1', 'm2'],
      unconfirmed: [],
      retryLater: [],
    });
    expect(told).toEqual([
      ['received', change()],
      ['received', other],
    ]);
    expect(heard).toEqual([]);
  });

  test('that are delivered twice are one change with two messages', async () => {
    const { of, told } = await confirmed([labelMoved(), labelMoved({ messageId: 'm2' })]);
    const messageIds = ['m1', 'm2'];
    expect(of.scans).toEqual([
      {
        scan: startScan([change()], [], NOW),
        attempts: [{ ...begin('change-1', [change()], NOW), messageIds }],
        messageIds,
      },
    ]);
    expect(told).toHaveLength(1);
  });

  test('that move two labels at once are one attempt, of one message', async () => {
    const { of } = await confirmed(
      [callEvent({ eventName: 'UpdateSecret', clientRequestToken: 'version-2' })],
      { describe: () => secret({ labelsOf: new Map([['version-2', ['AWSCURRENT', 'blue']]]) }) },
    );
    expect(of.scans.flatMap(({ attempts }) => attempts)).toMatchObject([
      { changes: [{ label: 'AWSCURRENT' }, { label: 'blue' }], messageIds: ['m1'] },
    ]);
    expect(of.messageIds).toEqual(['m1']);
  });

  test('that come to nothing start no scan and keep no message', async () => {
    const { of, told } = await confirmed([labelMoved({ label: 'AWSPENDING' })]);
    expect(of).toMatchObject({ scans: [], messageIds: [], unconfirmed: [], retryLater: [] });
    expect(told).toMatchObject([['ignored', { arn: SECRET }, 'pending-label', undefined]]);
  });

  test('wait for their message to come again if AWS gives no answer, or does not show them yet', async () => {
    const failing = await confirmed([labelMoved(), policyEvent({ messageId: 'm2' })], {
      describe: () => {
        throw new Error('timeout');
      },
    });
    expect(failing.of).toMatchObject({ messageIds: ['m2'], unconfirmed: ['m1'], retryLater: [] });
    const young = await confirmed([labelMoved()], {
      describe: () => secret({ labelsOf: new Map([['version-1', ['AWSCURRENT']]]) }),
    });
    expect(young.of).toMatchObject({ scans: [], messageIds: [], unconfirmed: [], retryLater: ['m1'] });
    expect(young.told).toEqual([]);
  });
});

test('few secrets are asked about at once', async () => {
  const { most, during } = atOnce();
  const { run } = fakeRun({ secrets: { describe: () => during(secret()) } });
  await confirm(
    Array.from({ length: 40 }, (_, i) => labelMoved({ arn: `${SECRET}${i}` })),
    run,
  );
  expect(most()).toBe(CONCURRENCY.resources);
});

describe('the end of a resource', () => {
  const ended = policyEvent({ time: CHANGED_AT });
  const expired = noticed({
    source: 'Parameter Store Policy Action',
    kind: 'parameter',
    arn: PARAMETER,
    notice: 'expired',
    at: CHANGED_AT,
  });
  const created = (time: number, arn = PARAMETER) =>
    parameterEvent({ id: 'created', messageId: 'm2', operation: 'Create', time, arn });

  test('starts a scan with the notice', async () => {
    const { of, told } = await confirmed([ended]);
    expect(of.scans).toEqual([{ scan: startScan([], [expired], NOW), attempts: [], messageIds: ['m1'] }]);
    expect(told).toEqual([]);
  });

  test.each([
    ['at the same instant', created(CHANGED_AT), true],
    ['before', created(CHANGED_AT - 2_000), false],
    ['later, of another resource', created(CHANGED_AT + 1, `${PARAMETER}2`), false],
  ])('counts no more if the resource was created %s', async (_, again, isOver) => {
    const { of, told } = await confirmed([ended, again]);
    expect(of.scans).toMatchObject([{ scan: { notices: isOver ? [] : [expired] } }]);
    expect(told.slice(1)).toEqual(isOver ? [['ignored', expired, 'restored']] : []);
    expect(of.messageIds).toEqual(isOver ? ['m2'] : ['m2', 'm1']);
  });

  test('is not doubted for what is only announced', async () => {
    const { of } = await confirmed([
      policyEvent({ policy: 'ExpirationNotification' }),
      created(CHANGED_AT - 999),
    ]);
    expect(of.scans).toMatchObject([{ scan: { notices: [{ notice: 'expires-soon' }] } }]);
  });
});

describe('for the sweep is kept', () => {
  const nothing = { describe: () => undefined };
  const FAR = SECRET.replace('eu-west-1', 'us-east-1');
  const hidden = denied('not authorized because of a resource-based policy');
  const hiding = () => {
    throw hidden;
  };

  test('what an event tells of a secret whose policy hides it', async () => {
    const { heard, of } = await confirmed([labelMoved()], { describe: hiding });
    expect(heard).toEqual([change({ confirmed: false })]);
    expect(of.unconfirmed).toEqual([]);
  });

  test('what an event tells of a secret that AWS describes here, but that belongs elsewhere', async () => {
    const theirs = SECRET.replace('111122223333', '999988887777');
    const { heard } = await confirmed([callEvent({ eventName: 'RotationSucceeded', secret: theirs })], {
      describe: () => secret({ arn: theirs }),
    });
    expect(heard).toMatchObject([{ arn: theirs }]);
  });

  test('nothing of a parameter, of a secret that AWS describes, or of a request', async () => {
    const far = PARAMETER.replace('eu-west-1', 'us-east-1');
    const dated = { force: false, dated: true, origin: { changeId: 'asked', at: NOW, source: 'request' } };
    const { heard, of } = await confirmed(
      [
        { kind: 'parameter', name: far, ...dated },
        { kind: 'secret', name: FAR, ...dated },
      ],
      nothing,
    );
    expect(of.scans).toMatchObject([{ scan: { changes: [{ arn: far }, { arn: FAR, confirmed: false }] } }]);
    expect(heard).toEqual([]);
    expect(
      (await confirmed([labelMoved(), parameterEvent({ arn: far, region: 'us-east-1' })])).heard,
    ).toEqual([]);
  });
});

describe('what was handled before', () => {
  test('is recalled for the journal, and a follow-up is an attempt that was looked at once or more', async () => {
    const { of, told } = await confirmed([followUp(), followUp({ changeId: 'c2', hop: 0 }, 'm2')]);
    expect(told).toEqual([
      ['recalled', change()],
      ['recalled', change()],
    ]);
    expect(of.attempts).toMatchObject([
      { changeId: 'change-1', hop: 2, messageIds: ['later'] },
      { changeId: 'c2', hop: 1, messageIds: ['m2'] },
    ]);
    expect(of).toMatchObject({ scans: [], messageIds: ['later', 'm2'] });
  });

  test('and came in two messages is one attempt', async () => {
    const { of } = await confirmed([followUp(), followUp({}, 'm2')]);
    expect(of.attempts).toMatchObject([{ messageIds: ['later', 'm2'] }]);
    expect(of.attempts).toHaveLength(1);
  });

  test('goes on as a scan with attempt 0 of each of its changes, since it was first handled', async () => {
    const notices = [notice()];
    const changes = [change(), change({ changeId: 'other' })];
    const { of, told, did } = await confirmed([scanOf({ changes, notices, firstHandledAt: NOW - 60_000 })]);
    const scan = startScan(changes, notices, NOW - 60_000);
    expect(of.scans).toEqual([
      {
        scan,
        attempts: changes.map((one) => ({
          ...begin(one.changeId, [one], NOW - 60_000),
          messageIds: ['scan'],
        })),
        messageIds: ['scan'],
      },
    ]);
    expect(of.messageIds).toEqual(['scan']);
    expect(told).toEqual([...changes, ...notices].map((one) => ['recalled', one]));
    expect(did).toEqual([]);
  });

  test('needs no scan if there is nothing in it', async () => {
    expect((await confirmed([scanOf()])).of).toMatchObject({ scans: [], messageIds: [] });
  });

  test('goes on for a notice alone, and for as many notices as changes', async () => {
    expect((await confirmed([scanOf({ notices: [notice()] })])).of.scans).toHaveLength(1);
    const both = await confirmed([scanOf({ notices: [notice()], changes: [change()] })]);
    expect(both.of.scans).toHaveLength(1);
  });

  test.each([
    ['has begun', { remaining: [service().cluster.arn] }, 1],
    ['has not begun for more than a minute', { firstHandledAt: NOW - 60_001 }, 1],
    ['has not begun for a minute', { firstHandledAt: NOW - 60_000 }, 0],
  ])('is asked about again if the scan %s', async (_, different, times) => {
    const { of, did } = await confirmed([scanOf({ changes: [change()], ...different })], {
      describe: () => secret({ enabledTag: 'false' }),
    });
    expect(did).toEqual(Array(times).fill(`describe ${SECRET}`));
    const [scan] = of.scans;
    expect(scan?.scan.changes).toMatchObject([{ optedOut: times > 0 }]);
    expect(scan?.attempts).toMatchObject([{ changes: [{ optedOut: times > 0 }] }]);
  });

  test('ends with a record for a notice of what was restored, and the rest goes on', async () => {
    const old = notice({ at: NOW });
    const other = notice({ changeId: 'n2', kind: 'parameter', arn: PARAMETER, at: NOW });
    const given = [scanOf({ notices: [old] }), scanOf({ notices: [old, other] }, 'm2')];
    const { of, told } = await confirmed(given, { now: LATE });
    expect(of.scans).toMatchObject([{ scan: { notices: [other] }, messageIds: ['m2'] }]);
    expect(told.slice(3)).toEqual([
      ['ignored', old, 'restored'],
      ['ignored', old, 'restored'],
    ]);
  });
});

describe('a replica that was behind', () => {
  const behind = change({ behind: true });
  const now = change({ changedAt: CHANGED_AT + 5_000 });
  const received = { describe: () => secret({ lastChangedAt: CHANGED_AT + 5_000 }) };

  test('is seen as it is now in an attempt', async () => {
    const { of } = await confirmed([followUp({ changes: [behind] })], received);
    expect(of.attempts).toMatchObject([{ changes: [now] }]);
    expect(of.attempts[0]?.changes[0]).not.toHaveProperty('behind');
  });

  test('is seen as it is now in a scan and in its attempts', async () => {
    const { of } = await confirmed([scanOf({ changes: [behind, change({ changeId: 'c2' })] })], received);
    const changes = [now, change({ changeId: 'c2' })];
    expect(of.scans.map(({ scan }) => scan.changes)).toEqual([changes]);
    expect(of.scans.flatMap(({ attempts }) => attempts.flatMap((one) => one.changes))).toEqual(changes);
  });
});

describe('a request', () => {
  test('has no message, and a service that it names is read with the fleet', async () => {
    const origin = { changeId: 'asked', at: NOW, source: 'request' };
    const named = { kind: 'service', origin, named: { cluster: 'main', name: 'api' } } as unknown as Trigger;
    const { of } = await confirmed([requested(), named, followUp()]);
    expect(of.named).toEqual([named]);
    expect(of.scans).toMatchObject([{ attempts: [{ changeId: 'asked', messageIds: [] }], messageIds: [] }]);
    expect(of.messageIds).toEqual(['later']);
  });
});
