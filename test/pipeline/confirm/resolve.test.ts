import { describe, expect, test } from 'vitest';
import { begin } from '../../../functions/core/follow-up/follow-up.ts';
import type { Trigger } from '../../../functions/core/follow-up/trigger.ts';
import type { ParameterDescription } from '../../../functions/core/model/parameter.ts';
import type { SecretDescription, SecretVersion } from '../../../functions/core/model/secret.ts';
import { startScan } from '../../../functions/core/read/scan.ts';
import {
  deletedParameters,
  deletion,
  findCurrent,
  withNamesake,
} from '../../../functions/pipeline/confirm/resolve.ts';
import { callEvent, denied, labelMoved, noticed, parameterEvent, secret } from '../../support/asked.ts';
import { ACCOUNT, CHANGED_AT, change, NOW, PARAMETER, REGION, SECRET } from '../../support/build.ts';
import { fakeRun } from '../../support/fake-run.ts';

const origin = { changeId: 'asked', at: NOW, source: 'request' };
const named = (kind: 'secret' | 'parameter', name: string, how: { force?: true; dated?: true } = {}) => ({
  kind,
  name,
  origin,
  force: false,
  ...how,
});
const theirs = SECRET.replace(ACCOUNT, '999988887777');
const far = SECRET.replace(REGION, 'us-east-1');
/** It may be the full ARN of `db`, or the partial one of `db-secret`. */
const word = SECRET.replace('db-a1B2c3', 'db-secret');

type Given = {
  readonly secrets?: Readonly<Record<string, SecretDescription | Error>>;
  readonly versions?: readonly SecretVersion[];
  readonly parameter?: ParameterDescription;
};

/** The present state of what was named, and what was asked; only these secrets exist. */
async function current(
  trigger: Exclude<Trigger, { kind: 'event' }>,
  { secrets = {}, versions = [], parameter }: Given = {},
) {
  const answer = async (name: string) => {
    await Promise.resolve();
    const one = secrets[name];
    if (one instanceof Error) throw one;
    return one;
  };
  const { run, did } = fakeRun({
    secrets: { describe: answer, listVersions: () => Promise.resolve(versions) },
    parameters: { describe: () => Promise.resolve(parameter) },
  });
  const asked: string[] = [];
  const describeSecret = (name: string) => {
    asked.push(name);
    return answer(name);
  };
  const failure: { error?: unknown } = {};
  const it = await findCurrent(trigger, describeSecret, run).catch((error: unknown) => {
    failure.error = error;
    return undefined;
  });
  return { it, asked, did, error: failure.error };
}

const changes = (...found: readonly unknown[]) => ({ kind: 'changes', changes: found });
const INSTEAD = /a request that names it by its full ARN and says since when with "at" needs no description/;

describe('what is no name of a resource', () => {
  test.each([
    { kind: 'follow-up', messageId: 'm', followUp: begin('c', [], NOW) },
    { kind: 'scan', messageId: 'm', scan: startScan([], [], NOW) },
    { kind: 'service', origin, named: { name: 'api' } },
  ] as unknown as Exclude<Trigger, { kind: 'event' }>[])('($kind) is no change', async (trigger) => {
    expect(await current(trigger)).toMatchObject({ it: changes(), asked: [], did: [] });
  });
});

describe('a parameter', () => {
  const parameter = { arn: PARAMETER, changedAt: CHANGED_AT - 999 };
  const found = { changeId: 'asked', kind: 'parameter', arn: PARAMETER, source: 'request', optedOut: false };

  test('changed at the end of the second in which Parameter Store says that it did', async () => {
    const { it, did } = await current(named('parameter', '/app/db/password'), { parameter });
    expect(it).toEqual(changes({ ...found, changedAt: CHANGED_AT }));
    expect(did).toEqual(['describe /app/db/password']);
  });

  test('changed at the instant of the request if that is forced', async () => {
    const { it } = await current(named('parameter', PARAMETER, { force: true }), { parameter });
    expect(it).toEqual(changes({ ...found, changedAt: NOW }));
  });

  test('that does not exist is a notice', async () => {
    const { it } = await current(named('parameter', '/app/db'));
    const notice = { ...origin, kind: 'parameter', arn: '/app/db', notice: 'not-found' };
    expect(it).toEqual({ kind: 'notice', notice });
  });

  const there = PARAMETER.replace(REGION, 'us-east-1');
  test.each([{ force: true }, { dated: true }] as const)(
    'of elsewhere changed when the request says so (%o)',
    async (how) => {
      const { it, did } = await current(named('parameter', there, how));
      expect(it).toEqual(changes({ ...found, arn: there, changedAt: NOW, confirmed: false }));
      expect(did).toEqual([]);
    },
  );

  test('without a date is refused, unless the request says since when', async () => {
    const undated = { parameter: { arn: PARAMETER, changedAt: 0 } };
    const { error } = await current(named('parameter', PARAMETER), undated);
    expect(error).toMatchObject({
      name: 'Untold',
      message: `${PARAMETER}: Parameter Store does not say when it was modified last`,
    });
    const { it } = await current(named('parameter', PARAMETER, { force: true }), undated);
    expect(it).toMatchObject({ kind: 'changes', changes: [{ arn: PARAMETER, changedAt: NOW }] });
  });

  test('of elsewhere is refused if the request does not say when', async () => {
    const { error } = await current(named('parameter', there));
    expect(error).toMatchObject({
      name: 'NotDescribed',
      denied: true,
      message: expect.stringMatching(
        `^${there} is of another account or Region, or of AWS; ${INSTEAD.source}`,
      ),
    });
  });
});

