import { describe, expect, test } from 'vitest';
import type { SimulationFact, Simulations, Unanswered } from '../../../functions/core/model/access.ts';
import type { ParameterDescription } from '../../../functions/core/model/parameter.ts';
import type { SecretDescription } from '../../../functions/core/model/secret.ts';
import type { RoleNeed } from '../../../functions/core/plan/access-questions.ts';
import { AccessAsked } from '../../../functions/pipeline/read/access.ts';
import { ACCOUNT, PARAMETER, REGION, reference, SECRET } from '../../support/build.ts';
import { atOnce, type FakePorts, fakeRun } from '../../support/fake-run.ts';

const ROLE = `arn:aws:iam::${ACCOUNT}:role/exec`;
const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/k`;
const NOT_IN_TIME: Unanswered = { kind: 'unanswered', why: 'AWS has not answered in time' };
const needOf = (valueFrom: string, role: RoleNeed['role'] = ROLE): RoleNeed => {
  const read = reference({ valueFrom });
  const [target] = read.targets;
  if (target === undefined) throw new Error('a reference has a target');
  return { target, reference: read, role };
};
const secrets = (count: number) =>
  Array.from({ length: count }, (_, i) => needOf(SECRET.replace('prod', `p${i}`)));
type Ports = Required<FakePorts>['access'];

/** Every question of AWS is answered so that nothing speaks against the role, unless a test says otherwise. */
function scene({
  secret = {},
  parameter = {},
  access = {},
}: {
  readonly secret?: Partial<SecretDescription> | 'gone';
  readonly parameter?: Partial<ParameterDescription> | 'gone';
  readonly access?: Ports;
} = {}) {
  const described: SecretDescription = {
    arn: SECRET,
    labelsOf: new Map([['v', ['AWSCURRENT']]]),
    lastChangedAt: 1,
  };
  const ports: FakePorts = {
    secrets: {
      describe: (arn) => Promise.resolve(secret === 'gone' ? undefined : { ...described, arn, ...secret }),
    },
    parameters: {
      describeAll: (arns) =>
        Promise.resolve({
          found: parameter === 'gone' ? [] : arns.map((arn) => ({ arn, changedAt: 1, ...parameter })),
          refused: [],
        }),
    },
    access: {
      role: () => Promise.resolve({ kind: 'exists' }),
      simulate: (some) => Promise.resolve(allowed(some)),
      key: (id) => Promise.resolve({ kind: 'key', arn: id, ofAws: false, usable: true }),
      secretPolicy: () => Promise.resolve({ kind: 'none' }),
      secretVersion: () => Promise.resolve({ kind: 'present' }),
      ...access,
    },
  };
  const fake = fakeRun(ports, {}, inShort);
  const asked = new AccessAsked();
  return {
    ...fake,
    ports,
    asked,
    /** The findings on each need. */
    ask: async (...needs: readonly RoleNeed[]) => {
      const found = await asked.ask(needs, fake.run);
      return needs.map((need) => found.get(need));
    },
  };
}

const allowed = (some: Simulations) =>
  new Map<string, SimulationFact>(some.map(({ resource }) => [resource, { kind: 'allowed' }]));

/** The action and the number of resources of a simulation, or the id. */
function inShort(input: unknown): string {
  if (!Array.isArray(input)) return String(input);
  const [first] = input as unknown as Simulations;
  return typeof first === 'string' ? input.join() : `${first.action} ${input.length}`;
}

const causes = (found: readonly ({ findings: readonly { cause: string }[] } | undefined)[]) =>
  found.map((one) => one?.findings.map(({ cause }) => cause));

describe('what an execution role may read', () => {
  test('is asked about once, however often a service needs it', async () => {
    const { ask, did } = scene({ secret: { keyId: KEY }, parameter: { keyId: KEY } });
    const needs = [needOf(SECRET), needOf(PARAMETER), needOf(SECRET)];
    expect(await ask(...needs)).toEqual([
      { arn: SECRET, findings: [] },
      { arn: PARAMETER, findings: [] },
      { arn: SECRET, findings: [] },
    ]);
    const first = [...did];
    await ask(...needs);
    expect(did).toEqual(first);
    expect(first.toSorted()).toEqual(
      [
        `describe ${SECRET}`,
        `describeAll ${PARAMETER}`,
        `key ${KEY}`,
        `role ${ROLE}`,
        `secretPolicy ${SECRET}`,
        'simulate kms:Decrypt 1',
        'simulate kms:Decrypt 1',
        'simulate secretsmanager:GetSecretValue 1',
        'simulate ssm:GetParameters 1',
      ].toSorted(),
    );
  });

  test('is simulated 25 resources at a time, for each role by itself', async () => {
    const { ask, did } = scene();
    await ask(...secrets(26), needOf(SECRET, `${ROLE}-2`));
    expect(did.filter((one) => one.startsWith('simulate'))).toEqual([
      'simulate secretsmanager:GetSecretValue 25',
      'simulate secretsmanager:GetSecretValue 1',
      'simulate secretsmanager:GetSecretValue 1',
    ]);
  });

  test('is simulated four calls at a time', async () => {
    const { during, most } = atOnce();
    const { ask } = scene({
      access: {
        simulate: (some) => during(allowed(some)),
      },
    });
    await ask(...secrets(150));
    expect(most()).toBe(4);
  });

  test('tells each resource its own answer', async () => {
    const denied: SimulationFact = { kind: 'denied', explicit: true, by: 'identity', missing: [] };
    const [a, b] = secrets(2);
    if (a === undefined || b === undefined) throw new Error('two needs');
    const { ask } = scene({
      access: { simulate: (some) => Promise.resolve(allowed(some).set(a.target.id, denied)) },
    });
    expect(causes(await ask(a, b))).toEqual([['explicit-deny'], []]);
  });

  test('is told of the secret that a partial ARN names', async () => {
    const partial = SECRET.slice(0, -7);
    const { ask } = scene({ secret: { arn: SECRET } });
    expect(await ask(needOf(partial))).toMatchObject([{ arn: SECRET }]);
  });

  test('counts as answered where the time ends with the answer', async () => {
    const { asked, run, endReading } = scene();
    const need = needOf(SECRET);
    await run.needs.ask([need], run);
    endReading();
    expect((await asked.ask([need], run)).get(need)).toEqual({ arn: SECRET, findings: [] });
  });

  test('is not known where IAM tells nothing of the resource', async () => {
    const { ask } = scene({ access: { simulate: () => Promise.resolve(new Map()) } });
    expect(await ask(needOf(SECRET))).toMatchObject([
      { findings: [{ certainty: 'unknown', cause: 'not-shown', why: NOT_IN_TIME.why }] },
    ]);
  });
});

describe('nothing is asked', () => {
  const elsewhere = ROLE.replace(ACCOUNT, '999988887777');

  test.each([
    ['of a role that ECS does not show', undefined, 'not-shown'],
    ['where there is none', null, 'no-role'],
    ['of a role of another account', elsewhere, 'elsewhere'],
  ] as const)('%s', async (_, role, cause) => {
    const { asked, run, did } = scene();
    const need = { ...needOf(SECRET), role };
    const found = await asked.ask([need], run);
    expect(found.get(need)).toMatchObject({ arn: SECRET, findings: [{ cause }] });
    expect(did).toEqual([]);
  });

  test('to the simulator about a role that is gone', async () => {
    const { ask, did } = scene({ access: { role: () => Promise.resolve({ kind: 'gone' }) } });
    expect(causes(await ask(needOf(SECRET)))).toEqual([['role-gone']]);
    expect(did.filter((one) => one.startsWith('simulate'))).toEqual([]);
  });

  test.each([
    ['secret', SECRET, { secret: 'gone' }],
    ['parameter', PARAMETER, { parameter: 'gone' }],
  ] as const)('more about a %s that is gone', async (_, valueFrom, given) => {
    const { ask, did } = scene(given);
    expect(causes(await ask(needOf(valueFrom)))).toEqual([['resource-gone']]);
    expect(did.filter((one) => !one.startsWith('describe'))).toEqual([`role ${ROLE}`]);
  });

  test('but the simulator about what belongs to another account', async () => {
    const foreign = SECRET.replace(ACCOUNT, '999988887777');
    const { ask, did } = scene();
    expect(await ask(needOf(foreign))).toMatchObject([{ arn: foreign }]);
    expect(did).toEqual([`role ${ROLE}`, 'simulate secretsmanager:GetSecretValue 1']);
  });
});

describe('beside a secret it is asked', () => {
  const DENIED: Unanswered = { kind: 'unanswered', why: 'may not', missingAction: 'x:Y' };

  test.each<[string, Partial<SecretDescription>, string, readonly string[]]>([
    ['for its key, if it has one of its own', { keyId: KEY }, SECRET, [`key ${KEY}`]],
    ['for no key that AWS keeps', { keyId: 'alias/aws/secretsmanager' }, SECRET, []],
    ['for no version that has a label', {}, `${SECRET}:::v`, []],
    ['for a version without a label', {}, `${SECRET}:::w`, [`secretVersion ${SECRET}`]],
    ['for no version where none is named', {}, SECRET, []],
  ])('%s', async (_, secret, valueFrom, more) => {
    const { ask, did } = scene({ secret });
    await ask(needOf(valueFrom));
    expect(did.filter((one) => one.startsWith('key') || one.startsWith('secretVersion'))).toEqual(more);
  });

  test('whether the version is there, of each version by itself', async () => {
    const { ask, did } = scene({
      access: { secretVersion: (_, id) => Promise.resolve({ kind: id === 'w' ? 'none' : 'present' }) },
    });
    expect(causes(await ask(needOf(`${SECRET}:::w`), needOf(`${SECRET}:::x`)))).toEqual([['no-version'], []]);
    expect(did.filter((one) => one.startsWith('secretVersion'))).toHaveLength(2);
  });

  test.each<[string, Ports]>([
    ['its key', { key: () => Promise.resolve(DENIED) }],
    [
      'the role',
      { role: () => Promise.resolve(DENIED), simulate: () => Promise.resolve(new Map([[SECRET, DENIED]])) },
    ],
  ])('and a missing permission is logged once: %s', async (_, access) => {
    const { ask, told } = scene({ secret: { keyId: KEY }, access });
    await ask(needOf(SECRET));
    await ask(needOf(PARAMETER), needOf(SECRET));
    expect(told).toEqual([
      [
        'error',
        'cannot ask whether execution roles can read what new tasks need; nothing is decided by it',
        'may not',
      ],
    ]);
  });

  test('and nothing is logged where AWS answers, or does not for another reason', async () => {
    const { ask, told } = scene({
      access: { role: () => Promise.resolve({ kind: 'unanswered', why: 'slow' }) },
    });
    await ask(needOf(SECRET));
    expect(told).toEqual([]);
  });

  test('for its policy, which may refuse', async () => {
    const denied: SimulationFact = { kind: 'denied', explicit: false, by: 'identity', missing: [] };
    const simulate = () => Promise.resolve(new Map([[SECRET, denied]]));
    const without = scene({ access: { simulate } });
    const withPolicy = scene({
      access: { simulate, secretPolicy: () => Promise.resolve({ kind: 'present' }) },
    });
    expect(causes(await without.ask(needOf(SECRET)))).toEqual([['implicit-deny']]);
    expect(await withPolicy.ask(needOf(SECRET))).not.toEqual(await without.ask(needOf(SECRET)));
  });
});

describe('of a parameter', () => {
  const denied: SimulationFact = { kind: 'denied', explicit: false, by: 'identity', missing: [] };
  const simulate = () => Promise.resolve(new Map([[PARAMETER, denied]]));

  test('the tier tells whether a policy of its own may allow what the role does not', async () => {
    const standard = await scene({ access: { simulate } }).ask(needOf(PARAMETER));
    const advanced = await scene({ parameter: { mayHavePolicy: true }, access: { simulate } }).ask(
      needOf(PARAMETER),
    );
    expect(causes(standard)).toEqual([['implicit-deny']]);
    expect(advanced).not.toEqual(standard);
  });

  test('the key is asked for', async () => {
    const { ask, did } = scene({ parameter: { keyId: KEY } });
    await ask(needOf(PARAMETER));
    expect(did).toContain(`key ${KEY}`);
  });
});

describe('what is not answered in time', () => {
  const late = { kind: 'unanswered', why: 'aborted' } as const;

  test.each<[string, Ports, string]>([
    ['the role', { role: () => Promise.resolve(late), simulate: () => Promise.resolve(new Map()) }, 'role'],
    ['the key', { key: () => Promise.resolve(late) }, 'key'],
    ['the simulation', { simulate: () => Promise.resolve(new Map([[SECRET, late]])) }, 'simulate'],
  ])('is asked again by the next caller: %s', async (_, access, call) => {
    const { asked, run, endReading, did, ports } = scene({ secret: { keyId: KEY }, access });
    const need = needOf(SECRET);
    // The description is known before the time ends.
    await run.needs.ask([need], run);
    endReading();
    const found = await asked.ask([need], run);
    expect(found.get(need)?.findings.map(({ why }) => why)).toContain(NOT_IN_TIME.why);
    const again = fakeRun(ports, { needs: run.needs }, inShort);
    await asked.ask([need], again.run);
    expect(did.filter((one) => one.startsWith(call)).length).toBeGreaterThan(0);
    expect(again.did.filter((one) => one.startsWith(call)).length).toBeGreaterThan(0);
  });

  test('is not asked again where the time was not over: AWS refuses to answer', async () => {
    const { ask, did } = scene({ access: { role: () => Promise.resolve(late) } });
    await ask(needOf(SECRET));
    await ask(needOf(SECRET));
    expect(did.filter((one) => one.startsWith('role'))).toHaveLength(1);
  });

  test('is no answer about the resource either', async () => {
    const { ask, endReading } = scene();
    endReading();
    expect(await ask(needOf(PARAMETER))).toMatchObject([
      { arn: PARAMETER, findings: [{ certainty: 'unknown', cause: 'not-shown', why: NOT_IN_TIME.why }] },
    ]);
  });
});
