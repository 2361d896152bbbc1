import { describe, expect, test } from 'vitest';
import type { Trust } from '../../../functions/core/confirm/trust.ts';
import type { Trigger } from '../../../functions/core/follow-up/trigger.ts';
import type { ParametersFound } from '../../../functions/core/model/parameter.ts';
import type { SecretDescription } from '../../../functions/core/model/secret.ts';
import { find } from '../../../functions/pipeline/confirm/find.ts';
import {
  callEvent,
  denied,
  labelMoved,
  noticed,
  parameterEvent,
  policyEvent,
  secret,
} from '../../support/asked.ts';
import { ACCOUNT, CHANGED_AT, change, NOW, PARAMETER, REGION, SECRET } from '../../support/build.ts';
import { fakeRun } from '../../support/fake-run.ts';

type Given = {
  readonly describe?: (name: string) => SecretDescription | undefined;
  readonly deleted?: ParametersFound;
  readonly now?: number;
  readonly trust?: Trust;
  readonly account?: string | undefined;
};

/** What is found for the trigger, what was asked, and what was told. */
async function found(
  trigger: Trigger,
  { describe: answer = () => secret(), deleted = { found: [], refused: [] }, ...given }: Given = {},
) {
  const describeSecret = (name: string) => Promise.resolve(name).then(answer);
  const { run, did, told } = fakeRun({ secrets: { describe: describeSecret } }, given);
  const asked: string[] = [];
  const ask = {
    describe: (name: string) => {
      asked.push(name);
      return describeSecret(name);
    },
    deleted: () => Promise.resolve(deleted),
  };
  return { it: await find(trigger, ask, run), asked, did, told };
}

const THEIRS = '999988887777';
const TRUST: Trust = {
  accounts: [ACCOUNT, THEIRS],
  organization: undefined,
  queueArn: `arn:aws:sqs:${REGION}:${ACCOUNT}:queue`,
};
const ORIGIN = {
  changeId: 'change-1',
  at: CHANGED_AT - 999,
  source: 'Secret Label Updated',
  region: REGION,
  account: ACCOUNT,
};
const LATE = NOW + 600_000;
const failing = (error: Error) => () => {
  throw error;
};
const theirs = SECRET.replace(ACCOUNT, THEIRS);
const far = SECRET.replace(REGION, 'us-east-1');
/** What an event says of a place that says the same everywhere. */
const said = (account: string, region: string, arn: string) => ({
  accounts: [account],
  regions: [region],
  resources: [arn],
});
const forwarded = (arn: string, account: string, region: string) =>
  labelMoved({ way: 'forwarded', account, region, arn, said: said(account, region, arn) });

describe('an event about a secret', () => {
  test('is the change that AWS describes', async () => {
    const { it, asked, told } = await found(labelMoved());
    expect(it).toEqual({ kind: 'changes', changes: [change()] });
    expect(asked).toEqual([SECRET]);
    expect(told).toEqual([]);
  });

  test('that was rotated is a change of its current label', async () => {
    const { it } = await found(callEvent({ eventName: 'RotationSucceeded' }));
    expect(it).toEqual({ kind: 'changes', changes: [change({ source: 'RotationSucceeded' })] });
  });

  test('that AWS does not show yet is looked at again', async () => {
    expect((await found(labelMoved(), { describe: () => undefined })).it).toEqual({ kind: 'not-visible' });
  });

  test('that claims nothing is ignored with its place, and nothing is asked', async () => {
    const { it, asked } = await found(labelMoved({ label: 'AWSPENDING' }));
    expect(it).toEqual({ kind: 'ignored', origin: { ...ORIGIN, arn: SECRET }, reason: 'pending-label' });
    expect(asked).toEqual([]);
  });

  test('that is gone is a notice, and says whether another secret has its name', async () => {
    const other = SECRET.replace('a1B2c3', 'Zz9Yy8');
    const gone = { describe: (name: string) => (name === SECRET ? undefined : secret({ arn: other })) };
    const { it, did } = await found(callEvent(), gone);
    expect(it).toEqual({ kind: 'notice', notice: noticed({ fullArnOnly: true }) });
    expect(did).toEqual([`describe ${SECRET.slice(0, -7)}`]);
    expect((await found(callEvent(), { describe: () => undefined })).it).toEqual({
      kind: 'notice',
      notice: noticed(),
    });
  });

  test('whose rotation failed is a notice without a question', async () => {
    const { it, asked, did } = await found(callEvent({ eventName: 'RotationFailed' }));
    const notice = noticed({ source: 'RotationFailed', notice: 'rotation-failed' });
    expect(it).toEqual({ kind: 'notice', notice });
    expect([...asked, ...did]).toEqual([]);
  });
});

