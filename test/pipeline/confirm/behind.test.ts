import { describe, expect, test } from 'vitest';
import type { Change } from '../../../functions/core/model/change.ts';
import { CONCURRENCY } from '../../../functions/core/model/limits.ts';
import type { SecretDescription } from '../../../functions/core/model/secret.ts';
import { changesOfReplicas, replicasNow } from '../../../functions/pipeline/confirm/replica.ts';
import type { StepContext } from '../../../functions/pipeline/context.ts';
import { denied, secret } from '../../support/asked.ts';
import { ACCOUNT, CHANGED_AT, change, NOW, REGION, SECRET } from '../../support/build.ts';
import { atOnce, fakeRun } from '../../support/fake-run.ts';

const FAR = SECRET.replace(REGION, 'us-east-1');
const primary = change({ arn: FAR });
const theirs = SECRET.replace(ACCOUNT, '999988887777');
const TOLD = 'cannot look up the replica of a secret that changed in another Region';

type Answer = SecretDescription | Error | undefined;

function scene(answer: Answer, different: Partial<StepContext> = {}) {
  const { run, told } = fakeRun({}, different);
  const asked: string[] = [];
  const ask = async (name: string) => {
    asked.push(name);
    await Promise.resolve();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return {
    asked,
    told,
    ofReplicas: (changes: readonly Change[]) => changesOfReplicas(changes, ask, run),
    now: (...all: readonly (readonly Change[])[]) =>
      replicasNow(
        all.map((changes, id) => ({ id, changes })),
        ask,
        run,
      ),
  };
}

const behind = change({ behind: true });
const waiting = change({ changedAt: NOW, behind: true });
const old = secret({ labelsOf: new Map() });

describe('the replica here of a secret that changed in another Region', () => {
  test('changed, too, once it has the version', async () => {
    const { ofReplicas, asked, told } = scene(secret({ lastChangedAt: CHANGED_AT + 5_000 }));
    expect(await ofReplicas([primary])).toEqual([change({ changedAt: CHANGED_AT + 5_000 })]);
    expect(asked).toEqual([SECRET]);
    expect(told).toEqual([]);
  });

  test('is behind until then', async () => {
    expect(await scene(old).ofReplicas([primary])).toEqual([waiting]);
  });

  const { versionId: _, ...versionless } = primary;
  test.each([
    ['this Region is not known', primary, { region: undefined }],
    ['the secret is of this Region', change(), {}],
    ['the change names no version', versionless, {}],
  ])('is not looked up if %s', async (__, one, different) => {
    const { ofReplicas, asked } = scene(secret(), different);
    expect(await ofReplicas([one])).toEqual([]);
    expect(asked).toEqual([]);
  });

  test.each([
    ['does not exist', undefined],
    ['is scheduled for deletion', secret({ deletedAt: NOW })],
  ])('is no change if it %s', async (__, answer) => {
    const { ofReplicas, told } = scene(answer);
    expect(await ofReplicas([primary])).toEqual([]);
    expect(told).toEqual([]);
  });

  test('is no change if it may not be described, and that is told', async () => {
    const { ofReplicas, told } = scene(denied());
    expect(await ofReplicas([primary])).toEqual([]);
    expect(told).toEqual([['error', TOLD, denied(), { arn: SECRET }]]);
  });

  test('of another account is no change if it may not be described, which is not told: there may be none', async () => {
    const { ofReplicas, told } = scene(denied());
    expect(await ofReplicas([change({ arn: theirs.replace(REGION, 'us-east-1') })])).toEqual([]);
    expect(told).toEqual([]);
  });

  test('has to be asked about again if AWS gives no answer', async () => {
    const timeout = new Error('timeout');
    await expect(scene(timeout).ofReplicas([primary])).rejects.toBe(timeout);
  });

  test('is asked about with few others at once', async () => {
    const { most, during } = atOnce();
    const { run } = fakeRun({});
    const many = Array.from({ length: 40 }, () => primary);
    await changesOfReplicas(many, () => during(secret()), run);
    expect(most()).toBe(CONCURRENCY.resources);
  });
});

describe('a change whose replica was behind', () => {
  test('is as the replica shows now; others stay as they are, and are not asked about', async () => {
    const { now, asked } = scene(secret());
    const other = change({ changeId: 'other' });
    expect(await now([behind, other], [other])).toEqual([
      { id: 0, changes: [change(), other] },
      { id: 1, changes: [other] },
    ]);
    expect(asked).toEqual([SECRET]);
  });

  test('is younger than this look if the replica is still behind', async () => {
    expect(await scene(old).now([behind])).toEqual([{ id: 0, changes: [waiting] }]);
  });

  test.each([
    ['is gone', undefined, undefined],
    ['is denied', denied(), denied()],
    ['is not described, for AWS gives no answer', new Error('timeout'), new Error('timeout')],
  ])('stays behind if the replica %s', async (_, answer, tells) => {
    const { now, told } = scene(answer);
    expect(await now([behind])).toEqual([{ id: 0, changes: [behind] }]);
    expect(told).toEqual(tells === undefined ? [] : [['error', TOLD, tells, { arn: SECRET }]]);
  });

  test('of another account stays behind, and that is told: it was there', async () => {
    const { now, told } = scene(denied());
    await now([change({ arn: theirs, behind: true })]);
    expect(told).toEqual([['error', TOLD, denied(), { arn: theirs }]]);
  });

  test('is asked about with few others at once', async () => {
    const { most, during } = atOnce();
    const { run } = fakeRun({});
    const changes = Array.from({ length: 40 }, () => ({ ...behind }));
    await replicasNow([{ changes }], () => during(secret()), run);
    expect(most()).toBe(CONCURRENCY.resources);
  });
});
