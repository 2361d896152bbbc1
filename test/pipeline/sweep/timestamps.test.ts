import { describe, expect, test } from 'vitest';
import type { SecretDescription } from '../../../functions/core/model/secret.ts';
import { readTimestamps } from '../../../functions/pipeline/sweep/timestamps.ts';
import {
  ACCOUNT,
  BEFORE,
  CHANGED_AT,
  fleet,
  NOW,
  POLICY,
  REGION,
  SECRET,
  service,
} from '../../support/build.ts';

const OTHER = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:other-x1Y2z3`;
const described = (arn: string, different: Partial<SecretDescription> = {}): SecretDescription => ({
  arn,
  lastChangedAt: CHANGED_AT,
  labelsOf: new Map([['version-2', ['AWSCURRENT']]]),
  ...different,
});

/** A Secrets Manager whose list and whose single answers may differ. */
function manager(listed: readonly SecretDescription[], known: readonly SecretDescription[]) {
  const asked: string[] = [];
  const secrets = {
    async *list() {
      await Promise.resolve();
      for (const one of listed) yield [one];
    },
    describe: (name: string) => {
      asked.push(name);
      return Promise.resolve(known.find(({ arn }) => arn === name || arn.slice(0, -7).endsWith(name)));
    },
    listVersions: () =>
      Promise.resolve([{ versionId: 'version-2', labels: ['AWSCURRENT'], createdAt: CHANGED_AT }]),
  };
  const run = {
    policy: POLICY,
    reading: new AbortController().signal,
    journal: { error: () => undefined },
    heard: () => Promise.resolve([]),
    ports: {
      clock: { now: () => NOW, sleep: () => Promise.resolve() },
      secrets,
      parameters: {
        describe: () => Promise.resolve(undefined),
        describeAll: () => Promise.resolve({ found: [], refused: [] }),
      },
    },
  };
  return { run, asked };
}

const read = (references: readonly string[], { run }: ReturnType<typeof manager>) =>
  readTimestamps(fleet([service()], { 'api:1': references }), 'sweep-1', run);

describe('a list of secrets, which may be five minutes late,', () => {
  test('does not make a young secret missing', async () => {
    const late = manager([], [described(SECRET)]);
    const { notices, changes } = await read([SECRET], late);
    expect(late.asked).toEqual([SECRET]);
    expect(notices).toEqual([]);
    expect(changes).toMatchObject([{ changeId: `sweep-1:${SECRET}`, arn: SECRET, label: 'AWSCURRENT' }]);
  });

  test('does not make a secret gone whose deletion was cancelled', async () => {
    const late = manager([described(SECRET, { deletedAt: BEFORE })], [described(SECRET)]);
    expect((await read([SECRET], late)).notices).toEqual([]);
  });

  test('is enough, without a further call, if it shows the secret', async () => {
    const right = manager([described(SECRET), described(OTHER)], []);
    const { changes } = await read([SECRET.slice(0, -7)], right);
    expect(right.asked).toEqual([]);
    expect(changes.map(({ arn }) => arn)).toEqual([SECRET]);
  });
});

describe('a secret that is asked for by itself', () => {
  test.each([
    [
      'a full ARN, and then by what would be its name if the ARN were partial',
      SECRET,
      SECRET,
      'prod/db-a1B2c3',
    ],
    ['a partial ARN', SECRET.slice(0, -7), SECRET.slice(0, -7)],
    ['its name, where a parameter passes through to it', '/aws/reference/secretsmanager/prod/db', 'prod/db'],
  ])('is named as ECS would name it, by %s', async (_, valueFrom, ...asked) => {
    const late = manager([], []);
    const { notices, broken } = await read([valueFrom], late);
    expect(late.asked).toEqual(asked);
    expect(notices).toMatchObject([{ kind: 'secret', notice: 'not-found', source: 'sweep' }]);
    expect(broken).toHaveLength(1);
  });
});

test('a name that no secret can have is not asked for and counts as not found', async () => {
  const late = manager([], []);
  const impossible = `${SECRET}?`;
  const { notices, unchecked } = await read([impossible], late);
  expect(late.asked).toEqual([]);
  expect(notices).toMatchObject([{ arn: impossible, notice: 'not-found' }]);
  expect(unchecked).toEqual([]);
});

test('a secret without the date of its last change is dated by its version', async () => {
  const { lastChangedAt: _, ...undated } = described(SECRET);
  const { changes } = await read([SECRET], manager([undated], []));
  expect(changes).toMatchObject([{ label: 'AWSCURRENT', changedAt: CHANGED_AT }]);
});

test('no secret is listed or asked for if the fleet has no services', async () => {
  const { run, asked } = manager([described(SECRET)], []);
  const nothing = await readTimestamps(fleet([]), 'sweep-1', run);
  expect(nothing).toEqual({ changes: [], notices: [], broken: [], unchecked: [] });
  expect(asked).toEqual([]);
});
