import { describe, expect, test } from 'vitest';
import type { Change } from '../../../functions/core/model/change.ts';
import { CONCURRENCY } from '../../../functions/core/model/limits.ts';
import type { ParametersFound } from '../../../functions/core/model/parameter.ts';
import type { SecretDescription } from '../../../functions/core/model/secret.ts';
import { hasNamesake, refutedOf, standingOf } from '../../../functions/pipeline/confirm/standing.ts';
import { denied, secret } from '../../support/asked.ts';
import { ACCOUNT, CHANGED_AT, change, NOW, notice, PARAMETER, REGION, SECRET } from '../../support/build.ts';
import { atOnce, fakeRun } from '../../support/fake-run.ts';

const LATE = CHANGED_AT + 60_000;
const NAME = SECRET.slice(0, -7);
const FAR = SECRET.replace(REGION, 'us-east-1');
const THEIRS = SECRET.replace(ACCOUNT, '999988887777');
const PARAMETER_FAR = PARAMETER.replace(REGION, 'us-east-1');
const asParameter = (arn = PARAMETER) => change({ kind: 'parameter', arn });
const other = secret({ arn: `${NAME}-Zz9Yy8` });

type Given = {
  readonly secrets?: Readonly<Record<string, SecretDescription | Error>>;
  readonly parameters?: Partial<ParametersFound> | Error;
  readonly now?: number;
};

/** Only these secrets exist. */
function scene({ secrets = {}, parameters = {}, now = LATE }: Given = {}) {
  return fakeRun(
    {
      secrets: {
        describe: async (name) => {
          await Promise.resolve();
          const one = secrets[name];
          if (one instanceof Error) throw one;
          return one;
        },
      },
      parameters: {
        describeAll: () =>
          parameters instanceof Error
            ? Promise.reject(parameters)
            : Promise.resolve({ found: [], refused: [], ...parameters }),
      },
    },
    { now },
  );
}

async function standing(changes: readonly Change[], given?: Given) {
  const { run, did, told } = scene(given);
  return { of: Object.fromEntries(await standingOf(changes, run)), did, told };
}

const one = (what: unknown, arn = SECRET) => ({ [`${arn} ${CHANGED_AT}`]: what });
const timeout = new Error('timeout');
const CANNOT_SECRET = 'cannot check whether the secret still stands; its change is looked at again';
const CANNOT_PARAMETERS =
  'cannot check whether the parameters still stand; their changes are looked at again';

describe('a change of a secret', () => {
  test('stands with the tag that the secret has now, which is asked once', async () => {
    const { of, did, told } = await standing([change(), change({ changedAt: NOW })], {
      secrets: { [SECRET]: secret({ enabledTag: 'false' }) },
    });
    expect(of).toEqual({ ...one({ optedOut: true }), [`${SECRET} ${NOW}`]: { optedOut: true } });
    expect(did).toEqual([`describe ${SECRET}`]);
    expect(told).toEqual([]);
    const without = await standing([change({ optedOut: true })], { secrets: { [SECRET]: secret() } });
    expect(without.of).toEqual(one({ optedOut: false }));
  });

  test.each([
    ['is gone', {}, 'whole', 2],
    ['is scheduled for deletion', { [SECRET]: secret({ deletedAt: NOW }) }, 'whole', 1],
    ['is gone, and another one has its name', { [NAME]: other }, 'full-arn', 2],
    ['is gone, and the other one is to be deleted', { [NAME]: { ...other, deletedAt: NOW } }, 'whole', 2],
    ['is found by its name alone', { [NAME]: secret() }, 'whole', 2],
  ] as const)('ends if the secret %s', async (_, secrets, gone, questions) => {
    const { of, did, told } = await standing([change({ optedOut: true })], { secrets });
    expect(of).toEqual(one({ optedOut: true, gone }));
    expect(did).toHaveLength(questions);
    expect(told).toEqual([]);
  });

  test('ends if a secret of another account is shown, and scheduled for deletion', async () => {
    const secrets = { [THEIRS]: secret({ arn: THEIRS, deletedAt: NOW }) };
    const { of } = await standing([change({ arn: THEIRS })], { secrets });
    expect(of).toEqual(one({ optedOut: false, gone: 'whole' }, THEIRS));
  });

  test('is not known to end within a minute, for a read may lag', async () => {
    const { of } = await standing([change()], { now: LATE - 1 });
    expect(of).toEqual(one({ optedOut: false, unsure: true }));
  });

  test.each([
    ['the secret', { [SECRET]: timeout }],
    ['what has its name', { [NAME]: timeout }],
    ['a secret that was described before, because it is denied', { [SECRET]: denied('timeout') }],
  ])('is looked at again if AWS does not answer about %s', async (_, secrets) => {
    const { of, told } = await standing([change({ optedOut: true })], { secrets });
    expect(of).toEqual(one({ optedOut: true, unsure: true }));
    expect(told).toMatchObject([['error', CANNOT_SECRET, { message: 'timeout' }, { arn: SECRET }]]);
  });

  test.each([
    ['of another Region, which is not asked about', FAR, {}, 0],
    ['of another account, which is not shown', THEIRS, {}, 1],
    ['that was hidden before, and is still', SECRET, { [SECRET]: denied() }, 1],
  ])('stands as before for a secret %s', async (_, arn, secrets, questions) => {
    const given = change({ arn, optedOut: true, confirmed: false });
    const { of, did, told } = await standing([given], { secrets });
    expect(of).toEqual(one({ optedOut: true }, arn));
    expect(did).toHaveLength(questions);
    expect(told).toEqual([]);
  });

  test('that was hidden before is looked at again if AWS gives no answer', async () => {
    const { of } = await standing([change({ confirmed: false })], { secrets: { [SECRET]: timeout } });
    expect(of).toEqual(one({ optedOut: false, unsure: true }));
  });

  test('is asked about with few others at once', async () => {
    const { most, during } = atOnce();
    const { run } = fakeRun({ secrets: { describe: () => during(secret()) } });
    await standingOf(
      Array.from({ length: 40 }, (_, i) => change({ arn: `${SECRET}${i}` })),
      run,
    );
    expect(most()).toBe(CONCURRENCY.resources);
  });
});

