import { z } from 'zod/mini';
import { fragmentsOf } from '../infra/template.ts';
import type { Statement } from '../simulator/iam/policy.ts';
import type { Simulator } from '../simulator/index.ts';

export type InstalledSpec = {
  readonly stage?: string;
  /** The name of the stack, if it is not that of the stage. */
  readonly stack?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Stage parameters, as in infra/params.yml. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly status?: string;
  readonly createdAt?: number;
  readonly handlers?: Readonly<Partial<Record<Short, (event: unknown) => Promise<unknown>>>>;
};
type Short = 'on-change' | 'on-request' | 'on-schedule';

export type Installed = {
  readonly stack: string;
  /** The name or URL of a resource, by its id in the template. */
  readonly id: (logicalId: string) => string;
  readonly arn: (logicalId: string) => string;
};

const FUNCTIONS = [
  ['on-change', 'OnDashchange', 'OnChangeRole'],
  ['on-request', 'OnDashrequest', 'OnRequestRole'],
  ['on-schedule', 'OnDashschedule', 'OnScheduleRole'],
] as const;

/** Deploys the template of infra/ into the simulator, with everything that it has, and a trail. */
export function installService(sim: Simulator, spec: InstalledSpec = {}): Installed {
  const { stage = 'prod', parameters = {} } = spec;
  const stack = spec.stack ?? `ecs-secret-redeploy-${stage}`;
  const template = withFunctions(fragmentsOf(stage, parameters));
  const off = new Set([
    ...(parameters['snapshot'] === 'ENABLED' ? [] : ['HasSnapshot']),
    ...(['warn', 'block'].includes(String(parameters['preflight'])) ? [] : ['HasPreflight']),
    'HasAlarmEmail',
    'HasAlarmTopicKey',
  ]);
  const made = Object.entries(template.Resources).filter(([, one]) => !off.has(one.Condition ?? ''));
  const ids = new Map(made.map(([id, one]) => [id, { type: one.Type, physicalId: nameOf(stack, id, one) }]));
  const { sim: at, id, arn, resolved } = namesIn(sim, ids, off);
  for (const [logicalId, one] of made.toSorted(([, a], [, b]) => order(a.Type) - order(b.Type)))
    build(at, { id: id(logicalId), type: one.Type, properties: resolved(one.Properties ?? {}) });
  const roles = Object.fromEntries(FUNCTIONS.map(([short, , role]) => [short, arn(role)]));
  const {
    environment = {},
    status = 'UPDATE_COMPLETE',
    createdAt = Date.now() - 3_600_000,
    handlers = {},
  } = spec;
  const resources = Object.fromEntries([...ids].map(([key, one]) => [key, { ...one, physicalId: id(key) }]));
  const deployed = { template: JSON.stringify(template), status, createdAt, roles, resources, handlers };
  sim.world.stack({ stage, name: stack, environment: { MODE: 'enforce', ...environment }, ...deployed });
  const trail = { name: 'all', homeRegion: sim.region, isMultiRegion: true, isLogging: true };
  sim.world.installed.trails.set('all', { ...trail, eventSelectors: [], advancedEventSelectors: [] });
  return { stack, id, arn };
}

type Template = ReturnType<typeof fragmentsOf>;
type Resource = Template['Resources'][string];

/** What osls makes of the functions in serverless.yml. */
function withFunctions(template: Template): Template {
  const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
  const functions = FUNCTIONS.flatMap(([, prefix, role]): readonly (readonly [string, Resource])[] => [
    [`${prefix}LogGroup`, { Type: 'AWS::Logs::LogGroup', Properties: {} }],
    [
      `${prefix}LambdaFunction`,
      { Type: 'AWS::Lambda::Function', Properties: { Role: { 'Fn::Sub': `\${${role}.Arn}` } } },
    ],
  ]);
  const sources = ['ChangeQueue', 'CloudTrailQueue'].map((queue): readonly [string, Resource] => [
    `OnDashchangeEventSourceMappingSQS${queue}`,
    {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        EventSourceArn: arn(queue),
        FunctionName: arn('OnDashchangeLambdaFunction'),
        FunctionResponseTypes: ['ReportBatchItemFailures'],
      },
    },
  ]);
  const Resources = { ...template.Resources, ...Object.fromEntries([...functions, ...sources]) };
  return { ...template, Resources };
}

const Named = z.object({ AlarmName: z.optional(z.string()) });

function nameOf(stack: string, id: string, { Type, Properties }: Resource): string {
  const short = FUNCTIONS.find(([, prefix]) => id === `${prefix}LambdaFunction`)?.[0];
  if (short !== undefined) return `${stack}-${short}`;
  if (Type === 'AWS::S3::Bucket') return `${stack}-snapshot`.toLowerCase();
  return Named.parse(Properties ?? {}).AlarmName ?? `${stack}-${id}-A1B2C3D4`;
}

const ORDER = ['AWS::SQS::Queue', 'AWS::SQS::QueuePolicy', 'AWS::IAM::Role', 'AWS::IAM::Policy'];
const order = (type: string): number => ORDER.indexOf(type);

