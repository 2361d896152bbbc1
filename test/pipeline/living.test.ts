import { describe, expect, test } from 'vitest';
import { type Match, match } from '../../functions/core/match/match.ts';
import { CONCURRENCY } from '../../functions/core/model/limits.ts';
import type { SecretDescription } from '../../functions/core/model/secret.ts';
import { describing, notGone, withoutWrongGuesses } from '../../functions/pipeline/living.ts';
import { denied, secret } from '../support/asked.ts';
import { asSubject, fleet, NOW, notice, PARAMETER, SECRET, service } from '../support/build.ts';
import { atOnce, fakeRun } from '../support/fake-run.ts';

/** Only these secrets exist, by what they are asked by. */
function scene(secrets: Readonly<Record<string, SecretDescription | Error>> = {}) {
  return fakeRun({
    secrets: {
      describe: async (name) => {
        await Promise.resolve();
        const one = secrets[name];
        if (one instanceof Error) throw one;
        return one;
      },
    },
  });
}

const PARTIAL = SECRET.slice(0, -7);
/** The partial ARN of a secret whose name ends like a suffix: `prod/db-secret`. */
const LIKE_FULL = `${PARTIAL}-secret`;
const itsSecret = secret({ arn: `${LIKE_FULL}-a1B2c3` });

describe('a secret is described', () => {
  test('by its ARN or its name, with one question', async () => {
    const { run, did } = scene({ [SECRET]: secret(), 'prod/db': secret() });
    const ask = describing(run);
    expect(await ask(SECRET)).toEqual(secret());
    expect(await ask('prod/db')).toEqual(secret());
    expect(did).toEqual([`describe ${SECRET}`, 'describe prod/db']);
  });

  test('once for each text, whatever the answer is', async () => {
    const { run, did } = scene({ denied: denied() });
    const ask = describing(run);
    expect(ask('x')).toBe(ask('x'));
    await ask('x');
    await Promise.all([ask('denied').catch(() => 0), ask('denied').catch(() => 0)]);
    expect(did).toEqual(['describe x', 'describe denied']);
  });

  test('by its name, too, if its partial ARN looks like a full one', async () => {
    const { run, did } = scene({ 'prod/db-secret': itsSecret });
    expect(await describing(run)(LIKE_FULL)).toEqual(itsSecret);
    expect(did).toEqual([`describe ${LIKE_FULL}`, 'describe prod/db-secret']);
  });

  test.each([
    ['nothing has that name', {}],
    ['the name is of another place', { 'prod/db-secret': secret({ arn: `${PARAMETER}-a1B2c3` }) }],
    ['the name may not be described', { 'prod/db-secret': denied() }],
  ])('as gone if %s', async (_, secrets) => {
    expect(await describing(scene(secrets).run)(LIKE_FULL)).toBeUndefined();
  });

  test.each([
    ['a name that ends like a suffix', 'prod/db-secret'],
    ['an ARN without a suffix', PARTIAL],
  ])('as gone without another question if it is asked by %s', async (_, text) => {
    const { run, did } = scene();
    expect(await describing(run)(text)).toBeUndefined();
    expect(did).toEqual([`describe ${text}`]);
  });

  test('not at all if it is denied', async () => {
    const error = denied();
    await expect(describing(scene({ [SECRET]: error }).run)(SECRET)).rejects.toBe(error);
  });
});

describe('of references', () => {
  test('those are spared that a living secret answers to, or that AWS says nothing about', async () => {
    const timeout = new Error('timeout');
    const { run, did, told } = scene({
      living: secret(),
      ending: secret({ deletedAt: NOW }),
      unknown: timeout,
    });
    const spared = await notGone(['living', 'ending', 'gone', 'unknown', 'living'], run);
    expect(spared).toEqual(new Set(['living', 'unknown']));
    expect(did).toHaveLength(4);
    expect(told).toEqual([
      [
        'error',
        'cannot check whether a reference names a secret that is gone; it is left out',
        timeout,
        { reference: 'unknown' },
      ],
    ]);
  });

  test('few are asked about at once', async () => {
    const { most, during } = atOnce();
    const { run } = fakeRun({ secrets: { describe: () => during(secret()) } });
    const many = Array.from({ length: 40 }, (_, i) => `s${i}`);
    expect(await notGone(many, run)).toEqual(new Set(many));
    expect(most()).toBe(CONCURRENCY.resources);
  });
});

describe('the matches of a secret that is gone', () => {
  const gone = notice({ arn: PARTIAL, notice: 'not-found' });
  const subjects = [asSubject(gone)];
  const matches = match(fleet([service()], { 'api:1': [SECRET, PARTIAL] }), subjects, 'ignore');
  const [matched] = matches;
  const references = (some: readonly Match[]) =>
    some.map(({ hits }) => hits.map(({ reference: { valueFrom }, guess }) => [valueFrom, guess]));

  test('are guesses where a reference may name another secret', () => {
    expect(references(matches)).toEqual([
      [
        [SECRET, SECRET],
        [PARTIAL, undefined],
      ],
    ]);
  });

  test('lose the guesses to which a living secret answers', async () => {
    const { run } = scene({ [SECRET]: secret() });
    expect(references(await withoutWrongGuesses(matches, run))).toEqual([[[PARTIAL, undefined]]]);
  });

  test('keep the guesses that hold, which are none any more', async () => {
    const kept = await withoutWrongGuesses(matches, scene().run);
    expect(references(kept)).toEqual([
      [
        [SECRET, undefined],
        [PARTIAL, undefined],
      ],
    ]);
    expect(kept).toMatchObject([{ service: service(), subject: subjects[0] }]);
  });

  test('are left out if no guess holds; a match without any hit stays', async () => {
    const { run } = scene({ [SECRET]: secret() });
    const only = match(fleet([service()], { 'api:1': [SECRET] }), subjects, 'ignore');
    const byHand = { ...matched, hits: [] } as unknown as Match;
    expect(await withoutWrongGuesses([...only, byHand], run)).toEqual([byHand]);
  });

  test('are as they were, without a question, if there are no guesses', async () => {
    const { run, did } = scene();
    const certain = match(fleet([service()], { 'api:1': [PARTIAL] }), subjects, 'ignore');
    expect(await withoutWrongGuesses(certain, run)).toBe(certain);
    expect(did).toEqual([]);
  });
});
