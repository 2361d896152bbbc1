import { AwsError } from '../errors.ts';
import { type Input, isRecord } from '../input.ts';
import { LIMITS, type Limit } from './limits.ts';

/** These services take forms, or queries of an address: every value is a text there. */
const IN_TEXTS: ReadonlySet<string> = new Set(['iam', 'sts', 'cloudformation', 'lambda']);

/** Refuses a request that the service's model forbids, as the service does before it looks at anything else. */
export function checkInput(service: string, operation: string, sent: Input): void {
  const input = IN_TEXTS.has(service) ? unflattened(sent) : sent;
  for (const [path, limit] of Object.entries(LIMITS[`${service}:${operation}`] ?? {}))
    for (const { at, value } of valuesAt(input, path)) {
      const problem = problemWith(IN_TEXTS.has(service) ? fromText(value, limit) : value, limit);
      if (problem !== undefined) throw refusal(service, at, problem);
    }
}

type Found = { readonly at: string; readonly value: unknown };

/** Every value at the path; undefined where the field is not set. */
function valuesAt(input: Input, path: string): readonly Found[] {
  const steps = path.match(/\[\]|\{\}|[^.[{]+/g) ?? [];
  return steps.reduce<readonly Found[]>(
    (found, step) => found.flatMap((one) => inside(one, step)),
    [{ at: '', value: input }],
  );
}

function inside({ at, value }: Found, step: string): readonly Found[] {
  const named = (name: string, one: unknown): Found => ({
    at: at === '' ? name : `${at}.${name}`,
    value: one,
  });
  if (step === '[]') return Array.isArray(value) ? value.map((one, i) => named(`${i + 1}.member`, one)) : [];
  if (!isRecord(value)) return [];
  if (step === '{}') return Object.entries(value).map(([name, one]) => named(name, one));
  return [named(step, value[step] ?? undefined)];
}

type Problem = { readonly kind: 'missing' | 'type' | 'constraint'; readonly what: string };

function problemWith(value: unknown, limit: Limit): Problem | undefined {
  const { type = 'string', required } = limit;
  if (value === undefined) return required ? { kind: 'missing', what: 'Member must not be null' } : undefined;
  if (!isOfType(value, type)) return { kind: 'type', what: `is no ${type}` };
  const what = sizeProblem(value, limit) ?? textProblem(value, limit);
  return what === undefined ? undefined : { kind: 'constraint', what };
}

const NUMBERS: ReadonlySet<string> = new Set(['integer', 'long', 'double', 'float', 'timestamp']);

function fromText(value: unknown, { type = 'string' }: Limit): unknown {
  if (typeof value !== 'string') return value;
  if (NUMBERS.has(type)) return Number(value);
  // How a form writes an empty list.
  if (type === 'list' && value === '') return [];
  return type === 'boolean' && ['true', 'false'].includes(value) ? value === 'true' : value;
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'integer' || type === 'long') return Number.isInteger(value);
  if (NUMBERS.has(type)) return Number.isFinite(value);
  if (type === 'boolean') return typeof value === 'boolean';
  if (type === 'list') return Array.isArray(value);
  return type === 'structure' || type === 'map' ? isRecord(value) : typeof value === 'string';
}

function sizeProblem(value: unknown, { min = -Infinity, max = Infinity }: Limit): string | undefined {
  const size = sizeOf(value);
  const have = typeof value === 'number' ? 'have value' : 'have length';
  if (size < min) return `Member must ${have} greater than or equal to ${min}`;
  return size > max ? `Member must ${have} less than or equal to ${max}` : undefined;
}

function sizeOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') return Array.from(value).length;
  return Object.keys(value ?? {}).length;
}

function textProblem(value: unknown, { pattern, enum: allowed }: Limit): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (allowed !== undefined && !allowed.includes(value))
    return `Member must satisfy enum value set: [${allowed.join(', ')}]`;
  return pattern === undefined || matches(value, pattern)
    ? undefined
    : `Member must satisfy regular expression pattern: ${pattern}`;
}

/** `\p{…}` needs a flag, which other patterns are not written for. */
function matches(value: string, pattern: string): boolean {
  return new RegExp(`^(?:${pattern})$`, pattern.includes('\\p{') ? 'u' : '').test(value);
}

/** `Names.member.1` of a form is the first item of the list `Names`. */
function unflattened(form: Input): Input {
  const nested: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(form))
    put(
      nested,
      path.split('.').filter((step) => step !== 'member'),
      value,
    );
  return Object.fromEntries(Object.entries(nested).map(([name, value]) => [name, listed(value)]));
}

function put(into: Record<string, unknown>, [first = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    into[first] = value;
    return;
  }
  const before = into[first];
  const next = isRecord(before) ? { ...before } : {};
  put(next, rest, value);
  into[first] = next;
}

function listed(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).map(([key, one]) => [key, listed(one)] as const);
  const isList = entries.length > 0 && entries.every(([key]) => /^\d+$/.test(key));
  return isList ? entries.map(([, one]) => one) : Object.fromEntries(entries);
}

/** The code with which a service refuses what its model forbids; ValidationException where it has none of its own. */
const CODES: Readonly<Record<string, string>> = {
  ecs: 'InvalidParameterException',
  sqs: 'InvalidParameterValue',
  iam: 'ValidationError',
  sts: 'ValidationError',
  cloudformation: 'ValidationError',
  cloudwatch: 'ValidationError',
};

function refusal(service: string, field: string, { kind, what }: Problem): AwsError {
  if (kind === 'type') return new AwsError('SerializationException', `${field} ${what}`);
  if (service === 'sqs' && kind === 'missing')
    return new AwsError('MissingParameter', `The request must contain the parameter ${field}.`);
  const inLowerCase = field.charAt(0).toLowerCase() + field.slice(1);
  return new AwsError(
    CODES[service] ?? 'ValidationException',
    `1 validation error detected: Value at '${inLowerCase}' failed to satisfy constraint: ${what}`,
  );
}
