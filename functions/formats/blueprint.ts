import { z } from 'zod/mini';
import type {
  Blueprint,
  PlannedFunction,
  PlannedQueue,
  PlannedRule,
  PlannedSource,
} from '../core/doctor/blueprint.ts';
import type { Need } from '../core/doctor/facts.ts';
import type { Statement } from '../core/doctor/policy.ts';
import { statementsOf } from './policy.ts';
import { type DeployedResource, type Deployment, deployedResources } from './stack-template.ts';

/** What the template of a stack says, as JSON; undefined: it is no template of this service. */
export function blueprintOf(body: string, deployment: Deployment): Blueprint | undefined {
  const all = deployedResources(body, deployment);
  if (all === undefined) return undefined;
  try {
    const of = <T>(type: string, planned: (one: DeployedResource) => T) =>
      all.filter((one) => one.type === type).map(planned);
    const [bucket] = of('AWS::S3::Bucket', (one) => one).filter(({ id }) => id === 'SnapshotBucket');
    return {
      rules: of('AWS::Events::Rule', (one) => ruleOf(one, deployment)),
      queues: of('AWS::SQS::Queue', (one) => queueOf(one, deployment)),
      sources: of('AWS::Lambda::EventSourceMapping', sourceOf),
      functions: of('AWS::Lambda::Function', (one) => functionOf(one, all, deployment)),
      alarms: of('AWS::CloudWatch::Alarm', ({ properties }) => AlarmShape.parse(properties).AlarmName),
      bucket: bucket && { name: bucket.physicalId },
    };
  } catch (error) {
    if (error instanceof z.core.$ZodError) return undefined;
    throw error;
  }
}

const DeadLetters = z.optional(z.object({ Arn: z.string() }));
const Rule = z.object({
  EventBusName: z.optional(z.string()),
  State: z.optional(z.string()),
  EventPattern: z.unknown(),
  Targets: z._default(z.array(z.object({ Arn: z.string(), DeadLetterConfig: DeadLetters })), []),
});

function ruleOf({ id, physicalId, properties }: DeployedResource, { home }: Deployment): PlannedRule {
  const { EventBusName: bus, State, EventPattern, Targets } = Rule.parse(properties);
  const { partition, region, account } = home;
  // CloudFormation names a rule of another event bus `BUS|RULE`.
  const name = physicalId?.slice(physicalId.lastIndexOf('|') + 1);
  return {
    id,
    name,
    bus,
    arn: `arn:${partition}:events:${region}:${account}:rule/${[bus, name].filter(Boolean).join('/')}`,
    isEnabled: State !== 'DISABLED',
    pattern: EventPattern,
    targets: Targets.map(({ Arn: arn, DeadLetterConfig }) => ({ arn, deadLetters: DeadLetterConfig?.Arn })),
  };
}

const Queue = z._default(
  z.object({ RedrivePolicy: z.optional(z.object({ deadLetterTargetArn: z.string() })) }),
  {},
);

function queueOf({ id, physicalId, properties }: DeployedResource, { home }: Deployment): PlannedQueue {
  const { partition, region, account } = home;
  const name = physicalId?.slice(physicalId.lastIndexOf('/') + 1) ?? '';
  return {
    id,
    url: physicalId,
    arn: `arn:${partition}:sqs:${region}:${account}:${name}`,
    deadLetters: Queue.parse(properties).RedrivePolicy?.deadLetterTargetArn,
  };
}

const Source = z.object({
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  FunctionResponseTypes: z._default(z.array(z.string()), []),
});

function sourceOf({ properties }: DeployedResource): PlannedSource {
  const { EventSourceArn: queue, FunctionName, FunctionResponseTypes } = Source.parse(properties);
  return {
    queue,
    functionArn: FunctionName,
    reportsItemFailures: FunctionResponseTypes.includes('ReportBatchItemFailures'),
  };
}

const Lambda = z.object({ Role: z.string() });

function functionOf(
  { id, physicalId, properties }: DeployedResource,
  all: readonly DeployedResource[],
  { home }: Deployment,
): PlannedFunction {
  const { partition, region, account } = home;
  const role = Lambda.parse(properties).Role;
  return {
    id,
    name: physicalId,
    arn: `arn:${partition}:lambda:${region}:${account}:function:${physicalId ?? ''}`,
    needs: all.flatMap((one) => statementsFor(role, one)).flatMap(needsOf),
  };
}

const Policy = z.object({ PolicyDocument: z.unknown() });
const RoleShape = z.object({ Policies: z._default(z.array(Policy), []) });
const Beside = z.object({ PolicyDocument: z.unknown(), Roles: z._default(z.array(z.string()), []) });

/** The statements of a resource that are about a role: of the role itself, or of a policy beside it. */
function statementsFor(
  role: string,
  { id, type, physicalId, properties }: DeployedResource,
): readonly Statement[] {
  const isOf = (name: string) => role.endsWith(`/${name}`) || role === `<${name}.Arn>`;
  if (type === 'AWS::IAM::Role' && isOf(physicalId ?? id))
    return RoleShape.parse(properties).Policies.flatMap(({ PolicyDocument }) => statementsOf(PolicyDocument));
  if (type !== 'AWS::IAM::Policy') return [];
  const { Roles, PolicyDocument } = Beside.parse(properties);
  return Roles.some((name) => isOf(name.replaceAll(/[<>]/g, ''))) ? statementsOf(PolicyDocument) : [];
}

/** What a grant is for: each of its actions on a resource that its pattern stands for. */
function needsOf({ effect, actions, resources, conditions }: Statement): readonly Need[] {
  if (effect === 'Deny') return [];
  const context = new Map(conditions.map(({ key, values: [value = ''] }) => [key.toLowerCase(), value]));
  return actions.values.flatMap((action) =>
    resources.values.map((resource) => ({ action, resource: exampleOf(resource), context })),
  );
}

function exampleOf(pattern: string): string {
  if (pattern === '*') return pattern;
  return pattern.replace(ANY_ACCOUNT, '$1123456789012:').replaceAll('*', 'any').replaceAll('?', 'a');
}

/** IAM takes no ARN whose account is no number. */
const ANY_ACCOUNT = /^((?:[^:]*:){4})\*:/;

const AlarmShape = z.object({ AlarmName: z.string() });
