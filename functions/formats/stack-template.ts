import { z } from 'zod/mini';
import type { StackResources } from '../core/doctor/facts.ts';
import type { Home } from '../core/model/arn.ts';

/** Where a template was deployed, and what became of it. */
export type Deployment = {
  readonly home: Home;
  readonly stack: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly resources: StackResources;
};

/** A resource of a template as it was deployed, with the names of this stack in the place of references. */
export type DeployedResource = {
  readonly id: string;
  readonly type: string;
  /** Undefined: the stack does not have it. */
  readonly physicalId: string | undefined;
  readonly properties: unknown;
};

const Template = z.object({
  Parameters: z._default(z.record(z.string(), z.object({ Default: z.optional(z.unknown()) })), {}),
  Conditions: z._default(z.record(z.string(), z.unknown()), {}),
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Condition: z.optional(z.string()), Properties: z.optional(z.unknown()) }),
  ),
});
type Template = z.infer<typeof Template>;

/** The resources of a template that was deployed as JSON; undefined: it is none. */
export function deployedResources(
  body: string,
  deployment: Deployment,
): readonly DeployedResource[] | undefined {
  const template = templateIn(body);
  if (template === undefined) return undefined;
  const scope = { ...deployment, template };
  return Object.entries(template.Resources)
    .filter(([, { Condition }]) => Condition === undefined || isTrue(Condition, scope))
    .map(([id, { Type: type, Properties }]) => ({
      id,
      type,
      physicalId: deployment.resources.get(id)?.physicalId,
      properties: resolved(Properties, scope),
    }));
}

function templateIn(body: string): Template | undefined {
  try {
    return Template.parse(JSON.parse(body));
  } catch {
    return undefined;
  }
}

type Scope = Deployment & { readonly template: Template };
type Intrinsic = (argument: unknown, scope: Scope) => unknown;

/** The intrinsic functions that this service's template has; any other stays as it is written. */
const INTRINSICS: ReadonlyMap<string, Intrinsic> = new Map<string, Intrinsic>([
  ['Ref', (name, scope) => referenced(String(name), scope)],
  ['Fn::GetAtt', (path, scope) => attribute(partsOf(path), scope)],
  ['Fn::Sub', substituted],
  ['Fn::If', chosen],
  ['Fn::Split', split],
  ['Fn::Join', joined],
  ['Fn::Equals', equal],
  ['Fn::Not', negated],
]);

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

function resolved(value: unknown, scope: Scope): unknown {
  if (isList(value)) return value.map((one) => resolved(one, scope)).filter((one) => one !== undefined);
  if (typeof value !== 'object' || value === null) return value;
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  const [[name, argument] = ['', undefined]] = entries;
  const intrinsic = entries.length === 1 ? INTRINSICS.get(name) : undefined;
  if (intrinsic !== undefined) return intrinsic(argument, scope);
  const fields = entries.map(([key, one]) => [key, resolved(one, scope)] as const);
  return Object.fromEntries(fields.filter(([, one]) => one !== undefined));
}

function referenced(name: string, scope: Scope): unknown {
  const { home, stack, parameters, resources, template } = scope;
  const pseudo: Readonly<Record<string, string | undefined>> = {
    'AWS::AccountId': home.account,
    'AWS::Partition': home.partition,
    'AWS::Region': home.region,
    'AWS::StackName': stack,
    'AWS::NoValue': undefined,
  };
  if (name in pseudo) return pseudo[name];
  const preset: unknown = template.Parameters[name]?.Default;
  return parameters.get(name) ?? resources.get(name)?.physicalId ?? preset ?? unmade(name);
}

/** A resource that the stack does not have has this in the place of its name, which no resource of AWS has. */
const unmade = (path: string): string => `<${path}>`;

const partsOf = (path: unknown): readonly string[] =>
  isList(path) ? path.map(String) : String(path).split('.');

type MakeArn = (id: string, home: Home) => string;

const regional = (service: string, { partition, region, account }: Home, resource: string): string =>
  `arn:${partition}:${service}:${region}:${account}:${resource}`;

const ARNS: ReadonlyMap<string, MakeArn> = new Map<string, MakeArn>([
  ['AWS::Events::Rule', (id, home) => regional('events', home, `rule/${id}`)],
  ['AWS::IAM::Role', (id, { partition, account }) => `arn:${partition}:iam::${account}:role/${id}`],
  ['AWS::Lambda::Function', (id, home) => regional('lambda', home, `function:${id}`)],
  ['AWS::Logs::LogGroup', (id, home) => regional('logs', home, `log-group:${id}:*`)],
  ['AWS::S3::Bucket', (id, { partition }) => `arn:${partition}:s3:::${id}`],
  ['AWS::SQS::Queue', (id, home) => regional('sqs', home, id.slice(id.lastIndexOf('/') + 1))],
]);

/** The attributes that are the name of the resource. */
const NAMES: ReadonlySet<string> = new Set(['AWS::Events::EventBus.Name', 'AWS::SQS::Queue.QueueName']);

/** The last part of an ARN or a URL; a name has no other. */
const nameIn = (id: string): string => id.slice(Math.max(id.lastIndexOf('/'), id.lastIndexOf(':')) + 1);

function attribute([id = '', name = '']: readonly string[], scope: Scope): string {
  const { type, physicalId } = scope.resources.get(id) ?? {};
  const { Type = type ?? '', Properties } = scope.template.Resources[id] ?? {};
  const given = Named.safeParse(Properties).data?.Name;
  const own = physicalId === undefined ? given : nameIn(physicalId);
  if (NAMES.has(`${Type}.${name}`) && own !== undefined) return own;
  const arn =
    name === 'Arn' && physicalId !== undefined ? ARNS.get(Type)?.(physicalId, scope.home) : undefined;
  return arn ?? unmade(`${id}.${name}`);
}

/** A name that the template gives. */
const Named = z.object({ Name: z.string() });

function substituted(argument: unknown, scope: Scope): string {
  const [text, own] = isList(argument) ? argument : [argument];
  const given = new Map<string, unknown>(typeof own === 'object' && own !== null ? Object.entries(own) : []);
  return String(text).replaceAll(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
    if (literal === '!') return `\${${name}}`;
    if (given.has(name)) return String(resolved(given.get(name), scope));
    return String(name.includes('.') ? attribute(name.split('.'), scope) : referenced(name, scope));
  });
}

function chosen(argument: unknown, scope: Scope): unknown {
  const [condition, then, otherwise] = listOf(argument);
  return resolved(isTrue(String(condition), scope) ? then : otherwise, scope);
}

function isTrue(condition: string, scope: Scope): boolean {
  return resolved(scope.template.Conditions[condition], scope) === true;
}

function split(argument: unknown, scope: Scope): readonly string[] {
  const [separator, text] = listOf(argument);
  return String(resolved(text, scope)).split(String(separator));
}

function joined(argument: unknown, scope: Scope): string {
  const [separator, parts] = listOf(argument);
  return listOf(resolved(parts, scope)).map(String).join(String(separator));
}

function equal(argument: unknown, scope: Scope): boolean {
  const [a, b] = listOf(argument).map((one) => resolved(one, scope));
  return String(a) === String(b);
}

function negated(argument: unknown, scope: Scope): boolean {
  const [condition] = listOf(argument).map((one) => resolved(one, scope));
  return condition !== true;
}

const listOf = (value: unknown): readonly unknown[] => (isList(value) ? value : []);
