import { describe, expect, test } from 'vitest';
import type { SimulationFact } from '../../functions/core/model/access.ts';
import type { Statement } from '../simulator/iam/policy.ts';
import { startPreflight } from '../support/preflight.ts';

const GET = 'secretsmanager:GetSecretValue';
const allow = (Resource: string, Condition?: Statement['Condition']): Statement => ({
  Effect: 'Allow',
  Action: GET,
  Resource,
  ...(Condition && { Condition }),
});

/** A role, and the question whether it may read each of these secrets, asked in one call as far as that goes. */
async function scene(inline: readonly Statement[], options: Parameters<typeof startPreflight>[0] = {}) {
  const { sim, run } = await startPreflight(options);
  const { partition, region, account } = sim;
  const role = sim.world.role({ name: 'exec', inline }).arn;
  const arn = (name: string) => `arn:${partition}:secretsmanager:${region}:${account}:secret:${name}-Ab1cD2`;
  const access = run().ports.access;
  const { signal } = new AbortController();
  const simulate = async (...names: readonly string[]) => {
    const [first = '', ...others] = names.map(arn);
    const question = (resource: string) => ({ role, action: GET, resource, context: [] }) as const;
    const answers = await access.simulate([question(first), ...others.map(question)], signal);
    return names.map((name) => shown(answers.get(arn(name))));
  };
  const calls = () => sim.ledger.count('iam', 'SimulatePrincipalPolicy');
  return { sim, role, arn, access, signal, simulate, calls };
}

function shown(fact: SimulationFact | undefined): string {
  if (fact?.kind !== 'denied') return fact?.kind ?? 'none';
  return [fact.explicit ? 'explicit' : 'implicit', fact.by, ...fact.missing].join(' ');
}

const MANY = Array.from({ length: 24 }, (_, i) => `s${i}`);

describe('of several resources in one call', () => {
  test('each has its own decision, whatever that of all together is', async () => {
    const { simulate, calls } = await scene([
      allow('arn:aws:secretsmanager:*:*:secret:a-*'),
      { Effect: 'Deny', Action: GET, Resource: 'arn:aws:secretsmanager:*:*:secret:c-*' },
    ]);
    expect(await simulate('a', 'b', 'c')).toEqual(['allowed', 'implicit identity', 'explicit identity']);
    expect(calls()).toBe(1);
  });

  test('one that depends on a condition leaves the others certain', async () => {
    const { simulate } = await scene([
      allow('arn:aws:secretsmanager:*:*:secret:a-*', { StringEquals: { 'aws:ResourceTag/team': 'x' } }),
      allow('arn:aws:secretsmanager:*:*:secret:b-*'),
    ]);
    expect(await simulate('a', 'b', 'c')).toEqual([
      'implicit identity aws:ResourceTag/team',
      'allowed',
      'implicit identity',
    ]);
  });

  test('one that the organization denies leaves the others to the role', async () => {
    const { sim, simulate } = await scene([allow('arn:aws:secretsmanager:*:*:secret:a-*')]);
    sim.world.organization([
      [
        { Effect: 'Allow', Action: '*', Resource: '*' },
        { Effect: 'Deny', Action: GET, Resource: 'arn:aws:secretsmanager:*:*:secret:c-*' },
      ],
    ]);
    expect(await simulate('a', 'b', 'c')).toEqual(['allowed', 'implicit identity', 'explicit organization']);
  });

  test('a boundary is told for each', async () => {
    const { sim, simulate } = await scene([]);
    sim.world.role({
      name: 'exec',
      inline: [allow('*')],
      boundary: [allow('arn:aws:secretsmanager:*:*:secret:a-*')],
    });
    expect(await simulate('a', 'b')).toEqual(['allowed', 'implicit boundary']);
  });

  test('all pages count', async () => {
    const { sim, simulate, calls } = await scene([allow('arn:aws:secretsmanager:*:*:secret:s1*')]);
    sim.iam.pageSize = 5;
    const answers = await simulate(...MANY);
    expect(answers).toEqual(MANY.map((name) => (name.startsWith('s1') ? 'allowed' : 'implicit identity')));
    expect(calls()).toBe(5);
  });

  test('a page token that has expired begins the listing anew', async () => {
    const { sim, simulate } = await scene([allow('*')]);
    sim.iam.pageSize = 10;
    sim.faults.add({
      service: 'iam',
      operation: 'SimulatePrincipalPolicy',
      kind: 'client-error',
      code: 'InvalidInput',
      match: (input) => input['Marker'] !== undefined,
    });
    expect(new Set(await simulate(...MANY))).toEqual(new Set(['allowed']));
  });

  test('one that IAM refuses spoils no other', async () => {
    const { sim, simulate } = await scene([allow('*')]);
    sim.faults.add({
      service: 'iam',
      operation: 'SimulatePrincipalPolicy',
      kind: 'client-error',
      code: 'InvalidInput',
      match: (input) => Object.values(input).some((one) => String(one).includes(':b-')),
      times: Infinity,
    });
    expect(await simulate('a', 'b', 'c')).toEqual(['allowed', 'unanswered', 'allowed']);
  });

  test('where IAM gives one decision for all, as it did until 2026, each is asked about alone', async () => {
    const { sim, simulate } = await scene([allow('arn:aws:secretsmanager:*:*:secret:a-*')]);
    sim.iam.oldShape = true;
    expect(await simulate('a', 'b')).toEqual(['allowed', 'implicit identity']);
  });
});