describe('a secret', () => {
  const versions = [{ versionId: 'version-2', labels: ['AWSCURRENT'], createdAt: CHANGED_AT }];

  test('changed as its versions say', async () => {
    const { it, did } = await current(named('secret', 'prod/db'), {
      secrets: { 'prod/db': secret() },
      versions,
    });
    expect(it).toEqual(changes(change({ changeId: 'asked', source: 'request' })));
    expect(did).toEqual([`listVersions ${SECRET}`]);
  });

  test('changed as a whole at the instant of a forced request', async () => {
    const { it, did } = await current(named('secret', SECRET, { force: true }), {
      secrets: { [SECRET]: secret() },
    });
    const { label: _, versionId: _none, ...whole } = change({ changeId: 'asked', source: 'request' });
    expect(it).toEqual(changes({ ...whole, changedAt: NOW }));
    expect(did).toEqual([]);
  });

  test('that is scheduled for deletion is a notice, also by force, without another question', async () => {
    const secrets = { [SECRET]: secret({ deletedAt: NOW }) };
    const { it, did } = await current(named('secret', SECRET, { force: true }), { secrets });
    const notice = noticed({ ...origin, notice: 'scheduled-for-deletion' });
    expect(it).toEqual({ kind: 'notice', notice });
    expect(did).toEqual([]);
  });

  test('that does not exist is a notice, which says whether another one has its name', async () => {
    const other = secret({ arn: SECRET.replace('a1B2c3', 'Zz9Yy8') });
    const { it } = await current(named('secret', SECRET), { secrets: { [SECRET.slice(0, -7)]: other } });
    expect(it).toEqual({ kind: 'notice', notice: noticed({ ...origin, fullArnOnly: true }) });
    const alone = await current(named('secret', 'prod/db'));
    expect(alone.it).toEqual({ kind: 'notice', notice: noticed({ ...origin, arn: 'prod/db' }) });
    expect(alone.did).toEqual([]);
  });

  test('of another account is as AWS shows it here', async () => {
    const { it, error } = await current(named('secret', theirs), {
      secrets: { [theirs]: secret({ arn: theirs }) },
      versions,
    });
    expect(error).toBeUndefined();
    expect(it).toEqual(changes(change({ changeId: 'asked', source: 'request', arn: theirs })));
  });

  test('about which AWS gives no answer is not told by anything else', async () => {
    const timeout = new Error('timeout');
    const given = { secrets: { [SECRET]: timeout } };
    const { error } = await current(named('secret', SECRET, { dated: true }), given);
    expect(error).toBe(timeout);
  });
});

