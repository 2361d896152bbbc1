import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
ajv.addFormat('date-time', (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text));

const compiled = new Map<string, ValidateFunction>();

/** A published schema by its name, such as `report`. Paths are relative to the root of the project. */
export function schema(name: string): ValidateFunction {
  const read = () =>
    ajv.compile(JSON.parse(readFileSync(`functions/schema/${name}.schema.json`, 'utf8')) as object);
  const validate = compiled.get(name) ?? read();
  compiled.set(name, validate);
  return validate;
}