test('a secret that a request names is as AWS shows it', async () => {
  const origin = { changeId: 'asked', at: NOW, source: 'request' };
  const { it } = await found({ kind: 'secret', origin, name: 'prod/db', force: true });
  expect(it).toMatchObject({ kind: 'changes', changes: [{ changeId: 'asked', arn: SECRET }] });
});

describe('an event from the future', () => {
  test('waits until it is not, and says so', async () => {
    const { it, told, asked } = await found(labelMoved({ time: NOW + 60_001 }));
    expect(it).toEqual({ kind: 'unconfirmed' });
    expect(asked).toEqual([]);
    expect(told).toEqual([
      [
        'error',
        'cannot confirm the change; SQS will deliver the message again',
        new RangeError('the time of the event, 2026-10-07T01:48:29.000Z, is in the future'),
        { changeId: 'change-1' },
      ],
    ]);
  });

  test('counts up to a minute, because clocks differ', async () => {
    expect((await found(labelMoved({ time: NOW + 60_000 }))).it).toMatchObject({ kind: 'changes' });
  });
});

describe('the description that a secret is compared with', () => {
  test('is as old as the question, however long the answer takes', async () => {
    const old = { describe: () => secret({ labelsOf: new Map() }) };
    const at = CHANGED_AT - 999;
    const moved = labelMoved({ label: 'BLUE' });
    expect((await found(moved, { ...old, now: at + 59_999 })).it).toEqual({ kind: 'not-visible' });
    expect((await found(moved, { ...old, now: at + 60_000 })).it).toMatchObject({
      reason: 'label-removed',
    });
  });
});

describe('an event about a parameter', () => {
  test('is a change at the end of its second, without a question', async () => {
    const { it, asked, did } = await found(parameterEvent());
    expect(it).toEqual({
      kind: 'changes',
      changes: [
        {
          changeId: 'change-1',
          kind: 'parameter',
          arn: PARAMETER,
          changedAt: CHANGED_AT,
          source: 'Parameter Store Change',
          optedOut: false,
        },
      ],
    });
    expect([...asked, ...did]).toEqual([]);
  });

  const deletion = parameterEvent({ operation: 'Delete' });
  const notice = noticed({
    source: 'Parameter Store Change',
    kind: 'parameter',
    arn: PARAMETER,
    notice: 'deleted',
  });
  const living = { deleted: { found: [{ arn: PARAMETER, changedAt: 0 }], refused: [] } };

  test('that is gone is a notice', async () => {
    expect((await found(deletion)).it).toEqual({ kind: 'notice', notice });
  });

  test('that exists again is looked at again, and is ignored a minute later', async () => {
    expect((await found(deletion, living)).it).toEqual({ kind: 'not-visible' });
    const { it } = await found(deletion, { ...living, now: LATE });
    const origin = { ...ORIGIN, source: 'Parameter Store Change', arn: PARAMETER };
    expect(it).toEqual({ kind: 'ignored', origin, reason: 'restored' });
  });

  test('that may not be described waits for its message', async () => {
    const refused = [
      { arn: `${PARAMETER}2`, why: 'x' },
      { arn: PARAMETER, why: 'denied' },
    ];
    const { it, told } = await found(deletion, { deleted: { found: [], refused } });
    expect(it).toEqual({ kind: 'unconfirmed' });
    expect(told).toMatchObject([
      ['error', expect.anything(), new Error(`cannot describe parameter ${PARAMETER}: denied`), {}],
    ]);
  });

  test('that expires soon is a notice, even if it exists', async () => {
    const { it } = await found(policyEvent({ policy: 'ExpirationNotification' }), living);
    expect(it).toMatchObject({ kind: 'notice', notice: { notice: 'expires-soon' } });
  });

  test('of elsewhere that is gone is ignored, for nothing here can say so', async () => {
    const there = PARAMETER.replace(ACCOUNT, THEIRS);
    const event = {
      way: 'forwarded',
      account: THEIRS,
      arn: there,
      said: said(THEIRS, REGION, there),
    } as const;
    const { it } = await found(parameterEvent({ ...event, operation: 'Delete' }), { trust: TRUST });
    expect(it).toMatchObject({ kind: 'ignored', reason: 'elsewhere' });
    const soon = policyEvent({ ...event, policy: 'ExpirationNotification' });
    expect((await found(soon, { trust: TRUST })).it).toMatchObject({ kind: 'notice' });
  });
});

