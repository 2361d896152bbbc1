import { z } from 'zod/mini';
import type { StackOf } from '../infra/cloudformation.ts';
import { compilePattern } from '../infra/event-pattern.ts';
import type { PolicyDocument, Statement } from '../simulator/iam/policy.ts';
import type { QueueRef, Simulator } from '../simulator/index.ts';

const Document = z.custom<PolicyDocument>(
  (one) => z.object({ Statement: z.array(z.unknown()) }).safeParse(one).success,
);
const Queue = z.object({
  VisibilityTimeout: z.optional(z.number()),
  RedrivePolicy: z.optional(z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: z.number() })),
});
const QueuePolicy = z.object({ Queues: z.array(z.string()), PolicyDocument: Document });
const EventBus = z.object({ Name: z.string() });
const BusPolicy = z.object({
  EventBusName: z.string(),
  Statement: z.custom<Statement>((one) => z.object({ Effect: z.string() }).safeParse(one).success),
});
const Rule = z.object({
  Name: z.optional(z.string()),
  EventBusName: z.optional(z.string()),
  State: z.optional(z.string()),
  EventPattern: z.record(z.string(), z.json()),
  Targets: z.tuple([
    z.object({
      Arn: z.string(),
      RoleArn: z.optional(z.string()),
      DeadLetterConfig: z.optional(z.object({ Arn: z.string() })),
    }),
  ]),
});
const Role = z.object({
  AssumeRolePolicyDocument: Document,
  Policies: z.array(z.object({ PolicyDocument: z.object({ Statement: z.array(z.custom<Statement>()) }) })),
});

/**
 * Deploys what a stack has of queues, event buses and rules into the simulator, with their policies and the roles of the rules; answers the
 * queues by their names in the template.
 */
export function deployInto(sim: Simulator, stack: StackOf): ReadonlyMap<string, QueueRef> {
  const queues = deployQueues(sim, stack);
  for (const { properties } of stack.ofType('AWS::Events::EventBus')) {
    const { Name: name } = EventBus.parse(properties);
    const statements = stack
      .ofType('AWS::Events::EventBusPolicy')
      .map((one) => BusPolicy.parse(one.properties))
      .filter(({ EventBusName }) => EventBusName === name);
    sim.world.eventBus({ name, policy: { Statement: statements.map(({ Statement: one }) => one) } });
  }
  const roles = new Set(deployRules(sim, stack));
  for (const { id, properties } of stack.ofType('AWS::IAM::Role')) {
    const arn = stack.arnOf(id);
    if (!roles.has(arn)) continue;
    const { AssumeRolePolicyDocument: trust, Policies } = Role.parse(properties);
    const inline = Policies.flatMap(({ PolicyDocument: { Statement: statements } }) => statements);
    sim.world.role({ name: arn.slice(arn.lastIndexOf('/') + 1), trust, inline });
  }
  return queues;
}

function deployQueues(sim: Simulator, stack: StackOf): ReadonlyMap<string, QueueRef> {
  const policies = stack
    .ofType('AWS::SQS::QueuePolicy')
    .map(({ properties }) => QueuePolicy.parse(properties));
  const parsed = stack
    .ofType('AWS::SQS::Queue')
    .map(({ id, properties }) => ({ id, ...Queue.parse(properties) }));
  // A dead-letter queue has to be there before the queue that names it.
  const inOrder = parsed.toSorted(
    (a, b) => Number(a.RedrivePolicy !== undefined) - Number(b.RedrivePolicy !== undefined),
  );
  return new Map(
    inOrder.map(({ id, VisibilityTimeout, RedrivePolicy }) => {
      const arn = stack.arnOf(id);
      const name = arn.slice(arn.lastIndexOf(':') + 1);
      const policy = policies.find(({ Queues }) => Queues.includes(name))?.PolicyDocument;
      const queue = sim.world.queue({
        name,
        ...(VisibilityTimeout !== undefined && { visibilitySeconds: VisibilityTimeout }),
        ...(RedrivePolicy !== undefined && {
          maxReceiveCount: RedrivePolicy.maxReceiveCount,
          deadLetters: { arn: RedrivePolicy.deadLetterTargetArn },
        }),
        ...(policy !== undefined && { policy }),
      });
      return [id, queue] as const;
    }),
  );
}

/** Answers the roles of the rules. */
function deployRules(sim: Simulator, stack: StackOf): readonly string[] {
  return stack.ofType('AWS::Events::Rule').flatMap(({ id, properties }) => {
    const { Name, EventBusName: bus, State, EventPattern, Targets } = Rule.parse(properties);
    const [{ Arn: target, RoleArn: role, DeadLetterConfig }] = Targets;
    const matches = compilePattern(EventPattern);
    const arn = stack.arnOf(id);
    if (State === 'DISABLED') return [];
    sim.world.rule({
      name: Name ?? arn.slice(arn.lastIndexOf('/') + 1),
      ...(bus !== undefined && { bus }),
      matches: (event) => matches(z.record(z.string(), z.json()).parse(JSON.parse(JSON.stringify(event)))),
      target,
      ...(role !== undefined && { role }),
      ...(DeadLetterConfig !== undefined && { deadLetters: DeadLetterConfig.Arn }),
    });
    return role === undefined ? [] : [role];
  });
}
