import { BlockList, isIP } from 'node:net';

type Scalar = null | boolean | number | string;
export type Json = Scalar | readonly Json[] | JsonObject;
export type JsonObject = { readonly [field: string]: Json };

type Matches<T> = (value: T) => boolean;

/**
 * Compiles a pattern as EventBridge understands it (user guide, "Comparison operators for use in event patterns"; the
 * finer points are from the source of aws/event-ruler). Throws on everything that EventBridge refuses or does not know,
 * even if no event reaches that part of the pattern: a misspelt operator must not look like one that never matches.
 */
export function compilePattern(pattern: JsonObject): Matches<JsonObject> {
  const fields = Object.entries(pattern).map(([field, wanted]) => compileField(field, wanted));
  if (fields.length === 0) throw new TypeError('an event pattern may not have empty objects');
  return (event) => fields.every((matches) => matches(event));
}

function compileField(field: string, wanted: Json): Matches<JsonObject> {
  if (isObject(wanted)) {
    const inner = compilePattern(wanted);
    return (event) => objectsIn(event[field]).some(inner);
  }
  if (!isList(wanted) || wanted.length === 0)
    throw new TypeError(
      `${field}: expected an object or a list that is not empty, found ${JSON.stringify(wanted)}`,
    );
  if (field === '$or') {
    const branches = wanted.map((branch) => compilePattern(objectOf('$or', branch)));
    if (branches.length < 2) throw new TypeError('$or: needs at least two branches');
    return (event) => branches.some((matches) => matches(event));
  }
  const alternatives = wanted.map(compileAlternative);
  return (event) => {
    const values = scalarsIn(event[field]);
    return alternatives.some((matches) => matches(values));
  };
}

/** Compiles one element of a field's list. It receives all values of the field at once, none if the field is absent. */
function compileAlternative(wanted: Json): Matches<readonly Scalar[]> {
  if (isScalar(wanted)) return (values) => values.includes(wanted);
  const [operator, operand] = onlyEntry(wanted);
  if (operator === 'exists') {
    if (typeof operand !== 'boolean')
      throw new TypeError(`exists: expected true or false, found ${JSON.stringify(operand)}`);
    return (values) => values.length > 0 === operand;
  }
  const matches = compileOperator(operator, operand);
  return (values) => values.some(matches);
}

function compileOperator(operator: string, operand: Json): Matches<Scalar> {
  switch (operator) {
    case 'anything-but':
      return anythingBut(operand);
    case 'numeric':
      return numeric(operand);
    case 'cidr':
      return cidr(operand);
    default: {
      const matches = compileText(operator, operand);
      return (value) => typeof value === 'string' && matches(value);
    }
  }
}

function compileText(operator: string, operand: Json): Matches<string> {
  if (isObject(operand) && (operator === 'prefix' || operator === 'suffix')) {
    const [inner, text] = onlyEntry(operand);
    if (inner !== 'equals-ignore-case')
      throw new TypeError(`${operator}: expected equals-ignore-case within it, found ${inner}`);
    const matches = compileText(operator, lower(text));
    return (value) => matches(value.toLowerCase());
  }
  const text = textOf(operator, operand);
  switch (operator) {
    case 'prefix':
      return (value) => value.startsWith(text);
    case 'suffix':
      return (value) => value.endsWith(text);
    case 'equals-ignore-case':
      return (value) => value.toLowerCase() === text.toLowerCase();
    case 'wildcard':
      return wildcard(text);
    default:
      throw new TypeError(`found an operator that EventBridge does not have: ${operator}`);
  }
}

/** Compiles `anything-but` values, or an operator on one text or several. The field must still be present. */
function anythingBut(operand: Json): Matches<Scalar> {
  if (!isObject(operand)) {
    const unwanted: readonly Json[] = isList(operand) ? operand : [operand];
    const kinds = [...new Set(unwanted.map((value) => typeof value))].join();
    if (kinds !== 'string' && kinds !== 'number')
      throw new TypeError(
        `anything-but: expected texts only or numbers only, found ${JSON.stringify(operand)}`,
      );
    return (value) => !unwanted.includes(value);
  }
  const [operator, texts] = onlyEntry(operand);
  const unwanted = (isList(texts) ? texts : [texts]).map((text) => compileText(operator, text));
  return (value) => typeof value !== 'string' || !unwanted.some((matches) => matches(value));
}

const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

function numeric(operand: Json): Matches<Scalar> {
  if (!isList(operand) || (operand.length !== 2 && operand.length !== 4))
    throw new TypeError(`numeric: expected one comparison or two, found ${JSON.stringify(operand)}`);
  const bounds = [operand.slice(0, 2), operand.slice(2)]
    .filter((pair) => pair.length > 0)
    .map(([sign, bound]) => {
      const compare = typeof sign === 'string' ? COMPARISONS[sign] : undefined;
      if (compare === undefined || typeof bound !== 'number')
        throw new TypeError(`numeric: expected a sign and a number, found ${JSON.stringify([sign, bound])}`);
      return (value: number) => compare(value, bound);
    });
  return (value) => typeof value === 'number' && bounds.every((holds) => holds(value));
}

function cidr(operand: Json): Matches<Scalar> {
  const [address = '', bits] = textOf('cidr', operand).split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  const block = new BlockList();
  block.addSubnet(address, Number(bits), family);
  return (value) =>
    typeof value === 'string' && isIP(value) === (family === 'ipv6' ? 6 : 4) && block.check(value, family);
}

/** `*` matches any text; a backslash makes it, or another backslash, literal. */
function wildcard(text: string): Matches<string> {
  if (!/^(?:\\[*\\]|\*(?!\*)|[^*\\])*$/s.test(text))
    throw new TypeError(
      `wildcard: expected no two stars in a row and a backslash only before a star or backslash, found ${text}`,
    );
  const parts = text.match(/\\[*\\]|\*|[^*\\]+/gs) ?? [];
  const source = parts.map((part) => (part === '*' ? '.*' : literally(part.replace(/^\\/, ''))));
  const expression = new RegExp(`^${source.join('')}$`, 's');
  return (value) => expression.test(value);
}

const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** A list counts as the objects in it. Without objects the fields are absent, so that a pattern can still match. */
function objectsIn(value: Json | undefined): readonly JsonObject[] {
  const objects = flat(value).filter(isObject);
  return objects.length > 0 ? objects : [{}];
}

/** A list counts as its elements. An object is no leaf, so the field is absent for operators. */
function scalarsIn(value: Json | undefined): readonly Scalar[] {
  return flat(value).filter(isScalar);
}

function flat(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  return isList(value) ? value.flatMap(flat) : [value];
}

function onlyEntry(expression: Json): readonly [string, Json] {
  const [entry, ...others] = Object.entries(objectOf('a match expression', expression));
  if (entry === undefined || others.length > 0)
    throw new TypeError(`a match expression has exactly one operator: ${JSON.stringify(expression)}`);
  return entry;
}

function objectOf(what: string, value: Json): JsonObject {
  if (!isObject(value)) throw new TypeError(`${what}: not an object: ${JSON.stringify(value)}`);
  return value;
}

function textOf(what: string, value: Json): string {
  if (typeof value !== 'string') throw new TypeError(`${what}: not a text: ${JSON.stringify(value)}`);
  return value;
}

const lower = (value: Json): Json => (typeof value === 'string' ? value.toLowerCase() : value);
const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
const isScalar = (value: Json): value is Scalar => value === null || typeof value !== 'object';
const isObject = (value: Json): value is JsonObject => !isScalar(value) && !isList(value);
