import { describe, expect, test } from 'vitest';
import type { ParametersFound } from '../../../functions/core/model/parameter.ts';
import type { SecretDescription } from '../../../functions/core/model/secret.ts';
import type { Need } from '../../../functions/core/plan/needs.ts';
import { NeedsAsked } from '../../../functions/pipeline/read/needs.ts';
import { NOW, PARAMETER, reference, SECRET } from '../../support/build.ts';
import { atOnce, type FakePorts, fakeRun } from '../../support/fake-run.ts';

const needOf = (valueFrom: string): Need => {
  const read = reference({ valueFrom });
  const [target] = read.targets;
  if (target === undefined) throw new Error('a reference has a target');
  return { target, reference: read };
};
const secret = needOf(SECRET);
const parameter = needOf(PARAMETER);
const parameters = (count: number) => Array.from({ length: count }, (_, i) => needOf(`${PARAMETER}-${i}`));
const shown = (arn: string): SecretDescription => ({ arn, labelsOf: new Map([['v', ['AWSCURRENT']]]) });
const all = (arns: readonly string[]): ParametersFound => ({
  found: arns.map((arn) => ({ arn, changedAt: 1 })),
  refused: [],
});
const PORTS = {
  secrets: { describe: (arn: string) => Promise.resolve<SecretDescription | undefined>(shown(arn)) },
  parameters: { describeAll: (arns: readonly string[]) => Promise.resolve(all(arns)) },
} satisfies FakePorts;
const UNKNOWN = { kind: 'unknown' };
const STANDING = { kind: 'standing' };
const NOT_IN_TIME = { kind: 'unanswered', why: 'AWS has not answered in time' };
const denied = (message: string) => Object.assign(new Error(message), { denied: true });
const conditionOf = async (need: Need, asked: ReturnType<NeedsAsked['ask']>) =>
  (await asked).get(need.target.kind === 'secret' ? SECRET : need.target.id);

describe('what new tasks need', () => {
  test('is asked about once, parameters together, and nothing else is', async () => {
    const { run, did } = fakeRun(PORTS);
    const needs = new NeedsAsked();
    expect(await needs.ask([secret, parameter, secret, parameter], run)).toEqual(
      new Map([
        [SECRET, STANDING],
        [PARAMETER, STANDING],
      ]),
    );
    await needs.ask([parameter, secret], run);
    expect(did).toEqual([`describe ${SECRET}`, `describeAll ${PARAMETER}`]);
    expect(needs.described(secret)).toEqual(shown(SECRET));
    expect(needs.described(parameter)).toEqual({ arn: PARAMETER, changedAt: 1 });
  });

  test('costs no call where nothing is needed', async () => {
    const { run, did } = fakeRun(PORTS);
    expect(await new NeedsAsked().ask([], run)).toEqual(new Map());
    expect(did).toEqual([]);
  });

  test('is not described before it was asked about', () => {
    expect(new NeedsAsked().described(secret)).toEqual(NOT_IN_TIME);
  });

  test('is gone where AWS shows nothing', async () => {
    const { run } = fakeRun({
      secrets: { describe: () => Promise.resolve(undefined) },
      parameters: { describeAll: () => Promise.resolve({ found: [], refused: [] }) },
    });
    const needs = new NeedsAsked();
    const gone = { kind: 'gone', problem: 'not-found', seenAt: NOW };
    expect([...(await needs.ask([secret, parameter], run)).values()]).toEqual([gone, gone]);
    expect(needs.described(secret)).toEqual(NOT_IN_TIME);
  });
});

describe('a secret by an ARN that ends as a whole one does', () => {
  const asked = async (valueFrom: string, found: (name: string) => boolean) => {
    const { run, did } = fakeRun({
      secrets: { describe: (name) => Promise.resolve(found(name) ? shown(SECRET) : undefined) },
    });
    const conditions = [...(await new NeedsAsked().ask([needOf(valueFrom)], run)).values()];
    return { conditions, did };
  };

  test('is asked for by the name where there is none with the ARN', async () => {
    expect(await asked(SECRET, (name) => name === 'prod/db-a1B2c3')).toEqual({
      conditions: [STANDING],
      did: [`describe ${SECRET}`, 'describe prod/db-a1B2c3'],
    });
  });

  test('is asked for once where there is one', async () => {
    expect((await asked(SECRET, () => true)).did).toEqual([`describe ${SECRET}`]);
  });

  test('cannot be a name where the ARN ends otherwise', async () => {
    const partial = SECRET.slice(0, -7);
    expect(await asked(partial, () => false)).toMatchObject({
      conditions: [{ kind: 'gone' }],
      did: [`describe ${partial}`],
    });
  });
});

test('a secret by a bare name that ends as an ARN does is asked for once', async () => {
  const read = reference({ place: 'also', valueFrom: 'prod-a1B2c3' });
  const [target] = read.targets.filter(({ kind }) => kind === 'secret');
  if (target === undefined) throw new Error('a bare name in a tag may be that of a secret');
  const { run, did } = fakeRun({ secrets: { describe: () => Promise.resolve(undefined) } });
  await new NeedsAsked().ask([{ target, reference: read }], run);
  expect(did).toEqual(['describe prod-a1B2c3']);
});

test('a question about secrets alone does not wait for one about parameters', async () => {
  const { run } = fakeRun({ ...PORTS, parameters: { describeAll: () => new Promise(() => undefined) } });
  const needs = new NeedsAsked();
  void needs.ask([parameter], run);
  expect((await needs.ask([secret], run)).get(SECRET)).toEqual(STANDING);
});

