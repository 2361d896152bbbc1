import { looksFull, SUFFIXED } from '../../core/match/subject-index.ts';
import { parseArn } from '../../core/model/arn.ts';
import { nameInArn } from '../../core/model/reference.ts';

/** `1 service`, `40 services`, `5,000 services`. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? noun : plural(noun)}`;
}

function plural(noun: string): string {
  const [first = '', ...rest] = noun.split(' ');
  return [`${first}s`, ...rest].join(' ');
}

const MOST_NAMES = 5;

/** The first of these names, and how many more there are. */
export function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return names.slice(0, MOST_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const;

/** A length of time in its largest whole unit: `3 d`, `4 h`, `12 min`, `9 s`. */
export function span(ms: number): string {
  const [unit, length] = UNITS.find(([, one]) => ms >= one) ?? (['s', 1000] as const);
  return `${Math.max(0, Math.floor(ms / length))} ${unit}`;
}

/** The order of names that a person expects: `api-2` before `api-10`. */
export const byName = new Intl.Collator('en', { numeric: true }).compare;

/** How a person calls a secret or a parameter: its name. The full ARN of a secret has a suffix, which is no part of it. */
export function resourceName(arn: string): string {
  const name = nameWithin(arn);
  return parseArn(arn)?.service === 'secretsmanager' ? name.replace(SUFFIXED, '') : name;
}

/** The same for an ARN that a person wrote, which may be partial. */
export function writtenName(arn: string): string {
  return looksFull(arn) ? resourceName(arn) : nameWithin(arn);
}

/** The same for an ARN without a suffix, or a name. */
export function nameWithin(arn: string): string {
  const { service, resource = arn } = parseArn(arn) ?? {};
  if (service === 'secretsmanager') return nameInArn(arn);
  if (service !== 'ssm') return resource;
  const name = resource.replace(/^parameter\//, '');
  return name.includes('/') ? `/${name}` : name;
}

/** `cluster/service`. */
export function serviceName(arn: string, cluster: string): string {
  return `${cluster}/${arn.slice(arn.lastIndexOf('/') + 1)}`;
}
