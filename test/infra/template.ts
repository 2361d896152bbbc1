import { readFileSync } from 'node:fs';
import { type CollectionTag, parse, type ScalarTag } from 'yaml';
import { z } from 'zod/mini';
import { compilePattern, type JsonObject } from './event-pattern.ts';

/** The service's two queues by the names that tests, the demo and events/expected.json use. */
const QUEUES = { ChangeQueue: 'changes', CloudTrailQueue: 'cloudtrail' } as const;
export type Queue = (typeof QUEUES)[keyof typeof QUEUES];

export type Rule = {
  readonly name: string;
  readonly pattern: JsonObject;
  readonly queue: Queue;
  readonly matches: (event: JsonObject) => boolean;
};

/**
 * The actions that Lambda performs with a function's role on its behalf: it polls and cleans the queues (the event
 * source) and writes the function's records. They are no calls of ours, so no test sees them.
 */
export const NEEDED_BY_LAMBDA: readonly string[] = [
  'sqs:ReceiveMessage',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'logs:CreateLogStream',
  'logs:PutLogEvents',
];

/**
 * The rules of infra/, read without osls. Throws if a rule does not have the form that this project uses. Paths are
 * relative to the root of the project, where npm runs its scripts.
 */
export function loadRules(): readonly Rule[] {
  return Object.entries(loadResources())
    .filter(([, resource]) => resource.Type === 'AWS::Events::Rule')
    .map(([name, resource]) => {
      const { EventPattern: raw, Targets: targets } = RuleProperties.parse(resource.Properties);
      const pattern = deployed(raw);
      return {
        name,
        pattern,
        queue: QUEUES[targets[0].Arn['Fn::GetAtt'][0]],
        matches: compilePattern(pattern),
      };
    });
}

/** The pattern as CloudFormation deploys it, in the account of the sample events. */
function deployed(pattern: JsonObject): JsonObject {
  const text = JSON.stringify(pattern).replaceAll('{"Ref":"AWS::AccountId"}', '"111122223333"');
  return z.record(z.string(), z.json()).parse(JSON.parse(text));
}

/** The one object that the snapshot's grants cover. */
export const SNAPSHOT_KEY = 'fleet.json.gz';

/**
 * The conditions of infra/ under which a stage parameter enables further grants. `TrustsOthers` is none of CloudFormation: those
 * fragments are in the template only with `trustedAccounts` or `trustedOrganization`.
 */
export type Condition = 'HasSnapshot' | 'HasPreflight' | 'TrustsOthers';
export const EVERY_CONDITION: readonly Condition[] = ['HasSnapshot', 'HasPreflight', 'TrustsOthers'];

/** The fragments that infra/other-accounts.cjs includes. */
export const OF_OTHER_ACCOUNTS: readonly string[] = [
  'infra/other-accounts.yml',
  'infra/trusted-accounts.yml',
  'infra/trusted-organization.yml',
];

/**
 * The actions that a function's role allows, sorted: `grantedActions('on-change')`. Policies beside the role count if
 * their condition is given.
 */
export function grantedActions(
  functionName: string,
  conditions: readonly Condition[] = [],
): readonly string[] {
  const role = roleOf(functionName);
  const ofOthers = Object.values(resourcesIn(OF_OTHER_ACCOUNTS)).map((resource) => ({
    ...resource,
    Condition: 'TrustsOthers',
  }));
  const resources = [...Object.values(loadResources()), ...ofOthers];
  const beside = resources.flatMap(({ Type, Condition, Properties }) => {
    if (Type !== 'AWS::IAM::Policy' || !conditions.some((one) => one === Condition)) return [];
    const policy = PolicyProperties.parse(Properties);
    return policy.Roles.some(({ Ref }) => Ref === role) ? [policy] : [];
  });
  return actionsOf([...policiesOf(role), ...beside], 'Allow');
}

/** The actions that a function's role denies even if another policy allows them, sorted. */
export function deniedActions(functionName: string): readonly string[] {
  return actionsOf(policiesOf(roleOf(functionName)), 'Deny');
}

const policiesOf = (role: string): readonly Policy[] =>
  RoleProperties.parse(loadResources()[role]?.Properties).Policies;

function actionsOf(policies: readonly Policy[], effect: 'Allow' | 'Deny'): readonly string[] {
  return policies
    .flatMap((policy) => policy.PolicyDocument.Statement)
    .filter((statement) => statement.Effect === effect)
    .flatMap((statement) => statement.Action)
    .sort();
}

function roleOf(functionName: string): string {
  const { functions } = Service.parse(readYaml('serverless.yml'));
  const role = /^\$\{(\w+)\.Arn\}$/.exec(functions[functionName]?.role['Fn::Sub'] ?? '')?.[1];
  if (role === undefined)
    throw new TypeError(
      `serverless.yml: ${functionName} needs a role of its own (!Sub \${….Arn}), found none`,
    );
  return role;
}

type Resources = Readonly<Record<string, z.infer<typeof Resource>>>;

/** All resources of the fragments that serverless.yml always includes, by logical id. */
const loadResources = (): Resources => resourcesIn(fragmentsAlways());

/** The paths of the fragments that serverless.yml always includes. */
function fragmentsAlways(): readonly string[] {
  const { resources } = Service.parse(readYaml('serverless.yml'));
  return resources.map(pathIn).filter((path) => path.endsWith('.yml'));
}

const fragmentIn = (path: string) => Fragment.parse(readYaml(path));

function resourcesIn(paths: readonly string[]): Resources {
  return Object.fromEntries(paths.flatMap((path) => Object.entries(fragmentIn(path).Resources ?? {})));
}

/** What a variable of osls names in a file: a part of a fragment. */
function partOf(file: string, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, key) => z.record(z.string(), z.unknown()).parse(value)[key], readYaml(file));
}