describe('parameters', () => {
  test('are asked about fifty at a time', async () => {
    const { run, did } = fakeRun(PORTS, {}, (input) => String((input as string[]).length));
    await new NeedsAsked().ask(parameters(51), run);
    expect(did).toEqual(['describeAll 50', 'describeAll 1']);
  });

  test('that another caller asks about meanwhile are asked about in the next call, each once', async () => {
    const { run, did } = fakeRun(PORTS, {}, (input) => String((input as string[]).length));
    const needs = new NeedsAsked();
    const [first = parameter, ...others] = parameters(4);
    const answers = await Promise.all([
      needs.ask([first], run),
      needs.ask([first, ...others.slice(0, 2)], run),
      needs.ask(others, run),
    ]);
    expect(did).toEqual(['describeAll 4']);
    expect(answers.map((one) => [...one.values()])).toEqual([
      [STANDING],
      [STANDING, STANDING, STANDING],
      [STANDING, STANDING, STANDING],
    ]);
  });

  test('one call at a time', async () => {
    const { during, most } = atOnce();
    const { run } = fakeRun({
      parameters: {
        describeAll: (arns) => during(all(arns)),
      },
    });
    const needs = new NeedsAsked();
    const [a = parameter, b = parameter] = parameters(2);
    const first = needs.ask([a], run);
    await new Promise(setImmediate);
    await Promise.all([first, needs.ask([b], run)]);
    expect(most()).toBe(1);
  });

  test('about which AWS refuses to answer are unknown, with the reason, and are not asked about again', async () => {
    const { run, did, told } = fakeRun({
      parameters: {
        describeAll: () => Promise.resolve({ found: [], refused: [{ arn: PARAMETER, why: 'no' }] }),
      },
    });
    const needs = new NeedsAsked();
    expect(await conditionOf(parameter, needs.ask([parameter], run))).toEqual(UNKNOWN);
    expect(needs.described(parameter)).toEqual({ kind: 'unanswered', why: 'no' });
    await needs.ask([parameter], run);
    expect(did).toHaveLength(1);
    expect(told).toEqual([]);
  });
});

describe.each<[string, Need, string, (why: unknown) => FakePorts]>([
  [
    'a secret',
    secret,
    'secretsmanager:DescribeSecret',
    (why) => ({ secrets: { describe: () => Promise.reject(why) } }),
  ],
  [
    'a parameter',
    parameter,
    'ssm:DescribeParameters',
    (why) => ({ parameters: { describeAll: () => Promise.reject(why) } }),
  ],
])('a question about %s that fails', (_, need, missingAction, ports) => {
  const MESSAGE =
    'cannot ask whether everything stands that new tasks need; the services are redeployed without knowing it';

  test('is logged once, and is not asked again', async () => {
    const error = new Error('broken');
    const { run, did, told } = fakeRun(ports(error));
    const needs = new NeedsAsked();
    const other = needOf(need === secret ? `${SECRET}x-a1B2c3` : `${PARAMETER}x`);
    expect(await conditionOf(need, needs.ask([need], run))).toEqual(UNKNOWN);
    await needs.ask([need, other], run);
    expect(did).toHaveLength(2);
    expect(told).toEqual([['error', MESSAGE, error]]);
    expect(needs.described(need)).toEqual({ kind: 'unanswered', why: 'broken' });
  });

  test.each([
    ['a missing permission with its action', denied('no'), { why: 'no', missingAction }],
    ['any other error without', Object.assign(new Error('x'), { denied: false }), { why: 'x' }],
    ['what is no error', 'y', { why: 'y' }],
    ['nothing at all', undefined, { why: 'undefined' }],
  ])('tells %s', async (__, error, told) => {
    const { run } = fakeRun(ports(error));
    const needs = new NeedsAsked();
    await needs.ask([need], run);
    expect(needs.described(need)).toEqual({ kind: 'unanswered', ...told });
  });

  test('because the time is over is asked again by who has more of it', async () => {
    let isOver = true;
    const [port, call] = need === secret ? ['secrets', 'describe'] : ['parameters', 'describeAll'];
    const answer = (given: never) =>
      isOver ? Promise.reject(new Error('over')) : PORTS[port as 'secrets'][call as 'describe'](given);
    const first = fakeRun({ [port]: { [call]: answer } });
    first.endReading();
    const needs = new NeedsAsked();
    expect(await conditionOf(need, needs.ask([need], first.run))).toEqual(UNKNOWN);
    expect(needs.described(need)).toEqual(NOT_IN_TIME);
    isOver = false;
    const second = fakeRun({ [port]: { [call]: answer } });
    expect(await conditionOf(need, needs.ask([need], second.run))).toEqual(STANDING);
  });
});

test('a call that the end of the time cuts short leaves its parameters to who has more of it', async () => {
  const fake = fakeRun({
    parameters: {
      describeAll: () => {
        fake.endReading();
        return Promise.reject(new Error('over'));
      },
    },
  });
  const needs = new NeedsAsked();
  expect(await conditionOf(parameter, needs.ask([parameter], fake.run))).toEqual(UNKNOWN);
  const later = fakeRun(PORTS);
  expect(await conditionOf(parameter, needs.ask([parameter], later.run))).toEqual(STANDING);
});
