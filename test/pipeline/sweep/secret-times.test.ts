import { describe, expect, test } from 'vitest';
import { CONCURRENCY } from '../../../functions/core/model/limits.ts';
import type { SecretDescription, SecretVersion } from '../../../functions/core/model/secret.ts';
import { latestChange, type Referenced, referencedBy } from '../../../functions/core/sweep/referenced.ts';
import {
  originOf,
  readElsewhere,
  readSecrets,
  readSecretTimes,
} from '../../../functions/pipeline/sweep/secret-times.ts';
import type { Secrets } from '../../../functions/ports.ts';
import {
  ACCOUNT,
  AFTER,
  BEFORE,
  CHANGED_AT,
  deployment,
  fleet,
  NOW,
  REGION,
  SECRET,
  service,
} from '../../support/build.ts';
import { fakeRun } from '../../support/fake-run.ts';

const PARTIAL = SECRET.slice(0, -7);
const OTHER = SECRET.replace('prod/db', 'prod/other');
const THIRD = SECRET.replace('prod/db', 'prod/third');
const SWEEP_ID = 'sweep-1';

const described = (arn: string, different: Partial<SecretDescription> = {}): SecretDescription => ({
  arn,
  lastChangedAt: CHANGED_AT,
  labelsOf: new Map([['version-2', ['AWSCURRENT']]]),
  ...different,
});
class Denied extends Error {
  readonly denied = true;
}
const throwing = (thrown: unknown) => () => Promise.reject(thrown);

type Given = {
  readonly pages?: readonly (readonly SecretDescription[] | { readonly why: string })[];
  readonly describe?: Secrets['describe'];
  readonly listVersions?: Secrets['listVersions'];
  readonly reading?: AbortSignal;
};

/** Secrets Manager lists these pages, and knows no other secret unless the test says so. */
function scene({ pages = [], describe, listVersions, reading = new AbortController().signal }: Given = {}) {
  async function* list() {
    await Promise.resolve();
    yield* pages;
  }
  const secrets: Partial<Secrets> = {
    list,
    describe: describe ?? (() => Promise.resolve(undefined)),
    listVersions: listVersions ?? (() => Promise.resolve([])),
  };
  return fakeRun({ secrets }, { reading }, (input) => (typeof input === 'string' ? input : ''));
}

const worldOf = (references: readonly string[], createdAt = BEFORE) =>
  fleet([service({ deployments: [deployment({ createdAt })] })], { 'api:1': references });
const idsOf = (referenced: readonly Referenced[]) => referenced.map(({ target }) => target.id);

/** Reads the secrets that these references of the fleet name. */
async function secretsOf(references: readonly string[], given: Given = {}) {
  const { run, did } = scene(given);
  const world = worldOf(references);
  const read = await readSecrets(referencedBy(world).secrets, world, run);
  return { ...read, notFound: idsOf(read.notFound), did };
}