describe('a secret that AWS does not describe here', () => {
  const told = (arn: string) =>
    changes({
      changeId: 'asked',
      kind: 'secret',
      arn,
      changedAt: NOW,
      source: 'request',
      optedOut: false,
      confirmed: false,
    });
  const no = denied('no');

  test.each([
    ['is denied, by force', SECRET, { force: true }, { [SECRET]: no }, [SECRET]],
    ['is denied, since an instant', SECRET, { dated: true }, { [SECRET]: no }, [SECRET]],
    ['is of another account', theirs, { dated: true }, {}, [theirs]],
    ['is of another Region, which is not asked about', far, { dated: true }, {}, []],
    [
      'ends in a word, and whose name is denied, too',
      word,
      { dated: true },
      { [word]: no, [word.slice(0, -7)]: no },
      [word, word.slice(0, -7)],
    ],
    [
      'ends in a word, and whose name has this ARN',
      word,
      { dated: true },
      { [word]: no, [word.slice(0, -7)]: secret({ arn: word }) },
      [word, word.slice(0, -7)],
    ],
    [
      'ends in a word, and is of another account',
      word.replace(ACCOUNT, '999988887777'),
      { dated: true },
      {},
      [word, word.slice(0, -7)].map((arn) => arn.replace(ACCOUNT, '999988887777')),
    ],
  ] as const)('changed when the request says so if it %s', async (_, arn, how, secrets, questions) => {
    const { it, asked } = await current(named('secret', arn, how), { secrets });
    expect(it).toEqual(told(arn));
    expect(asked).toEqual(questions);
  });

  test.each([
    ['the request does not say when', SECRET, {}, { [SECRET]: no }],
    ['it was named without an ARN', 'prod/db', { dated: true }, { 'prod/db': no }],
    ['its ARN may be a part, for its name is free', word, { dated: true }, { [word]: no }],
    [
      'its ARN may be a part, for its name has another one',
      word,
      { dated: true },
      { [word]: no, [word.slice(0, -7)]: secret() },
    ],
  ] as const)('is refused with what to ask instead if %s', async (_, name, how, secrets) => {
    const { error } = await current(named('secret', name, how), { secrets });
    expect(error).toMatchObject({
      name: 'NotDescribed',
      denied: true,
      message: expect.stringMatching(/^no; a request that names it/),
      cause: no,
    });
  });

  test('is refused with its place if it is of another one', async () => {
    const { error } = await current(named('secret', theirs));
    expect(error).toMatchObject({
      message: expect.stringMatching(
        `^Secrets Manager of this account and Region knows nothing of ${theirs}; a request`,
      ),
    });
    expect(String(error).match(new RegExp(INSTEAD, 'g'))).toHaveLength(1);
    expect(error).not.toHaveProperty('cause');
  });

  test('stays unknown if AWS gives no answer about its name', async () => {
    const timeout = new Error('timeout');
    const secrets = { [word]: no, [word.slice(0, -7)]: timeout };
    const { error } = await current(named('secret', word, { dated: true }), { secrets });
    expect(error).toBe(timeout);
  });
});

describe('a notice', () => {
  const other = secret({ arn: SECRET.replace('a1B2c3', 'Zz9Yy8') });

  test.each([
    ['that is not found by its full ARN', noticed(), true],
    ['that is scheduled for deletion', noticed({ notice: 'scheduled-for-deletion' }), false],
    ['that is named by a word', noticed({ arn: word }), false],
    ['that is a parameter', noticed({ kind: 'parameter', arn: `${PARAMETER}-a1B2c3` }), false],
  ])('says whether another one has the name of a resource %s', async (_, notice, says) => {
    const { run, did } = fakeRun({ secrets: { describe: () => Promise.resolve(other) } });
    expect(await withNamesake(notice, run)).toEqual(says ? { ...notice, fullArnOnly: true } : notice);
    expect(did).toHaveLength(says ? 1 : 0);
  });
});

describe('a parameter that an event reports as deleted', () => {
  const deleted = noticed({ kind: 'parameter', arn: PARAMETER, notice: 'deleted', at: CHANGED_AT });
  const other = { arn: `${PARAMETER}2`, changedAt: 0 };
  const living = [other, { arn: PARAMETER, changedAt: 0 }];

  test('is gone if it is not found, whatever else is', () => {
    const found = { found: [other], refused: [{ ...other, why: 'x' }] };
    expect(deletion(deleted, found, NOW)).toEqual({ kind: 'notice', notice: deleted });
  });

  test('is looked at again within a minute if it is found, and was restored after that', () => {
    const found = { found: living, refused: [] };
    expect(deletion(deleted, found, CHANGED_AT + 59_999)).toEqual({ kind: 'look-again' });
    expect(deletion(deleted, found, CHANGED_AT + 60_000)).toEqual({ kind: 'ignored', reason: 'restored' });
  });

  test('is not known to be gone if Parameter Store refuses to tell', () => {
    const refused = [
      { arn: other.arn, why: 'x' },
      { arn: PARAMETER, why: 'denied' },
    ];
    expect(() => deletion(deleted, { found: [], refused }, NOW)).toThrow(
      new Error(`cannot describe parameter ${PARAMETER}: denied`),
    );
  });
});

test('the parameters of all events are asked about once, each once, and nothing else is', async () => {
  const asked: (readonly string[])[] = [];
  const { run } = fakeRun({
    parameters: {
      describeAll: (arns) => {
        asked.push(arns);
        return Promise.resolve({ found: [], refused: [] });
      },
    },
  });
  const other = `${PARAMETER}2`;
  const ask = deletedParameters(
    [
      parameterEvent(),
      parameterEvent({ id: 'again' }),
      parameterEvent({ arn: other }),
      labelMoved(),
      callEvent({ secret: undefined }),
      callEvent({ secret: 'prod/db' }),
      { kind: 'follow-up', messageId: 'm', followUp: begin('c', [], NOW) },
    ],
    run,
  );
  expect(asked).toEqual([]);
  expect(await ask()).toBe(await ask());
  expect(asked).toEqual([[PARAMETER, other]]);
});
