import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { describe, expect, it } from 'vitest';
import type { PolicyDocument, Statement } from './iam/policy.ts';
import type { RuleSpec, Simulator, SimulatorOptions } from './index.ts';
import { simulate } from './testing.ts';

const OWNER = { account: '444455556666', region: 'eu-central-1' };
const THIRD = { account: '777788889999', region: 'eu-west-1' };

const policy = (...statements: readonly Statement[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: statements,
});
const fromRules: PolicyDocument = policy({
  Effect: 'Allow',
  Principal: { Service: 'events.amazonaws.com' },
  Action: 'sqs:SendMessage',
  Resource: '*',
});
const busPolicy = (principal: Statement['Principal'], Condition: Statement['Condition'] = {}) =>
  policy({
    Effect: 'Allow',
    ...(principal !== undefined && { Principal: principal }),
    Action: 'events:PutEvents',
    Resource: '*',
    Condition: { Bool: { 'events:eventBusInvocation': 'true' }, ...Condition },
  });
const ofOwner = busPolicy({ AWS: OWNER.account });

/** A bus here that leads to a queue, and another account with a rule that puts the events of its secrets on this bus. */
async function accounts({
  busAdmits = ofOwner,
  options = {},
  rule = {},
  roleMay = [{ Effect: 'Allow', Action: 'events:PutEvents', Resource: '*' }],
  trusted = 'events.amazonaws.com',
}: {
  readonly busAdmits?: PolicyDocument;
  readonly options?: SimulatorOptions;
  readonly rule?: Partial<RuleSpec>;
  readonly roleMay?: readonly Statement[];
  readonly trusted?: string;
  /** For the title of the test. */
  readonly why?: string;
} = {}) {
  const { sim: here } = await simulate();
  const { sim: owner, events } = await simulate({ ...OWNER, ...options });
  here.join(owner);
  const queue = here.world.queue({ name: 'trusted', policy: fromRules });
  const bus = here.world.eventBus({ name: 'trusted', policy: busAdmits });
  here.world.rule({ name: 'take', bus: 'trusted', matches: () => true, target: queue.arn });
  const dead = owner.world.queue({ name: 'dead', policy: fromRules });
  const role = owner.world.role({
    name: 'forwarder',
    inline: roleMay,
    trust: policy({
      Effect: 'Allow',
      Principal: { Service: trusted },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'aws:SourceAccount': owner.account } },
    }),
  });
  owner.world.rule({
    name: 'forward',
    matches: ({ source }) => source === 'aws.secretsmanager',
    target: bus.arn,
    role: role.arn,
    deadLetters: dead.arn,
    ...rule,
  });
  return { here, owner, events, bus, queue, dead };
}

function rotate(sim: Simulator) {
  const { arn } = sim.world.secret({ name: 'prod/db' });
  sim.rotateSecret(arn);
  return sim.events.filter(({ source }) => source === 'aws.secretsmanager');
}

const bodiesIn = (sim: Simulator, { url }: { readonly url: string }): readonly unknown[] =>
  sim.messagesIn(url).map(({ body }): unknown => JSON.parse(body));

