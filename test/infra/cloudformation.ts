import { z } from 'zod/mini';
import type { Place } from '../simulator/place.ts';
import type { Packaged } from './packaged.ts';
import { readYaml } from './template.ts';

/** A template as CloudFormation takes it. */
export type Template = z.infer<typeof Template>;

const Template = z.object({
  Parameters: z._default(
    z.record(
      z.string(),
      z.object({
        Default: z.optional(z.union([z.string(), z.number()])),
        AllowedPattern: z.optional(z.string()),
        AllowedValues: z.optional(z.array(z.string())),
      }),
    ),
    {},
  ),
  Conditions: z._default(z.record(z.string(), z.unknown()), {}),
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Condition: z.optional(z.string()), Properties: z.optional(z.unknown()) }),
  ),
  Outputs: z._default(z.record(z.string(), z.object({ Value: z.unknown() })), {}),
});

export const parseTemplate = (body: unknown): Template => Template.parse(body);

export const templateIn = (path: string): Template => parseTemplate(readYaml(path));

/** The template that osls made of serverless.yml. */
export const templateOf = ({ resources, conditions, parameters }: Packaged): Template =>
  Template.parse({ Resources: resources, Conditions: conditions, Parameters: parameters });

/** A stack of a template in an account and Region: what CloudFormation puts in the place of its terms. */
export type StackOf = {
  readonly place: Place;
  /** The resources of a type that the conditions leave, with their properties. */
  readonly ofType: (type: string) => readonly { readonly id: string; readonly properties: unknown }[];
  readonly outputs: Readonly<Record<string, unknown>>;
  /** The ARN of a resource. */
  readonly arnOf: (id: string) => string;
};

/**
 * Resolves the terms of a template that this project uses. Throws on any other term, and on a parameter that the template does not allow.
 * Names that AWS would make up are made of the ids of stack and resource.
 */
export function stackOf(
  template: Template,
  place: Place,
  given: Readonly<Record<string, string>> = {},
  stackId = '0a1b2c3d-0000-4000-8000-000000000000',
): StackOf {
  const parameters = checkedParameters(template, given);
  const terms = new Terms(template, place, parameters, stackId);
  const kept = Object.entries(template.Resources).filter(
    ([, { Condition }]) => Condition === undefined || terms.holds(Condition),
  );
  return {
    place,
    ofType: (type) =>
      kept
        .filter(([, { Type }]) => Type === type)
        .map(([id, { Properties }]) => ({ id, properties: terms.resolve(Properties) })),
    outputs: Object.fromEntries(
      Object.entries(template.Outputs).map(([name, { Value }]) => [name, terms.resolve(Value)]),
    ),
    arnOf: (id) => terms.arnOf(id),
  };
}

function checkedParameters(template: Template, given: Readonly<Record<string, string>>): Map<string, string> {
  const unknown = Object.keys(given).filter((name) => !(name in template.Parameters));
  if (unknown.length > 0) throw new Error(`the template has no parameters ${unknown.join()}`);
  return new Map(
    Object.entries(template.Parameters).map(([name, { Default, AllowedPattern, AllowedValues }]) => {
      const value = given[name] ?? Default;
      if (value === undefined) throw new Error(`${name}: must be given`);
      const text = String(value);
      if (AllowedPattern !== undefined && !new RegExp(AllowedPattern).test(text))
        throw new Error(`${name}: ${text} does not match ${AllowedPattern}`);
      if (AllowedValues !== undefined && !AllowedValues.includes(text))
        throw new Error(`${name}: ${text} is none of ${AllowedValues.join()}`);
      return [name, text];
    }),
  );
}

const Named = z.object({ Name: z.optional(z.unknown()), EventBusName: z.optional(z.unknown()) });
const NO_VALUE = Symbol('AWS::NoValue');

class Terms {
  readonly #template: Template;
  readonly #place: Place;
  readonly #parameters: ReadonlyMap<string, string>;
  readonly #stackId: string;

  constructor(template: Template, place: Place, parameters: ReadonlyMap<string, string>, stackId: string) {
    this.#template = template;
    this.#place = place;
    this.#parameters = parameters;
    this.#stackId = stackId;
  }

