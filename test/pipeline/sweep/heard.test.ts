import { describe, expect, test } from 'vitest';
import { changesHeard } from '../../../functions/core/sweep/hidden.ts';
import { type Referenced, referencedBy } from '../../../functions/core/sweep/referenced.ts';
import type { Unchecked } from '../../../functions/core/sweep/sweep.ts';
import type { Run } from '../../../functions/pipeline/run.ts';
import { hearingOnce, hearOf, readHeard } from '../../../functions/pipeline/sweep/heard.ts';
import type { RefusedReference } from '../../../functions/pipeline/sweep/secret-times.ts';
import { ACCOUNT, CHANGED_AT, fleet, REGION, SECRET, service } from '../../support/build.ts';
import { fakeRun } from '../../support/fake-run.ts';

const SWEEP_ID = 'sweep-1';
const FOREIGN = SECRET.replace(ACCOUNT, '444455556666');
const FOREIGN_PARTIAL = FOREIGN.slice(0, -7);
const OTHER_FOREIGN = FOREIGN.replace('prod/db', 'prod/other');
const TRUSTED = SECRET.replace(ACCOUNT, '777788889999');
const MOVED = { label: 'AWSCURRENT', versionId: 'version-2' };
const heard = (arn: string, at = CHANGED_AT, label = 'AWSCURRENT') => ({ ...MOVED, arn, at, label });
const TRUST = {
  accounts: ['777788889999'],
  organization: undefined,
  queueArn: `arn:aws:sqs:${REGION}:${ACCOUNT}:q`,
};

class Denied extends Error {
  readonly denied = true;
}
/** A run that heard this; `asks` counts how often it was asked for what was heard. */
function scene(
  known: readonly ReturnType<typeof heard>[] | undefined,
  describe: Run['ports']['secrets']['describe'] = (arn) => Promise.reject(new Denied(`denied: ${arn}`)),
  trust?: Run['trust'],
) {
  const asks = { count: 0 };
  const { run, did } = fakeRun(
    { secrets: { describe } },
    {
      trust,
      heard: () => {
        asks.count++;
        return Promise.resolve(known);
      },
    },
  );
  return { run, did, asks };
}

test('what was heard is fetched once, and not before it is asked for', async () => {
  const { run, asks } = scene([heard(SECRET)]);
  const once = hearingOnce(run);
  expect(asks.count).toBe(0);
  expect(await Promise.all([once.heard(), once.heard()])).toEqual([[heard(SECRET)], [heard(SECRET)]]);
  expect(await once.heard()).toEqual([heard(SECRET)]);
  expect(asks.count).toBe(1);
  expect(once.ports).toBe(run.ports);
});

describe('what events told of secrets that AWS does not describe', () => {
  const hidden = (arn: string): Unchecked => ({ arn, why: 'denied', hidden: true });

  test('counts as changes of this sweep, and each secret says when the last event came', async () => {
    const known = [heard(SECRET), heard(SECRET, CHANGED_AT + 5, 'blue'), heard(FOREIGN)];
    const { run } = scene(known);
    expect(await hearOf([hidden(SECRET)], SWEEP_ID, run)).toEqual({
      changes: changesHeard(known.slice(0, 2), SWEEP_ID),
      unchecked: [{ ...hidden(SECRET), lastEvent: CHANGED_AT + 5 }],
    });
  });

  test('is not known without the snapshot: what is hidden is as unknown as what is refused', async () => {
    const { run } = scene(undefined);
    expect(await hearOf([hidden(SECRET)], SWEEP_ID, run)).toEqual({
      changes: [],
      unchecked: [{ arn: SECRET, why: 'denied' }],
    });
  });

  test('says nothing of a secret of which no event has told', async () => {
    const { run } = scene([heard(FOREIGN)]);
    expect(await hearOf([hidden(SECRET)], SWEEP_ID, run)).toEqual({
      changes: [],
      unchecked: [hidden(SECRET)],
    });
  });

  test('is not asked for if nothing is hidden, and does not count for what is not', async () => {
    const { run, asks } = scene([heard(SECRET)]);
    const refused = { arn: SECRET, why: 'throttled' };
    expect(await hearOf([refused], SWEEP_ID, run)).toEqual({ changes: [], unchecked: [refused] });
    expect(asks.count).toBe(0);
    expect(await hearOf([refused, hidden(FOREIGN)], SWEEP_ID, run)).toEqual({
      changes: [],
      unchecked: [refused, hidden(FOREIGN)],
    });
    expect(asks.count).toBe(1);
  });

  test('counts for a bare name only if it is of this account and Region, and for an ARN wherever it is', async () => {
    const known = [heard(FOREIGN), heard(SECRET.replace(REGION, 'us-east-1')), heard(SECRET)];
    const { run } = scene(known);
    const arnsFor = async (asNamed: string) =>
      (await hearOf([hidden(asNamed)], SWEEP_ID, run)).changes.map(({ arn }) => arn);
    expect(await arnsFor('prod/db')).toEqual([SECRET]);
    expect(await arnsFor(FOREIGN)).toEqual([FOREIGN]);
  });
});