describe('an event of another account', () => {
  it('arrives by its rule, the bus and the rule of the bus as it was, with its account, Region, id, time and resources', async () => {
    const { here, owner, queue, dead } = await accounts();
    const sent = rotate(owner);
    expect(sent.length).toBeGreaterThan(1);
    expect(sent[0]).toMatchObject(OWNER);
    expect(bodiesIn(here, queue)).toEqual(JSON.parse(JSON.stringify(sent)));
    expect(owner.messagesIn(dead.url)).toEqual([]);
    expect(here.events).toEqual([]);
  });

  it.each([
    { why: 'the bus admits another account', busAdmits: busPolicy({ AWS: THIRD.account }) },
    { why: 'the bus has no policy', busAdmits: policy() },
    {
      why: 'the bus admits another source',
      busAdmits: busPolicy({ AWS: OWNER.account }, { StringEquals: { 'events:source': 'aws.ssm' } }),
    },
    {
      why: 'the account is in no organization',
      busAdmits: busPolicy('*', { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } }),
    },
    {
      why: 'the account is in another organization',
      busAdmits: busPolicy('*', { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } }),
      options: { organizationId: 'o-z9y8x7w6v5' },
    },
    { why: 'its role may not put events', roleMay: [] },
    {
      why: 'its role may put events on another bus',
      roleMay: [
        {
          Effect: 'Allow',
          Action: 'events:PutEvents',
          Resource: 'arn:aws:events:*:*:event-bus/default',
        } as const,
      ],
    },
    { why: 'EventBridge may not take the role', trusted: 'lambda.amazonaws.com' },
    { why: 'the rule has no role', rule: { role: 'arn:aws:iam::444455556666:role/none' } },
    { why: 'there is no such bus', rule: { target: 'arn:aws:events:eu-west-1:111122223333:event-bus/none' } },
  ])('goes to the dead-letter queue of its rule if $why', async (different) => {
    const { here, owner, queue, dead } = await accounts(different);
    const sent = rotate(owner);
    expect(here.messagesIn(queue.url)).toEqual([]);
    expect(bodiesIn(owner, dead)).toEqual(JSON.parse(JSON.stringify(sent)));
  });

  it('arrives from an account of the organization that the bus admits', async () => {
    const { here, owner, queue } = await accounts({
      busAdmits: busPolicy('*', { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } }),
      options: { organizationId: 'o-a1b2c3d4e5' },
    });
    const sent = rotate(owner);
    expect(bodiesIn(here, queue)).toEqual(JSON.parse(JSON.stringify(sent)));
  });

  it('is not sent on to a third account', async () => {
    const { here, owner, queue } = await accounts();
    const { sim: third } = await simulate(THIRD);
    third.join(here);
    const beyond = third.world.queue({ name: 'beyond', policy: fromRules });
    const bus = third.world.eventBus({ name: 'beyond', policy: busPolicy('*') });
    third.world.rule({ name: 'take', bus: 'beyond', matches: () => true, target: beyond.arn });
    const { arn } = here.world.role({
      name: 'forwarder',
      inline: [{ Effect: 'Allow', Action: 'events:PutEvents', Resource: '*' }],
      trust: policy({
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sts:AssumeRole',
      }),
    });
    here.world.rule({ name: 'on', bus: 'trusted', matches: () => true, target: bus.arn, role: arn });
    rotate(owner);
    expect(here.messagesIn(queue.url)).not.toEqual([]);
    expect(third.messagesIn(beyond.url)).toEqual([]);
  });
});

describe('an event of another Region of this account', () => {
  it('arrives without a policy of the bus, because the role of the rule is of the same account', async () => {
    const { here, owner, queue } = await accounts({
      busAdmits: policy(),
      options: { account: '111122223333' },
    });
    const sent = rotate(owner);
    expect(bodiesIn(here, queue)).toEqual(JSON.parse(JSON.stringify(sent)));
  });
});

describe('PutEvents of another account', () => {
  const entry = (EventBusName: string, Source: string) => ({
    Entries: [{ EventBusName, Source, DetailType: 'Secret Label Updated', Detail: '{"name":"prod/db"}' }],
  });

  it.each([
    ['aws.secretsmanager', 'NotAuthorizedForSourceException'],
    ['orders.app', 'AccessDeniedException'],
  ])('is refused for the source %s with %s', async (source, code) => {
    const { here, events, bus, queue } = await accounts();
    const { Entries } = await events.send(new PutEventsCommand(entry(bus.arn, source)));
    expect(Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([code]);
    expect(here.messagesIn(queue.url)).toEqual([]);
  });

  it('is taken where the policy of the bus admits callers, and carries the account of the caller', async () => {
    const callers = policy({
      Effect: 'Allow',
      Principal: { AWS: OWNER.account },
      Action: 'events:PutEvents',
      Resource: '*',
    });
    const { here, events, bus, queue } = await accounts({ busAdmits: callers });
    await events.send(new PutEventsCommand(entry(bus.arn, 'orders.app')));
    expect(bodiesIn(here, queue)).toMatchObject([{ source: 'orders.app', ...OWNER }]);
  });

  it('fails for a bus that does not exist', async () => {
    const { events, bus } = await accounts();
    await expect(
      events.send(new PutEventsCommand(entry(`${bus.arn}-2`, 'orders.app'))),
    ).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

describe('a queue', () => {
  it('takes nothing from a rule that its policy does not name', async () => {
    const { sim } = await simulate();
    const rule = (name: string, target: string) => sim.world.rule({ name, matches: () => true, target });
    const open = sim.world.queue({ name: 'open', policy: fromRules });
    const named = sim.world.queue({
      name: 'named',
      policy: policy({
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: '*',
        Condition: { ArnEquals: { 'aws:SourceArn': 'arn:aws:events:eu-west-1:111122223333:rule/one' } },
      }),
    });
    const closed = sim.world.queue({ name: 'closed' });
    rule('one', named.arn);
    rule('two', named.arn);
    rule('three', open.arn);
    rule('four', closed.arn);
    const sent = rotate(sim).length;
    expect([named, open, closed].map(({ url }) => sim.messagesIn(url).length)).toEqual([sent, sent, 0]);
  });
});