describe('a change of a parameter', () => {
  test.each([
    ['stands if it exists', { found: [{ arn: PARAMETER, changedAt: 0 }] }, {}],
    ['ends if it does not exist', {}, { gone: 'whole' }],
    ['is looked at again if it is refused', { refused: [{ arn: PARAMETER, why: 'x' }] }, { unsure: true }],
  ])('%s', async (_, parameters, is) => {
    const { of, did, told } = await standing([asParameter(), asParameter()], { parameters });
    expect(of).toEqual(one({ optedOut: false, ...is }, PARAMETER));
    expect(did).toEqual([`describeAll ${PARAMETER}`]);
    expect(told).toEqual([]);
  });

  test('is looked at again if AWS gives no answer', async () => {
    const { of, told } = await standing([asParameter()], { parameters: timeout });
    expect(of).toEqual(one({ optedOut: false, unsure: true }, PARAMETER));
    expect(told).toEqual([['error', CANNOT_PARAMETERS, timeout]]);
  });

  test('stands as before if it is of elsewhere, without a question', async () => {
    const { of, did } = await standing([asParameter(PARAMETER_FAR)]);
    expect(of).toEqual(one({ optedOut: false }, PARAMETER_FAR));
    expect(did).toEqual([]);
    const both = await standing([asParameter(PARAMETER_FAR), asParameter()]);
    expect(both.did).toEqual([`describeAll ${PARAMETER}`]);
    expect(Object.keys(both.of)).toHaveLength(2);
  });
});

test('nothing is known about a service that was named by hand, or a parameter that was named without an ARN', async () => {
  const { of, did } = await standing([change({ kind: 'service' }), asParameter('/app/db')]);
  expect(of).toEqual({});
  expect(did).toEqual([]);
});

describe('a notice of an end', () => {
  const at = LATE - 60_000;
  const living = {
    secrets: { [SECRET]: secret() },
    parameters: { found: [{ arn: PARAMETER, changedAt: 0 }] },
  };
  const ended = notice({ at });
  const gone = notice({ kind: 'parameter', arn: `${PARAMETER}2`, at });

  test('is refuted by the resource that lives; one of what is gone is not', async () => {
    const restored = notice({ kind: 'parameter', arn: PARAMETER, at });
    const { run } = scene(living);
    expect(await refutedOf([ended, gone, restored], run)).toEqual([ended, restored]);
  });

  test.each([
    ['within a minute, for a read may lag', notice({ at: at + 1 })],
    ['if it tells of no end', notice({ at, notice: 'rotation-failed' })],
  ])('is not doubted %s', async (_, young) => {
    const { run, did } = scene(living);
    expect(await refutedOf([young], run)).toEqual([]);
    expect(did).toEqual([]);
  });

  test('is not refuted if it names a parameter without an ARN', async () => {
    const { run, did } = scene();
    const unnamed = notice({ kind: 'parameter', arn: '/app/db', at });
    expect(await refutedOf([unnamed], run)).toEqual([]);
    expect(did).toEqual([]);
  });

  test('is not refuted without an answer', async () => {
    const { run } = scene({ secrets: { [SECRET]: timeout } });
    expect(await refutedOf([ended], run)).toEqual([]);
  });
});

describe('a secret that was not found by its full ARN', () => {
  test.each([
    ['has a namesake if its name has another ARN', SECRET, undefined, other, true, 1],
    ['has none if its name is free', SECRET, undefined, undefined, false, 1],
    ['has none if it was found after all', SECRET, undefined, secret(), false, 1],
    ['has none that is scheduled for deletion', SECRET, undefined, { ...other, deletedAt: NOW }, false, 1],
    ['is not asked about if it is described', SECRET, secret({ deletedAt: NOW }), other, false, 0],
    ['is not asked about without a suffix', NAME, undefined, other, false, 0],
  ])('%s', async (_, arn, description, ofName, has, questions) => {
    const { run, did } = scene(ofName === undefined ? {} : { secrets: { [NAME]: ofName } });
    expect(await hasNamesake(arn, description, run)).toBe(has);
    expect(did).toHaveLength(questions);
  });
});