describe('a question that fails', () => {
  test('names the permission of the caller that is missing', async () => {
    const { sim, access, role, arn, signal } = await scene([]);
    for (const service of ['iam', 'kms', 'secretsmanager'])
      sim.faults.add({ service, operation: '*', kind: 'access-denied', times: Infinity });
    const question = { role, action: GET, resource: arn('a'), context: [] } as const;
    expect([
      await access.role(role, signal),
      (await access.simulate([question], signal)).get(arn('a')),
      await access.key('alias/x', signal),
      await access.secretPolicy(arn('a'), signal),
      await access.secretVersion(arn('a'), 'v', signal),
    ]).toMatchObject([
      { kind: 'unanswered', missingAction: 'iam:GetRole' },
      { kind: 'unanswered', missingAction: 'iam:SimulatePrincipalPolicy' },
      { kind: 'unanswered', missingAction: 'kms:DescribeKey' },
      { kind: 'unanswered', missingAction: 'secretsmanager:GetResourcePolicy' },
      { kind: 'unanswered', missingAction: 'secretsmanager:ListSecretVersionIds' },
    ]);
  });

  test('is repeated where AWS throttles, and unanswered once the time is over', async () => {
    const { sim, access, role, signal } = await scene([]);
    sim.faults.add({ service: 'iam', operation: 'GetRole', kind: 'throttle', times: 4 });
    expect(await access.role(role, signal)).toEqual({ kind: 'exists' });
    expect(await access.role(role, AbortSignal.abort(new Error('over')))).toMatchObject({
      kind: 'unanswered',
    });
  });
});

test.each([
  ['aws-cn', 'cn-north-1'],
  ['aws-us-gov', 'us-gov-west-1'],
  ['aws-iso', 'us-iso-east-1'],
  ['aws-eusc', 'eusc-de-east-1'],
])(
  'in the partition %s roles, secrets and keys are asked about by their own ARNs',
  async (partition, region) => {
    const { sim, ask } = await startPreflight({ partition, region });
    const { arn: kmsKeyId } = sim.world.key();
    const { arn } = sim.world.secret({ name: 'db', kmsKeyId });
    const role = sim.world.role({
      inline: [
        { Effect: 'Allow', Action: GET, Resource: arn },
        { Effect: 'Allow', Action: 'kms:Decrypt', Resource: kmsKeyId },
      ],
    });
    const denied = sim.world.role({ inline: [] });
    sim.world.service({ cluster: 'main', name: 'fine', secrets: [arn], executionRole: role.arn });
    sim.world.service({ cluster: 'main', name: 'denied', secrets: [arn], executionRole: denied.arn });
    const { services } = await ask(['main/fine', 'main/denied']);
    expect(services.map(({ certainty }) => certainty)).toEqual(['cannot', 'nothing-against']);
    expect(role.arn).toContain(`arn:${partition}:iam::`);
  },
);

test('a condition on the store is not judged where the names of its hosts are not certain', async () => {
  const { sim, ask } = await startPreflight({ partition: 'aws-cn', region: 'cn-north-1' });
  const { arn: kmsKeyId } = sim.world.key();
  const { arn } = sim.world.secret({ name: 'db', kmsKeyId });
  const Condition = { StringNotEquals: { 'kms:ViaService': 'secretsmanager.cn-north-1.amazonaws.com.cn' } };
  const role = sim.world.role({
    inline: [
      { Effect: 'Allow', Action: '*', Resource: '*' },
      { Effect: 'Deny', Action: 'kms:*', Resource: '*', Condition },
    ],
  });
  sim.world.service({ cluster: 'main', name: 'api', secrets: [arn], executionRole: role.arn });
  const [service] = (await ask(['main/api'])).services;
  expect(service?.references[0]?.findings).toMatchObject([
    { certainty: 'unknown', cause: 'condition', conditionKeys: ['kms:ViaService'] },
  ]);
});

test('a role whose name is spelt in other letters is not said to be gone', async () => {
  const { access, role, signal } = await scene([]);
  expect(await access.role(role.replace('exec', 'Exec'), signal)).toMatchObject({ kind: 'unanswered' });
});