  holds(condition: string): boolean {
    return this.resolve(this.#template.Conditions[condition]) === true;
  }

  resolve(value: unknown): unknown {
    const resolved = this.#term(value);
    return resolved === NO_VALUE ? undefined : resolved;
  }

  #term(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one) => this.#term(one)).filter((one) => one !== NO_VALUE);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [only, ...others] = entries;
    if (only !== undefined && others.length === 0 && /^(?:Ref$|Fn::)/.test(only[0]))
      return this.#function(...only);
    return Object.fromEntries(
      entries.map(([name, one]) => [name, this.#term(one)] as const).filter(([, one]) => one !== NO_VALUE),
    );
  }

  #function(name: string, operand: unknown): unknown {
    if (name === 'Ref') return this.#reference(String(operand));
    if (name === 'Fn::If') {
      const [condition, yes, no] = z.tuple([z.string(), z.unknown(), z.unknown()]).parse(operand);
      return this.#term(this.holds(condition) ? yes : no);
    }
    if (name === 'Fn::GetAtt') {
      const [id, attribute] = z.tuple([z.string(), z.string()]).parse(operand);
      return attribute === 'Arn' ? this.arnOf(id) : this.#nameOf(id);
    }
    if (name === 'Fn::Sub') return this.#substituted(operand);
    const operands = z.array(z.unknown()).parse(this.#term(operand));
    switch (name) {
      case 'Fn::Equals':
        return operands[0] === operands[1];
      case 'Fn::Not':
        return operands[0] !== true;
      case 'Fn::Join':
        return z.array(z.unknown()).parse(operands[1]).join(String(operands[0]));
      case 'Fn::Split':
        return String(operands[1]).split(String(operands[0]));
      case 'Fn::Select':
        return z.array(z.unknown()).parse(operands[1])[Number(operands[0])];
      default:
        throw new Error(`the term ${name} is not supported`);
    }
  }

  #substituted(operand: unknown): string {
    const [text, own] = Array.isArray(operand)
      ? z.tuple([z.string(), z.record(z.string(), z.unknown())]).parse(operand)
      : [String(operand), {}];
    return text.replaceAll(/\$\{([\w:.]+)\}/g, (_, name: string) => {
      if (name in own) return String(this.#term(own[name]));
      const [id = '', attribute] = name.includes('::') ? [name] : name.split('.');
      return attribute === 'Arn' ? this.arnOf(id) : String(this.#reference(id));
    });
  }

  #reference(name: string): unknown {
    const { account, region, partition } = this.#place;
    const pseudo: Readonly<Record<string, unknown>> = {
      'AWS::AccountId': account,
      'AWS::Region': region,
      'AWS::Partition': partition,
      'AWS::NoValue': NO_VALUE,
      'AWS::StackId': `arn:${partition}:cloudformation:${region}:${account}:stack/test/${this.#stackId}`,
    };
    if (name in pseudo) return pseudo[name];
    return this.#parameters.get(name) ?? this.#nameOf(name);
  }

  #nameOf(id: string): string {
    const { Name } = Named.parse(this.#resource(id).Properties ?? {});
    return Name === undefined ? `${id}-${this.#stackId.slice(0, 8)}` : String(this.#term(Name));
  }

  #resource(id: string) {
    const resource = this.#template.Resources[id];
    if (resource === undefined) throw new Error(`the template has no resource ${id}`);
    return resource;
  }

  arnOf(id: string): string {
    const { account, region, partition } = this.#place;
    const { Type, Properties } = this.#resource(id);
    const name = this.#nameOf(id);
    const here = (service: string, rest: string) =>
      `arn:${partition}:${service}:${region}:${account}:${rest}`;
    switch (Type) {
      case 'AWS::SQS::Queue':
        return here('sqs', name);
      case 'AWS::Events::EventBus':
        return here('events', `event-bus/${name}`);
      case 'AWS::Events::Rule': {
        const { EventBusName: bus } = Named.parse(Properties);
        return here('events', `rule/${bus === undefined ? '' : `${String(this.#term(bus))}/`}${name}`);
      }
      case 'AWS::IAM::Role':
        return `arn:${partition}:iam::${account}:role/${name}`;
      case 'AWS::Lambda::Function':
        return here('lambda', `function:${name}`);
      case 'AWS::Logs::LogGroup':
        return here('logs', `log-group:${name}:*`);
      default:
        throw new Error(`the ARN of ${id}, ${Type}, is not known here`);
    }
  }
}
