import { type Conditions, listOf } from './policy.ts';
import { isArnLike, isLike } from './wildcards.ts';

/** The context of a request: the values of each key, whose name does not depend on case. */
export class Context {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(entries: Iterable<readonly [string, readonly string[]]>) {
    this.#values = new Map([...entries].map(([key, values]) => [key.toLowerCase(), values]));
  }

  get(key: string): readonly string[] | undefined {
    return this.#values.get(key.toLowerCase());
  }
}

type Test = (wanted: string, found: string) => boolean;

const same = (text: string) => text.toLowerCase();
const epoch = (text: string) => (/^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text));

/** The operators by their names; the negated ones are true where no value passes the test. */
const OPERATORS: Readonly<Record<string, { readonly test: Test; readonly negated?: true }>> = {
  StringEquals: { test: (a, b) => a === b },
  StringNotEquals: { test: (a, b) => a === b, negated: true },
  StringEqualsIgnoreCase: { test: (a, b) => same(a) === same(b) },
  StringNotEqualsIgnoreCase: { test: (a, b) => same(a) === same(b), negated: true },
  StringLike: { test: isLike },
  StringNotLike: { test: isLike, negated: true },
  ArnEquals: { test: isArnLike },
  ArnLike: { test: isArnLike },
  ArnNotEquals: { test: isArnLike, negated: true },
  ArnNotLike: { test: isArnLike, negated: true },
  Bool: { test: (a, b) => same(a) === same(b) },
  NumericEquals: { test: (a, b) => Number(a) === Number(b) },
  NumericNotEquals: { test: (a, b) => Number(a) === Number(b), negated: true },
  NumericLessThan: { test: (a, b) => Number(b) < Number(a) },
  NumericGreaterThan: { test: (a, b) => Number(b) > Number(a) },
  DateLessThan: { test: (a, b) => epoch(b) < epoch(a) },
  DateGreaterThan: { test: (a, b) => epoch(b) > epoch(a) },
  IpAddress: { test: (a, b) => a === b || a === '0.0.0.0/0' },
  NotIpAddress: { test: (a, b) => a === b || a === '0.0.0.0/0', negated: true },
};

/** Whether every line of a condition holds for the request. A missing key decides as AWS documents for each operator. */
export function holds(conditions: Conditions | undefined, context: Context): boolean {
  return Object.entries(conditions ?? {}).every(([operator, lines]) =>
    Object.entries(lines).every(([key, wanted]) => line(operator, key, listOf(wanted), context)),
  );
}

/** The keys that a condition asks for, those of variables in its values included. */
export function keysOf(conditions: Conditions | undefined): readonly string[] {
  return Object.values(conditions ?? {}).flatMap((lines) =>
    Object.entries(lines).flatMap(([key, wanted]) => [key, ...listOf(wanted).flatMap(variablesIn)]),
  );
}

function line(name: string, key: string, wanted: readonly string[], context: Context): boolean {
  const { quantifier, operator, ifExists } = parsed(name);
  const found = context.get(key);
  if (operator === 'Null') return wanted.some((one) => (same(one) === 'true') === (found === undefined));
  const known = OPERATORS[operator];
  if (known === undefined) throw new Error(`the stand-in for IAM does not know the operator ${name}`);
  if (found === undefined)
    return ifExists || quantifier === 'ForAllValues' || (known.negated === true && quantifier === undefined);
  const values = wanted.flatMap((one) => filled(one, context) ?? []);
  const passes = (value: string) => values.some((one) => known.test(one, value)) !== (known.negated ?? false);
  return quantifier === 'ForAnyValue' ? found.some(passes) : found.every(passes);
}

function parsed(name: string) {
  const [, quantifier, operator = '', ifExists] =
    /^(?:(ForAnyValue|ForAllValues):)?(\w+?)(IfExists)?$/.exec(name) ?? [];
  return { quantifier, operator, ifExists: ifExists !== undefined };
}

const VARIABLE = /\$\{([\w:/.-]+)\}/g;

export function variablesIn(text: string): readonly string[] {
  return [...text.matchAll(VARIABLE)].map(([, key = '']) => key);
}

/** The text with its variables replaced; undefined if the request has no value for one. */
export function filled(text: string, context: Context): string | undefined {
  let isComplete = true;
  const replaced = text.replaceAll(VARIABLE, (_, key: string) => {
    const [value] = context.get(key) ?? [];
    if (value === undefined) isComplete = false;
    return value ?? '';
  });
  return isComplete ? replaced : undefined;
}
