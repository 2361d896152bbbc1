import { distance } from 'fastest-levenshtein';
import { parseArn } from '../core/model/arn.ts';
import type { SecretDescription } from '../core/model/secret.ts';
import { describing } from '../pipeline/living.ts';
import type { Session } from '../runtime/connect-terminal.ts';
import { type Given, texts } from './command.ts';
import { WrongUsage } from './exit.ts';
import { resourceName } from './render/words.ts';

/** The secrets and parameters that a command names, as they were given. */
export type Named = { readonly secrets: readonly string[]; readonly parameters: readonly string[] };

/** Of these arguments, the ARN of a parameter names a parameter, and everything else a secret. */
export function namedIn(args: readonly string[], given: Given): Named {
  return {
    secrets: args.filter((name) => !isParameter(name)),
    parameters: [...args.filter(isParameter), ...texts(given, 'parameter')],
  };
}

const isParameter = (name: string): boolean => parseArn(name)?.service === 'ssm';

/** Throws WrongUsage. */
export function needTarget({ secrets, parameters }: Named, services: readonly string[]): void {
  const resources = secrets.length + parameters.length;
  if (resources + services.length === 0)
    throw new WrongUsage('name what has changed: a secret, --parameter or --service');
  if (resources > 0 && services.length > 0)
    throw new WrongUsage('name either services, or secrets and parameters');
}

export type Resource = { readonly kind: 'secret' | 'parameter'; readonly arn: string };

/**
 * The ARNs of what is named. Throws WrongUsage, which names what may have been meant, if something does not exist: a
 * report in which nothing matches would look like good news.
 */
export async function resolve(
  { secrets, parameters }: Named,
  session: Session,
): Promise<readonly Resource[]> {
  return Promise.all([
    ...secrets.map((name) => secretOf(name, session)),
    ...parameters.map((name) => parameterOf(name, session)),
  ]);
}

async function secretOf(name: string, session: Session): Promise<Resource> {
  const found = await describing(session.run)(name);
  if (found !== undefined) return { kind: 'secret', arn: found.arn };
  throw await noSecret(name, session);
}

async function parameterOf(name: string, { run, account, region }: Session): Promise<Resource> {
  const found = await run.ports.parameters.describe(name, run.reading);
  if (found !== undefined) return { kind: 'parameter', arn: found.arn };
  throw new WrongUsage(`there is no parameter ${name} in ${region} of account ${account}`);
}

async function noSecret(name: string, session: Session): Promise<WrongUsage> {
  const { run, account, region } = session;
  const place = `in ${region} of account ${account}`;
  const names = await secretNames(session);
  const holding = names.filter((one) => one.toLowerCase().includes(resourceName(name).toLowerCase()));
  if (holding.length > 1)
    return new WrongUsage(`${name} is ambiguous ${place}: ${some(holding)}; name one of them in full`);
  const parameter = name.startsWith('arn:')
    ? undefined
    : await run.ports.parameters.describe(name, run.reading);
  if (parameter !== undefined)
    return new WrongUsage(`${name} is no secret but a parameter: use --parameter ${name}`);
  return new WrongUsage(`there is no secret ${name} ${place}${didYouMean(resourceName(name), names)}`);
}

async function secretNames({ run }: Session): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const page of run.ports.secrets.list(run.reading))
    if (!('why' in page)) names.push(...page.map(({ arn }: SecretDescription) => resourceName(arn)));
  return names;
}

const MOST_NAMES = 5;

/** The first of these names, and how many more there are. */
export function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return names.slice(0, MOST_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** A name is close if two letters differ, or one in six of a long one; one that holds the other is closest. */
export function didYouMean(wrong: string, names: readonly string[]): string {
  const least = wrong.toLowerCase();
  const scored = names.map((name) => {
    const other = name.toLowerCase();
    return { name, score: other.includes(least) ? 0 : distance(other, least) };
  });
  const [best] = scored.toSorted((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1));
  return best === undefined || best.score > Math.max(2, Math.floor(wrong.length / 6))
    ? ''
    : `; did you mean ${best.name}?`;
}