/**
 * The template of the fragments as osls packages it for a stage, with these stage parameters, without what osls adds
 * (functions, event sources, log groups). In a moment, where packaging takes seconds.
 */
export function fragmentsOf(stage: string, parameters: Readonly<Record<string, unknown>> = {}) {
  const presets = z
    .object({ default: z.record(z.string(), z.unknown()) })
    .parse(readYaml('infra/params.yml'));
  const given: Readonly<Record<string, unknown>> = { ...presets.default, ...parameters };
  const own: Readonly<Record<string, unknown>> = {
    'self:service': 'ecs-secret-redeploy',
    'sls:stage': stage,
    'file(infra/redeployable-tag.cjs)': { Ref: 'AWS::NoValue' },
    'file(infra/batching-window.cjs)': given['batchingWindowSeconds'],
    'file(infra/other-accounts.cjs):principals': [given['trustedAccounts']],
    'file(infra/other-accounts.cjs):secrets': [
      {
        'Fn::Sub': `arn:\${AWS::Partition}:secretsmanager:\${AWS::Region}:${String(given['trustedAccounts'])}:secret:*`,
      },
    ],
  };
  const parameterOf = (name: string) => {
    const [, file, path] = /^file\((infra\/[\w-]+\.yml)\):(.+)$/.exec(name) ?? [];
    if (file !== undefined && path !== undefined) return partOf(file, path);
    return name.startsWith('param:') ? given[name.slice('param:'.length)] : own[name];
  };
  const filled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(filled);
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filled(one)]));
    if (typeof value !== 'string') return value;
    const whole = /^\$\{((?:param|self|sls):[^}]+|file\([^}]+)\}$/.exec(value)?.[1];
    if (whole !== undefined) return parameterOf(whole);
    return value.replaceAll(/\$\{((?:param|self|sls):[^}]+)\}/g, (_, name: string) =>
      String(parameterOf(name)),
    );
  };
  const ofOthers = given['trustedAccounts'] === '' ? [] : OF_OTHER_ACCOUNTS.slice(0, 2);
  const all = [...fragmentsAlways(), ...ofOthers].map(fragmentIn);
  const merged = (key: 'Resources' | 'Conditions' | 'Parameters') =>
    Object.assign({}, ...all.map((one) => one[key] ?? {})) as Record<string, unknown>;
  return z
    .object({
      Resources: z.record(z.string(), Resource),
      Conditions: z.record(z.string(), z.unknown()),
      Parameters: z.record(z.string(), z.unknown()),
    })
    .parse(
      filled({
        Resources: merged('Resources'),
        Conditions: merged('Conditions'),
        Parameters: merged('Parameters'),
      }),
    );
}

function pathIn(include: string): string {
  const path = /^\$\{file\((.+?)\)(?::\w+)?\}$/.exec(include)?.[1];
  if (path === undefined)
    throw new TypeError(`serverless.yml: resources must be fragments (\${file(…)}), found ${include}`);
  return path;
}

const parsed = new Map<string, unknown>();

/** A file in YAML with CloudFormation's short forms, which become the long ones. Parsed once: it is slow, and many tests ask. */
export function readYaml(path: string): unknown {
  const content =
    parsed.get(path) ?? parse(readFileSync(path, 'utf8'), { customTags: CLOUDFORMATION_TAGS, merge: true });
  parsed.set(path, content);
  return content;
}

// CloudFormation's short forms, converted to the long forms.
const text = (tag: string, key: string): ScalarTag => ({ tag, resolve: (value) => ({ [key]: value }) });
const list = (tag: string, key: string): CollectionTag => ({
  tag,
  collection: 'seq',
  resolve: (value) => ({ [key]: value.toJSON() as unknown }),
});
const CLOUDFORMATION_TAGS = [
  text('!Ref', 'Ref'),
  text('!Sub', 'Fn::Sub'),
  list('!Sub', 'Fn::Sub'),
  list('!Select', 'Fn::Select'),
  list('!Split', 'Fn::Split'),
  list('!If', 'Fn::If'),
  list('!Not', 'Fn::Not'),
  list('!Equals', 'Fn::Equals'),
  { tag: '!GetAtt', resolve: (value: string) => ({ 'Fn::GetAtt': value.split('.') }) },
];

const Resource = z.object({
  Type: z.string(),
  Condition: z.optional(z.string()),
  Properties: z.optional(z.unknown()),
});
const Fragment = z.object({
  Resources: z.optional(z.record(z.string(), Resource)),
  Conditions: z.optional(z.record(z.string(), z.unknown())),
  Parameters: z.optional(z.record(z.string(), z.unknown())),
});
const Service = z.object({
  functions: z.record(z.string(), z.object({ role: z.object({ 'Fn::Sub': z.string() }) })),
  resources: z.array(z.string()),
});
const RuleProperties = z.object({
  EventPattern: z.record(z.string(), z.json()),
  Targets: z.tuple([
    z.object({
      Arn: z.object({
        'Fn::GetAtt': z.tuple([z.enum(['ChangeQueue', 'CloudTrailQueue']), z.literal('Arn')]),
      }),
    }),
  ]),
});
const oneOrMore = z.pipe(
  z.union([z.string(), z.array(z.string())]),
  z.transform((value) => (typeof value === 'string' ? [value] : value)),
);
const policy = {
  PolicyDocument: z.object({
    Statement: z.array(z.object({ Effect: z.enum(['Allow', 'Deny']), Action: oneOrMore })),
  }),
};
const Policy = z.object(policy);
type Policy = z.infer<typeof Policy>;
const RoleProperties = z.object({ Policies: z.array(Policy) });
const PolicyProperties = z.object({ ...policy, Roles: z.array(z.object({ Ref: z.string() })) });