describe('of secrets of other accounts and Regions, and of those that were refused here,', () => {
  const worldOf = (...references: readonly string[]) => fleet([service()], { 'api:1': references });
  const described = (arn: string) => ({ arn, lastChangedAt: CHANGED_AT, labelsOf: new Map() });
  const NOTHING_REFUSED = { refused: [] };

  test('nothing is asked where none is referred to', async () => {
    const { run, did, asks } = scene([heard(SECRET)]);
    expect(await readHeard([], NOTHING_REFUSED, worldOf(SECRET), SWEEP_ID, run)).toEqual({
      found: [],
      changes: [],
      unchecked: [],
      asked: new Set(),
    });
    expect(asks.count).toBe(0);
    expect(did).toEqual([]);
  });

  test('those are described of which an event told or whose account is trusted, and no other ones', async () => {
    const world = worldOf(FOREIGN, OTHER_FOREIGN, TRUSTED);
    const { run, did } = scene([heard(FOREIGN)], (arn) => Promise.resolve(described(arn)), TRUST);
    const { elsewhere } = referencedBy(world);
    expect(await readHeard(elsewhere, NOTHING_REFUSED, world, SWEEP_ID, run)).toEqual({
      found: [described(FOREIGN), described(TRUSTED)],
      changes: [],
      unchecked: [],
      asked: new Set([FOREIGN, TRUSTED]),
    });
    expect(did).toEqual([`describe ${FOREIGN}`, `describe ${TRUSTED}`]);
  });

  test('only an event makes one worth a question if no account is trusted', async () => {
    const world = worldOf(FOREIGN, TRUSTED);
    const { run, did } = scene([heard(FOREIGN)], (arn) => Promise.resolve(described(arn)));
    await readHeard(referencedBy(world).elsewhere, NOTHING_REFUSED, world, SWEEP_ID, run);
    expect(did).toEqual([`describe ${FOREIGN}`]);
  });

  test('the changes of which events told count once where AWS does not describe the secret, however often it is named', async () => {
    const world = worldOf(FOREIGN, FOREIGN_PARTIAL);
    const known = [heard(FOREIGN), heard(FOREIGN, CHANGED_AT + 5, 'blue')];
    const { run } = scene(known);
    const read = await readHeard(referencedBy(world).elsewhere, NOTHING_REFUSED, world, SWEEP_ID, run);
    expect(read).toEqual({
      found: [],
      changes: changesHeard(known, SWEEP_ID),
      unchecked: [FOREIGN, FOREIGN_PARTIAL].map((arn) => ({
        arn,
        why: `denied: ${arn}`,
        hidden: true,
        lastEvent: CHANGED_AT + 5,
      })),
      asked: new Set([FOREIGN, FOREIGN_PARTIAL]),
    });
  });

  test('one of which nothing was heard is unchecked, and why', async () => {
    const world = worldOf(TRUSTED);
    const { run } = scene([], undefined, TRUST);
    expect(
      await readHeard(referencedBy(world).elsewhere, NOTHING_REFUSED, world, SWEEP_ID, run),
    ).toMatchObject({
      changes: [],
      unchecked: [{ arn: TRUSTED, why: `denied: ${TRUSTED}`, hidden: true }],
    });
  });

  test('one is unchecked without the snapshot, and why', async () => {
    const world = worldOf(FOREIGN, TRUSTED);
    const { run } = scene(undefined, undefined, TRUST);
    const { elsewhere } = referencedBy(world);
    expect(await readHeard(elsewhere, NOTHING_REFUSED, world, SWEEP_ID, run)).toEqual({
      found: [],
      changes: [],
      unchecked: [
        { arn: TRUSTED, why: `denied: ${TRUSTED}` },
        { arn: FOREIGN, why: 'the snapshot could not be read, which says what events told of it' },
      ],
      asked: new Set([TRUSTED, FOREIGN]),
    });
  });

  test('one that was refused here has the changes of which events told only if it is hidden', async () => {
    const world = worldOf(SECRET);
    const [referenced] = referencedBy(world).secrets as [Referenced];
    const refused: RefusedReference = { referenced, arn: SECRET, why: 'w' };
    const { run, did } = scene([heard(SECRET)]);
    const read = (one: RefusedReference) => readHeard([], { refused: [one] }, world, SWEEP_ID, run);
    expect(await read({ ...refused, hidden: true })).toEqual({
      found: [],
      changes: changesHeard([heard(SECRET)], SWEEP_ID),
      unchecked: [{ arn: SECRET, why: 'w', hidden: true, lastEvent: CHANGED_AT }],
      asked: new Set(),
    });
    expect(await read(refused)).toEqual({
      found: [],
      changes: [],
      unchecked: [{ arn: SECRET, why: 'w' }],
      asked: new Set(),
    });
    expect(did).toEqual([]);
  });
});
