import { AwsError, invalidParameter } from './errors.ts';

/** A request's body as received; every field is read through the functions below. */
export type Input = Readonly<Record<string, unknown>>;

/** True for a JSON object (not an array, not null). */
export function isRecord(value: unknown): value is Input {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The string under `key`, undefined when absent; another type is a SerializationException. */
export function text(input: Input, key: string): string | undefined {
  return read(input, key, (value) => typeof value === 'string');
}

/** Like `text`, but refused as AWS refuses a missing required field. */
export function requiredText(input: Input, key: string): string {
  const value = text(input, key);
  if (value === undefined || value === '') throw invalidParameter(`${key} can not be blank.`);
  return value;
}

/** The number under `key`. */
export function number(input: Input, key: string): number | undefined {
  return read(input, key, (value) => typeof value === 'number');
}

/** The boolean under `key`. */
export function flag(input: Input, key: string): boolean | undefined {
  return read(input, key, (value) => typeof value === 'boolean');
}

/** The list of strings under `key`; empty when absent. */
export function texts(input: Input, key: string): readonly string[] {
  return read(input, key, areTexts) ?? [];
}

/** The object under `key`. */
export function record(input: Input, key: string): Input | undefined {
  return read(input, key, isRecord);
}

/** The list of objects under `key`; empty when absent. */
export function records(input: Input, key: string): readonly Input[] {
  return read(input, key, areRecords) ?? [];
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function areRecords(value: unknown): value is Input[] {
  return Array.isArray(value) && value.every(isRecord);
}

function read<T>(input: Input, key: string, is: (value: unknown) => value is T): T | undefined {
  const value = input[key];
  if (value === undefined || value === null) return undefined;
  if (!is(value)) throw new AwsError('SerializationException', `${key} has an unexpected type`);
  return value;
}