/** Resolves references by text, without anything of the code that is tested. */
function namesIn(
  sim: Simulator,
  ids: ReadonlyMap<string, { readonly type: string; readonly physicalId: string }>,
  off: ReadonlySet<string>,
) {
  const { partition, region, account } = sim;
  const name = (id: string) => ids.get(id)?.physicalId ?? id;
  const id = (logicalId: string) =>
    ids.get(logicalId)?.type === 'AWS::SQS::Queue'
      ? `${sim.endpoint}/${account}/${name(logicalId)}`
      : name(logicalId);
  const at = (service: string, resource: string) =>
    `arn:${partition}:${service}:${region}:${account}:${resource}`;
  const arn = (logicalId: string): string => {
    const kind = ids.get(logicalId)?.type ?? '';
    if (kind.endsWith('Queue')) return at('sqs', name(logicalId));
    const bus = logicalId.startsWith('Trusted') ? `${name('TrustedEventBus')}/` : '';
    if (kind.endsWith('Rule')) return at('events', `rule/${bus}${name(logicalId)}`);
    if (kind.endsWith('EventBus')) return at('events', `event-bus/${name(logicalId)}`);
    if (kind.endsWith('Function')) return at('lambda', `function:${name(logicalId)}`);
    if (kind.endsWith('LogGroup')) return at('logs', `log-group:${name(logicalId)}:*`);
    if (kind.endsWith('Bucket')) return `arn:${partition}:s3:::${name(logicalId)}`;
    return `arn:${partition}:iam::${account}:role/${name(logicalId)}`;
  };
  const pseudo: Readonly<Record<string, string>> = {
    'AWS::Partition': partition,
    'AWS::Region': region,
    'AWS::AccountId': account,
  };
  const filled = (text: string) =>
    text.replaceAll(/\$\{([^}]+)\}/g, (_, key: string) =>
      key.endsWith('.Arn') ? arn(key.slice(0, -4)) : (pseudo[key] ?? id(key)),
    );
  const intrinsics: Readonly<Record<string, (argument: unknown) => unknown>> = {
    Ref: (key) => (key === 'AWS::NoValue' ? undefined : (pseudo[String(key)] ?? id(String(key)))),
    'Fn::GetAtt': (path) => {
      const [key = '', attribute] = path as string[];
      return attribute === 'Name' ? name(key) : arn(key);
    },
    'Fn::Sub': (text) => filled(String(text)),
    'Fn::Split': (parts) => String(resolved(Array.isArray(parts) ? parts[1] : '')).split(','),
    'Fn::If': (parts) => {
      const [condition, then, otherwise] = parts as [string, unknown, unknown];
      return resolved(off.has(condition) ? otherwise : then);
    },
  };
  const resolved = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolved);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value) as [string, unknown][];
    const [[key, argument] = ['', undefined]] = entries;
    const intrinsic = intrinsics[key];
    if (intrinsic !== undefined) return intrinsic(argument);
    const fields = entries.map(([name, one]) => [name, resolved(one)] as const);
    return Object.fromEntries(fields.filter(([, one]) => one !== undefined));
  };
  return { sim, id, arn, resolved };
}

type Built = { readonly id: string; readonly type: string; readonly properties: unknown };

const Queue = z.object({ RedrivePolicy: z.optional(z.object({ deadLetterTargetArn: z.string() })) });
const Policy = z.object({ Queues: z.array(z.string()), PolicyDocument: z.unknown() });
const Rule = z.object({
  EventBusName: z.optional(z.string()),
  State: z._default(z.string(), 'ENABLED'),
  EventPattern: z.unknown(),
  Targets: z.array(z.record(z.string(), z.unknown())),
});
const Document = z.object({ Statement: z.array(z.custom<Statement>()) });
const Role = z.object({ Policies: z.array(z.object({ PolicyName: z.string(), PolicyDocument: Document })) });
const Beside = z.object({ PolicyName: z.string(), PolicyDocument: Document, Roles: z.array(z.string()) });
const Source = z.object({
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  FunctionResponseTypes: z.array(z.string()),
});

function build(sim: Simulator, { id, type, properties }: Built): void {
  const { world } = sim;
  if (type === 'AWS::SQS::Queue') {
    const deadLetters = Queue.parse(properties).RedrivePolicy?.deadLetterTargetArn;
    const name = id.slice(id.lastIndexOf('/') + 1);
    world.queue({
      name,
      ...(deadLetters !== undefined && { maxReceiveCount: 5, deadLetters: { arn: deadLetters } }),
    });
  } else if (type === 'AWS::SQS::QueuePolicy') {
    const { Queues, PolicyDocument } = Policy.parse(properties);
    for (const QueueUrl of Queues)
      sim.act('sqs', 'SetQueueAttributes', {
        QueueUrl,
        Attributes: { Policy: JSON.stringify(PolicyDocument) },
      });
  } else if (type === 'AWS::Events::Rule') {
    const { EventBusName: bus, State, EventPattern, Targets } = Rule.parse(properties);
    world.installed.rules.set(id, {
      name: id,
      state: State,
      bus,
      pattern: JSON.stringify(EventPattern),
      targets: Targets,
    });
  } else if (type === 'AWS::Lambda::EventSourceMapping') {
    const {
      EventSourceArn: queueArn,
      FunctionName: functionArn,
      FunctionResponseTypes,
    } = Source.parse(properties);
    const source = { queueArn, functionArn, state: 'Enabled', responseTypes: FunctionResponseTypes };
    world.installed.sources.set(queueArn, source);
  } else if (type === 'AWS::IAM::Role') {
    world.role({ name: id });
    for (const one of Role.parse(properties).Policies) putPolicy(sim, id, one);
  } else if (type === 'AWS::IAM::Policy') {
    const policy = Beside.parse(properties);
    for (const role of policy.Roles) putPolicy(sim, role, policy);
  } else if (type === 'AWS::CloudWatch::Alarm') world.alarm({ name: id });
  else if (type === 'AWS::S3::Bucket') world.bucket(id);
}

function putPolicy(sim: Simulator, RoleName: string, policy: z.infer<typeof Role>['Policies'][number]): void {
  const { PolicyName, PolicyDocument } = policy;
  sim.act('iam', 'PutRolePolicy', { RoleName, PolicyName, PolicyDocument: JSON.stringify(PolicyDocument) });
}