describe('the secrets that references name', () => {
  test('are listed, and not described one by one', async () => {
    const { found, notFound, refused, did } = await secretsOf([SECRET, PARTIAL, OTHER], {
      pages: [[described(SECRET), described(THIRD)], [described(OTHER)]],
    });
    expect(found).toEqual([described(SECRET), described(OTHER)]);
    expect([notFound, refused]).toEqual([[], []]);
    expect(did).toEqual(['list ']);
  });

  test('are not listed if there is no reference', async () => {
    const { found, notFound, refused, did } = await secretsOf([]);
    expect([found, notFound, refused, did]).toEqual([[], [], [], []]);
  });

  test('are described one by one if the list does not show them; what is not found then is not found', async () => {
    const { found, notFound, refused, did } = await secretsOf([SECRET, OTHER], {
      pages: [[described(THIRD)]],
      describe: (arn) => Promise.resolve(arn === SECRET ? described(SECRET) : undefined),
    });
    expect(found).toEqual([described(SECRET)]);
    expect(notFound).toEqual([OTHER]);
    expect(refused).toEqual([]);
    expect(did.slice(0, 3)).toEqual(['list ', `describe ${SECRET}`, `describe ${OTHER}`]);
  });

  test('are described one by one from where the list is refused', async () => {
    const { found, did } = await secretsOf([SECRET, OTHER], {
      pages: [[described(SECRET)], { why: 'AccessDenied' }, [described(OTHER)]],
      describe: (arn) => Promise.resolve(described(arn)),
    });
    expect(found).toEqual([described(SECRET), described(OTHER)]);
    expect(did).toEqual(['list ', `describe ${OTHER}`]);
  });

  test.each([
    [
      'shown as it is described, if the list shows it as deleted',
      () => Promise.resolve(described(SECRET)),
      {},
    ],
    ['shown as it is listed, if it is not found', () => Promise.resolve(undefined), { deletedAt: BEFORE }],
    ['shown as it is listed, if it cannot be described', throwing(new Denied('no')), { deletedAt: BEFORE }],
  ])('a secret is %s', async (_, describe, different) => {
    const { found, notFound, refused, did } = await secretsOf([SECRET, OTHER], {
      pages: [[described(SECRET, { deletedAt: BEFORE }), described(OTHER)]],
      describe: (arn) => (arn === SECRET ? describe() : Promise.resolve(undefined)),
    });
    expect(found).toEqual([described(SECRET, different), described(OTHER)]);
    expect([notFound, refused]).toEqual([[], []]);
    expect(did).toContain(`describe ${SECRET}`);
    expect(did).not.toContain(`describe ${OTHER}`);
  });

  test.each([
    ['hidden if it is denied', new Denied('denied'), { why: 'denied', hidden: true }],
    ['refused for any other error', new Error('throttled'), { why: 'throttled' }],
    ['refused for what is no error', 'broken', { why: 'broken' }],
  ])('a secret that cannot be described is %s, and the others are read', async (_, error, why) => {
    const { found, notFound, refused } = await secretsOf([SECRET, OTHER], {
      describe: (arn) => (arn === SECRET ? Promise.reject(error) : Promise.resolve(described(arn))),
    });
    expect(found).toEqual([described(OTHER)]);
    expect(notFound).toEqual([]);
    const referenced = expect.objectContaining({ target: expect.objectContaining({ id: SECRET }) });
    expect(refused).toEqual([{ referenced, arn: SECRET, ...why }]);
  });

  test('are not read to the end once the time for reading is over', async () => {
    const reading = AbortSignal.abort(new Error('the time is over'));
    const describe = throwing(new Denied('aborted'));
    await expect(secretsOf([SECRET], { describe, reading })).rejects.toThrow('the time is over');
  });

  test('are described a few at a time', async () => {
    let underWay = 0;
    let most = 0;
    const many = Array.from({ length: CONCURRENCY.resources + 2 }, (_, i) => SECRET.replace('db', `db-${i}`));
    const { found } = await secretsOf(many, {
      describe: async (arn) => {
        most = Math.max(most, ++underWay);
        await new Promise(setImmediate);
        underWay--;
        return described(arn);
      },
    });
    expect(found).toHaveLength(many.length);
    expect(most).toBe(CONCURRENCY.resources);
  });
});

describe('Secrets Manager is asked for a name', () => {
  const asked = async (name: string) => {
    const { notFound, did } = await secretsOf([`/aws/reference/secretsmanager/${name}`]);
    expect(notFound).toHaveLength(1);
    return did.slice(1);
  };
  const LONGEST = 'a'.repeat(2048);

  test.each(['a/b_c+d=e.f@g!h-9', LONGEST])('that a secret can have: %s', async (name) => {
    expect(await asked(name)).toEqual([`describe ${name}`]);
  });

  test.each(['?db', 'db?', 'd?b', `${LONGEST}a`])('but not for one that none can have: %s', async (name) => {
    expect(await asked(name)).toEqual([]);
  });
});

describe('a secret of another account or Region', () => {
  const FOREIGN = SECRET.replace(ACCOUNT, '444455556666');
  const FOREIGN_PARTIAL = FOREIGN.slice(0, -7);
  const FAR = SECRET.replace(REGION, 'us-east-1');
  const UNKNOWN = 'Secrets Manager of this account and Region does not know it';
  const read = async (references: readonly string[], describe?: Secrets['describe']) => {
    const { run, did } = scene(describe && { describe });
    const { elsewhere } = referencedBy(worldOf(references));
    const { refused, ...rest } = await readElsewhere(elsewhere, run);
    return {
      ...rest,
      did,
      refused: refused.map(({ referenced: { target }, ...one }) => ({ id: target.id, ...one })),
    };
  };

  test('is described, and counts once, however often it is named', async () => {
    expect(await read([FOREIGN, FOREIGN_PARTIAL], () => Promise.resolve(described(FOREIGN)))).toEqual({
      found: [described(FOREIGN)],
      notFound: [],
      refused: [],
      did: [`describe ${FOREIGN}`, `describe ${FOREIGN_PARTIAL}`],
    });
  });

  test('is hidden if it is not known here, and of another Region it is not asked for', async () => {
    const { did, ...unknown } = await read([FAR, FOREIGN]);
    expect(unknown).toEqual({
      found: [],
      notFound: [],
      refused: [FAR, FOREIGN].map((arn) => ({ id: arn, arn, why: UNKNOWN, hidden: true })),
    });
    expect(did.filter((call) => call.includes(FAR))).toEqual([]);
  });

  test.each([
    ['hidden if it is denied', new Denied('denied'), { why: 'denied', hidden: true }],
    ['refused for any other error', new Error('throttled'), { why: 'throttled' }],
  ])('is %s', async (_, error, why) => {
    const { found, refused } = await read([FOREIGN], throwing(error));
    expect(found).toEqual([]);
    expect(refused).toEqual([{ id: FOREIGN, arn: FOREIGN, ...why }]);
  });
});

