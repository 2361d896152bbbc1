import { describe, expect, test } from 'vitest';
import { CONCURRENCY } from '../../../functions/core/model/limits.ts';
import type { SecretDescription } from '../../../functions/core/model/secret.ts';
import { changesHeard } from '../../../functions/core/sweep/hidden.ts';
import type { Run } from '../../../functions/pipeline/run.ts';
import {
  type NamedResource,
  readNamedTimestamps,
  readTimestamps,
} from '../../../functions/pipeline/sweep/timestamps.ts';
import { ACCOUNT, CHANGED_AT, fleet, NOW, PARAMETER, SECRET, service } from '../../support/build.ts';
import { fakeRun } from '../../support/fake-run.ts';

const SWEEP_ID = 'sweep-1';
const OTHER = PARAMETER.replace('password', 'user');
const THIRD = PARAMETER.replace('password', 'port');
const FOREIGN = SECRET.replace(ACCOUNT, '444455556666');
const HEARD = { arn: SECRET, label: 'AWSCURRENT', versionId: 'version-2', at: CHANGED_AT };
const DESCRIBED: SecretDescription = {
  arn: SECRET,
  lastChangedAt: CHANGED_AT,
  labelsOf: new Map([['version-2', ['AWSCURRENT']]]),
};

class Denied extends Error {
  readonly denied = true;
}

type Given = {
  readonly secrets?: Partial<Run['ports']['secrets']>;
  readonly parameters?: Partial<Run['ports']['parameters']>;
  readonly heard?: Run['heard'];
};

/** Secrets Manager lists nothing and knows the secret; a parameter does not exist unless the test says so. */
function scene({ secrets, parameters, heard = () => Promise.resolve([]) }: Given = {}) {
  async function* list() {
    await Promise.resolve();
    yield [];
  }
  return fakeRun(
    {
      secrets: {
        list,
        describe: () => Promise.resolve(DESCRIBED),
        listVersions: () =>
          Promise.resolve([{ versionId: 'version-2', labels: ['AWSCURRENT'], createdAt: CHANGED_AT }]),
        ...secrets,
      },
      parameters: {
        describe: () => Promise.resolve(undefined),
        describeAll: () => Promise.resolve({ found: [], refused: [] }),
        ...parameters,
      },
    },
    { heard },
    (input) => (typeof input === 'string' || Array.isArray(input) ? String(input) : ''),
  );
}
const worldOf = (...references: readonly string[]) => fleet([service()], { 'api:1': references });

describe('the parameters of the fleet', () => {
  test('are described in one call, each once; each has its last change, its refusal or a notice', async () => {
    const found = [{ arn: PARAMETER, changedAt: CHANGED_AT - 999 }];
    const refused = [{ arn: OTHER, why: 'denied' }];
    const { run, did } = scene({ parameters: { describeAll: () => Promise.resolve({ found, refused }) } });
    const world = worldOf(PARAMETER, '/app/db/password', OTHER, THIRD, '/app/db/port');
    const read = await readTimestamps(world, SWEEP_ID, run);
    expect(did).toEqual([`describeAll ${PARAMETER},${OTHER},${THIRD}`]);
    expect(read).toEqual({
      changes: [
        {
          changeId: `${SWEEP_ID}:${PARAMETER}`,
          kind: 'parameter',
          arn: PARAMETER,
          changedAt: CHANGED_AT,
          source: 'sweep',
          optedOut: false,
        },
      ],
      notices: [
        {
          changeId: `${SWEEP_ID}:${THIRD}`,
          at: NOW,
          source: 'sweep',
          kind: 'parameter',
          arn: THIRD,
          notice: 'not-found',
        },
      ],
      broken: [expect.objectContaining({ service: service() })],
      unchecked: refused,
    });
  });

  test('are unchecked if their last change has no date', async () => {
    const found = [{ arn: PARAMETER, changedAt: 0 }];
    const { run } = scene({
      parameters: { describeAll: () => Promise.resolve({ found, refused: [] }) },
    });
    expect(await readTimestamps(worldOf(PARAMETER), SWEEP_ID, run)).toEqual({
      changes: [],
      notices: [],
      broken: [],
      unchecked: [{ arn: PARAMETER, why: 'Parameter Store does not say when it was modified last' }],
    });
  });

  test('are not asked for if there are none', async () => {
    const { run, did } = scene();
    await readTimestamps(worldOf(SECRET), SWEEP_ID, run);
    expect(did.filter((call) => call.startsWith('describeAll'))).toEqual([]);
  });
});

