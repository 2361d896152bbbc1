import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod/mini';
import { type StackOf, stackOf, type Template, templateIn, templateOf } from '../infra/cloudformation.ts';
import { packageInto, removeFolder } from '../infra/packaged.ts';
import type { PolicyDocument } from '../simulator/iam/policy.ts';
import { type QueueRef, type Simulator, startSimulator } from '../simulator/index.ts';
import { deployInto } from '../support/deployed-stacks.ts';
import type { Lambda } from '../support/lambda.ts';
import { receiveBatch, simulatedQueue, sqsEvent } from '../support/queue.ts';
import { recordsOf, type Scene, scene, updated } from './scene.ts';

// Both templates are deployed into simulated accounts as CloudFormation would deploy them; the built function takes what arrives.
const HERE = { account: '111122223333', region: 'eu-west-1', partition: 'aws' };
const OWNER = { ...HERE, account: '444455556666' };
const OTHER_REGION = { ...HERE, region: 'us-east-1' };
const NAME = 'prod/db';
const SUFFIX = 'a1B2c3';
const DAY = 86_400_000;

let folder: string;
let template: Template;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'other-accounts-e2e-'));
  template = templateOf(await packageInto(folder, { trustedAccounts: OWNER.account }));
});
afterAll(() => removeFolder(folder));

const FunctionProperties = z.object({
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
});

/** The variables of trust of on-change, as the stack sets them. */
function trustOf(stack: StackOf): Readonly<Record<string, string>> {
  const onChange = stack.ofType('AWS::Lambda::Function').find(({ id }) => id.includes('OnDashchange'));
  const { Variables } = FunctionProperties.parse(onChange?.properties).Environment;
  return Object.fromEntries(
    Object.entries(Variables).flatMap(([name, value]) =>
      name.startsWith('TRUSTED_') ? [[name, String(value)]] : [],
    ),
  );
}

/** A secret of one name in an account and Region, with services of this account that name it in each form. */
function secretIn(sim: Simulator, stage: Scene, title: string, resourcePolicy?: PolicyDocument) {
  const secret = sim.world.secret({
    name: NAME,
    suffix: SUFFIX,
    ...(resourcePolicy !== undefined && { resourcePolicy }),
  });
  const use = (form: string, valueFrom: string) =>
    stage.sim.world.service({
      cluster: 'main',
      name: `${title}-${form}`,
      secrets: [valueFrom],
      startedAt: Date.now() - DAY,
    });
  use('full', secret.arn);
  use('partial', secret.partialArn);
  use('key', `${secret.partialArn}:password::`);
  return secret;
}

/** What docs/other-accounts.md asks of the owner of a secret; in the simulator a role has the name of its function. */
const SEEN: PolicyDocument = {
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: HERE.account },
      Action: ['secretsmanager:DescribeSecret', 'secretsmanager:ListSecretVersionIds'],
      Resource: '*',
      Condition: { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${HERE.account}:role/on-*` } },
    },
  ],
};

/** Namesakes in two accounts and two Regions: the stack here, and a forwarder at each of the others. */
async function accounts(resourcePolicy?: PolicyDocument) {
  const stage = await scene({ onTestFinished });
  const stack = stackOf(template, HERE);
  const queues = deployInto(stage.sim, stack);
  const join = async (place: typeof HERE) => {
    const sim = await startSimulator({ throttling: false, ...place });
    onTestFinished(() => sim.close());
    stage.sim.join(sim);
    const EventBusArn = stack.arnOf('TrustedEventBus');
    return {
      sim,
      queues: deployInto(sim, stackOf(templateIn('infra/forwarder.yml'), place, { EventBusArn })),
    };
  };
  const [owner, region, stranger] = await Promise.all([
    join(OWNER),
    join(OTHER_REGION),
    join({ ...HERE, account: '999900001111' }),
  ]);
  secretIn(stage.sim, stage, 'here');
  secretIn(owner.sim, stage, 'owner', resourcePolicy);
  secretIn(region.sim, stage, 'region');
  secretIn(stranger.sim, stage, 'stranger');
  const lambda = await stage.lambda('on-change', trustOf(stack));
  return { stage, stack, queues, owner, region, stranger, lambda };
}

/** Hands over what is on a queue, as Lambda does. */
async function deliver(stage: Scene, lambda: Lambda, queue: QueueRef | undefined): Promise<number> {
  if (queue === undefined) throw new Error('the stack has no such queue');
  const polled = simulatedQueue(stage.sim, queue);
  const messages = await receiveBatch(polled, 100);
  if (messages.length > 0) await lambda.invoke(sqsEvent(messages, queue.arn));
  for (const message of messages) await polled.remove(message);
  return messages.length;
}

const OWNERS = ['main/owner-full', 'main/owner-key', 'main/owner-partial'];
const left = (sim: Simulator, queue: QueueRef | undefined) => sim.messagesIn(queue?.url ?? '').length;

describe('a secret that is rotated in another account', () => {
  test.each([
    ['may be described by the service', SEEN, [undefined]],
    ['hides', undefined, [false]],
  ] as const)(
    'has exactly the services redeployed that name it, where it %s',
    async (_, policy, confirmed) => {
      const { stage, queues, owner, lambda } = await accounts(policy);
      owner.sim.rotateSecret(NAME);
      expect(left(stage.sim, queues.get('TrustedQueue'))).toBeGreaterThan(1);
      expect(left(stage.sim, queues.get('ChangeQueue'))).toBe(0);
      await deliver(stage, lambda, queues.get('TrustedQueue'));
      expect(updated(stage)).toEqual(OWNERS);
      const told = recordsOf(lambda, 'change.received');
      expect(told.length).toBeGreaterThan(0);
      for (const record of told) expect(record).toMatchObject({ account: OWNER.account });
      expect([...new Set(told.map((record) => record['confirmed']))]).toEqual(confirmed);
      expect(left(owner.sim, owner.queues.get('DeadLetterQueue'))).toBe(0);
    },
  );
});

test('a secret that is rotated here has the services here redeployed, by the queue of this account', async () => {
  const { stage, queues, lambda } = await accounts();
  stage.sim.rotateSecret(NAME);
  expect(left(stage.sim, queues.get('TrustedQueue'))).toBe(0);
  await deliver(stage, lambda, queues.get('ChangeQueue'));
  expect(updated(stage)).toEqual(['main/here-full', 'main/here-key', 'main/here-partial']);
});

test('a secret that is rotated in an account that is not trusted has no service redeployed, and its owner is told', async () => {
  const { stage, queues, stranger } = await accounts();
  stranger.sim.rotateSecret(NAME);
  expect(left(stage.sim, queues.get('TrustedQueue'))).toBe(0);
  expect(left(stranger.sim, stranger.queues.get('DeadLetterQueue'))).toBeGreaterThan(0);
});

test('a secret that is rotated in another Region of this account, which is not in the list, has no service redeployed', async () => {
  const { stage, queues, region, lambda } = await accounts();
  region.sim.rotateSecret(NAME);
  expect(await deliver(stage, lambda, queues.get('TrustedQueue'))).toBeGreaterThan(0);
  expect(updated(stage)).toEqual([]);
  const reasons = recordsOf(lambda, 'change.ignored').map(({ reason }) => reason);
  expect(new Set(reasons)).toEqual(new Set(['untrusted-account']));
});