describe('an event of another place', () => {
  const UNTRUSTED = { kind: 'ignored', reason: 'untrusted-account' };

  test('does not count if it came over an event bus, or contradicts itself, and no other account is trusted', async () => {
    expect((await found(forwarded(theirs, THEIRS, REGION))).it).toEqual({
      ...UNTRUSTED,
      origin: { ...ORIGIN, account: THEIRS, arn: theirs },
    });
    expect((await found(labelMoved({ account: THEIRS }))).it).toMatchObject(UNTRUSTED);
  });

  test('counts if its account is trusted', async () => {
    const { it } = await found(forwarded(theirs, THEIRS, REGION), {
      trust: TRUST,
      describe: () => secret({ arn: theirs }),
    });
    expect(it).toEqual({ kind: 'changes', changes: [change({ arn: theirs })] });
    const trust = { ...TRUST, accounts: [] };
    expect((await found(forwarded(theirs, THEIRS, REGION), { trust })).it).toMatchObject(UNTRUSTED);
    expect((await found(labelMoved({ account: THEIRS, arn: theirs }), { trust: TRUST })).it).toMatchObject(
      UNTRUSTED,
    );
  });

  test.each([
    ['is not found', () => undefined],
    ['is denied', failing(denied())],
  ])('is believed without a description if the secret %s and it was forwarded', async (_, answer) => {
    const { it } = await found(forwarded(theirs, THEIRS, REGION), { trust: TRUST, describe: answer });
    expect(it).toEqual({ kind: 'changes', changes: [change({ arn: theirs, confirmed: false })] });
  });

  test('is not asked about in this Region if it is of another one; its replica here is', async () => {
    const { it, asked } = await found(forwarded(far, ACCOUNT, 'us-east-1'), { trust: TRUST });
    expect(asked).toEqual([SECRET]);
    expect(it).toEqual({
      kind: 'changes',
      changes: [change({ arn: far, confirmed: false }), change()],
    });
  });

  test('has no replica that counts if it was not forwarded', async () => {
    const { it, asked } = await found(callEvent({ eventName: 'PutSecretValue', secret: far }));
    expect(asked).toEqual([]);
    expect(it).toMatchObject({ kind: 'ignored', reason: 'elsewhere' });
  });

  test('says nothing by itself if it was not forwarded and the secret is denied', async () => {
    const call = callEvent({ eventName: 'PutSecretValue', secret: theirs, clientRequestToken: 'version-2' });
    const { it, told } = await found(call, { describe: failing(denied('no')) });
    const origin = { ...ORIGIN, source: 'PutSecretValue', arn: theirs };
    expect(it).toEqual({
      kind: 'ignored',
      origin,
      reason: 'elsewhere',
      why: expect.stringMatching(/^no; the event of another account is ignored; to have services/),
    });
    expect(told).toEqual([]);
  });

  test('names its secret in its own place and in the partition of this stack', async () => {
    const trust = { ...TRUST, queueArn: TRUST.queueArn.replace('arn:aws', 'arn:aws-cn') };
    const named = callEvent({
      way: 'forwarded',
      eventName: 'PutSecretValue',
      secret: 'prod/db',
      account: THEIRS,
      said: { accounts: [], regions: [], resources: ['prod/db'] },
    });
    const { asked } = await found(named, { trust, describe: () => undefined });
    expect(asked).toEqual([`arn:aws-cn:secretsmanager:${REGION}:${THEIRS}:secret:prod/db`]);
    expect((await found(named)).it).toMatchObject({
      ...UNTRUSTED,
      origin: { arn: `arn:aws:secretsmanager:${REGION}:${THEIRS}:secret:prod/db` },
    });
  });

  test('that came by the usual way keeps its name as it is', async () => {
    const { asked } = await found(callEvent({ eventName: 'PutSecretValue', secret: 'prod/db' }));
    expect(asked).toEqual(['prod/db']);
  });
});

describe('a secret of this account that is denied', () => {
  const HIDDEN = 'because of a resource-based policy';

  test('is as the event tells, if it names the version', async () => {
    const { it } = await found(labelMoved(), { describe: failing(denied('no')) });
    expect(it).toEqual({ kind: 'changes', changes: [change({ confirmed: false })] });
  });

  test('is ignored with the reason if its own policy hides it and the event says too little', async () => {
    const { it, told } = await found(callEvent(), { describe: failing(denied(HIDDEN)) });
    expect(it).toEqual({
      kind: 'ignored',
      origin: { ...ORIGIN, source: 'DeleteSecret', arn: SECRET },
      reason: 'hidden',
      why: expect.stringMatching(`^${HIDDEN}; this event names no label with its version, so it is ignored`),
    });
    expect(told).toEqual([]);
  });

  test.each([
    ['no policy of its own is the cause', denied('no')],
    ['it is no denial', new Error(HIDDEN)],
  ])('waits for its message if the event says too little and %s', async (_, error) => {
    const { it, told } = await found(callEvent(), { describe: failing(error) });
    expect(it).toEqual({ kind: 'unconfirmed' });
    expect(told).toMatchObject([['error', expect.stringMatching('SQS will deliver'), error, {}]]);
  });

  test('waits for its message if the event tells enough, but AWS gave no answer', async () => {
    const { it } = await found(labelMoved(), { describe: failing(new Error('timeout')) });
    expect(it).toEqual({ kind: 'unconfirmed' });
  });
});