describe('what was heard', () => {
  test('dates a secret of this account that AWS does not describe, and its reference is unchecked', async () => {
    const { run } = scene({
      secrets: { describe: () => Promise.reject(new Denied('denied')) },
      heard: () => Promise.resolve([HEARD]),
    });
    expect(await readTimestamps(worldOf(SECRET), SWEEP_ID, run)).toEqual({
      changes: changesHeard([HEARD], SWEEP_ID),
      notices: [],
      broken: [],
      unchecked: [{ arn: SECRET, why: 'denied', hidden: true, lastEvent: CHANGED_AT }],
    });
  });

  test('dates a secret whose versions AWS does not list, and is fetched once', async () => {
    let asked = 0;
    const { run } = scene({
      secrets: { listVersions: () => Promise.reject(new Denied('denied')) },
      heard: () => {
        asked++;
        return Promise.resolve([HEARD]);
      },
    });
    expect(await readTimestamps(worldOf(SECRET, FOREIGN), SWEEP_ID, run)).toEqual({
      changes: changesHeard([HEARD], SWEEP_ID),
      notices: [],
      broken: [],
      unchecked: [{ arn: FOREIGN }, { arn: SECRET, why: 'denied', hidden: true, lastEvent: CHANGED_AT }],
    });
    expect(asked).toBe(1);
  });

  test('of a secret of another account has it described, and its reference is not unchecked', async () => {
    const { run, did } = scene({
      secrets: { describe: () => Promise.resolve({ ...DESCRIBED, arn: FOREIGN }) },
      heard: () => Promise.resolve([{ ...HEARD, arn: FOREIGN }]),
    });
    const { changes, unchecked } = await readTimestamps(worldOf(FOREIGN), SWEEP_ID, run);
    expect(did).toEqual([`describe ${FOREIGN}`, `listVersions ${FOREIGN}`]);
    expect(changes).toMatchObject([{ arn: FOREIGN, label: 'AWSCURRENT' }]);
    expect(unchecked).toEqual([]);
  });
});

describe('a resource that a request names', () => {
  const named = (kind: NamedResource['kind'], name: string): NamedResource => ({
    kind,
    name,
    origin: { changeId: 'request-1', at: NOW, source: 'sweep' },
    force: false,
  });
  const read = (some: readonly NamedResource[], given?: Given) =>
    readNamedTimestamps(some, worldOf(SECRET, PARAMETER), SWEEP_ID, scene(given).run);

  test('has its last change, with an id of the sweep, or a notice and the services that it breaks', async () => {
    const { changes, notices, broken, unchecked } = await read([
      named('secret', 'prod/db'),
      named('parameter', PARAMETER),
    ]);
    expect(changes).toMatchObject([
      { changeId: `${SWEEP_ID}:${SECRET}`, arn: SECRET, changedAt: CHANGED_AT },
    ]);
    expect(notices).toMatchObject([{ changeId: `${SWEEP_ID}:${PARAMETER}`, notice: 'not-found' }]);
    expect(broken).toMatchObject([{ service: { name: 'api' }, subject: { notice: { arn: PARAMETER } } }]);
    expect(unchecked).toEqual([]);
  });

  test('is unchecked if AWS does not describe it, with what events told of it', async () => {
    const given = {
      secrets: { describe: () => Promise.reject(new Denied('denied')) },
      heard: () => Promise.resolve([HEARD]),
    };
    const { changes, notices, unchecked } = await read([named('secret', 'prod/db')], given);
    expect(changes).toEqual(changesHeard([HEARD], SWEEP_ID));
    expect(notices).toEqual([]);
    expect(unchecked).toEqual([
      { arn: 'prod/db', why: expect.stringContaining('denied'), hidden: true, lastEvent: CHANGED_AT },
    ]);
  });

  test.each([
    ['a parameter is denied', named('parameter', PARAMETER), new Denied('no')],
    ['a secret cannot be described for another reason', named('secret', 'prod/db'), new Error('no')],
  ])('ends the request if %s', async (_, one, thrown) => {
    const port = { describe: () => Promise.reject(thrown) };
    await expect(read([one], { secrets: port, parameters: port })).rejects.toThrow('no');
  });

  test('is described together with a few others', async () => {
    let underWay = 0;
    let most = 0;
    const describeOne = async () => {
      most = Math.max(most, ++underWay);
      await new Promise(setImmediate);
      underWay--;
      return undefined;
    };
    const some = Array.from({ length: CONCURRENCY.resources + 2 }, (_, i) => named('parameter', `p${i}`));
    const { notices } = await read(some, { parameters: { describe: describeOne } });
    expect(notices).toHaveLength(some.length);
    expect(most).toBe(CONCURRENCY.resources);
  });
});