describe('the last change of a secret', () => {
  const VERSION: SecretVersion = {
    versionId: 'version-2',
    labels: ['AWSCURRENT'],
    createdAt: CHANGED_AT - 5_000,
  };
  const times = async (secrets: readonly SecretDescription[], startedAt: number, given: Given = {}) => {
    const { run, did } = scene({ listVersions: () => Promise.resolve([VERSION]), ...given });
    const world = worldOf(
      secrets.map(({ arn }) => arn),
      startedAt,
    );
    return { ...(await readSecretTimes(secrets, world, SWEEP_ID, run)), did };
  };
  const idOf = (arn: string) => `${SWEEP_ID}:${arn}`;

  test('has the id of the sweep and of the secret', () => {
    expect(originOf(SWEEP_ID, SECRET, NOW)).toEqual({ changeId: idOf(SECRET), at: NOW, source: 'sweep' });
  });

  test('needs no version if every service is younger than anything that happened to it', async () => {
    expect(await times([described(SECRET)], AFTER)).toEqual({
      changes: [latestChange(idOf(SECRET), described(SECRET))],
      notices: [],
      refused: [],
      did: [],
    });
  });

  test('is that of its version if a service may be older', async () => {
    const { changes, did } = await times([described(SECRET)], BEFORE);
    expect(changes).toMatchObject([
      {
        changeId: idOf(SECRET),
        arn: SECRET,
        label: 'AWSCURRENT',
        versionId: 'version-2',
        changedAt: VERSION.createdAt,
        source: 'sweep',
      },
    ]);
    expect(did).toEqual([`listVersions ${SECRET}`]);
  });

  test('is that of its version if AWS does not date it, however young the services are', async () => {
    const { lastChangedAt: _, ...undated } = described(SECRET);
    const { changes, did } = await times([undated, described(OTHER)], AFTER);
    expect(changes).toMatchObject([{ arn: OTHER }, { arn: SECRET, label: 'AWSCURRENT' }]);
    expect(did).toEqual([`listVersions ${SECRET}`]);
  });

  test('is that it will be deleted, whose versions are not asked for', async () => {
    const gone = described(SECRET, { deletedAt: BEFORE });
    expect(await times([gone], BEFORE)).toEqual({
      changes: [],
      notices: [
        {
          changeId: idOf(SECRET),
          at: NOW,
          source: 'sweep',
          kind: 'secret',
          arn: SECRET,
          notice: 'scheduled-for-deletion',
        },
      ],
      refused: [],
      did: [],
    });
  });

  test.each([
    ['a version is shown without its labels', [{ ...VERSION, labels: [] }]],
    ['no version has the label that the secret shows', [{ ...VERSION, labels: ['AWSPENDING'] }]],
    ['it is listed with a version, and then none is shown', []],
  ])('is not known if %s', async (_, versions) => {
    const { changes, refused } = await times([described(SECRET)], BEFORE, {
      listVersions: () => Promise.resolve(versions),
    });
    expect(changes).toEqual([]);
    expect(refused).toEqual([
      { arn: SECRET, why: 'Secrets Manager does not say which version has which label' },
    ]);
  });

  test.each([
    ['has no value yet', []],
    ['has only a value that is pending', [{ ...VERSION, labels: ['AWSPENDING'] }]],
  ])('is none if the secret %s', async (_, versions) => {
    const labelsOf = new Map(versions.map(({ versionId, labels }) => [versionId, labels]));
    const { changes, refused } = await times([described(SECRET, { labelsOf })], BEFORE, {
      listVersions: () => Promise.resolve(versions),
    });
    expect([changes, refused]).toEqual([[], []]);
  });

  test.each([
    ['hidden if its versions are denied', new Denied('denied'), { why: 'denied', hidden: true }],
    ['refused for any other error', new Error('throttled'), { why: 'throttled' }],
  ])('is %s, and that of others is read', async (_, error, why) => {
    const listVersions = (arn: string) =>
      arn === SECRET ? Promise.reject(error) : Promise.resolve([VERSION]);
    const { changes, refused } = await times([described(SECRET), described(OTHER)], BEFORE, { listVersions });
    expect(changes.map(({ arn }) => arn)).toEqual([OTHER]);
    expect(refused).toEqual([{ arn: SECRET, ...why }]);
  });
});
