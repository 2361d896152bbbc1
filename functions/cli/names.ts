import { distance } from 'fastest-levenshtein';
import { SUFFIXED } from '../core/match/subject-index.ts';
import { parseArn } from '../core/model/arn.ts';
import { misnamed } from '../core/model/reference.ts';
import type { SecretDescription } from '../core/model/secret.ts';
import { isDenial, isNotShown } from '../pipeline/confirm/foreign.ts';
import { describing } from '../pipeline/living.ts';
import { Denied, type Session } from '../runtime/connect-terminal.ts';
import { type Given, isSet, text, texts } from './command.ts';
import { WrongUsage } from './exit.ts';
import { resourceName, some } from './render/words.ts';

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
  hidden: WithoutDescription = 'refused',
): Promise<readonly Resource[]> {
  return Promise.all([
    ...secrets.map((name) => secretOf(name, session, hidden)),
    ...parameters.map((name) => parameterOf(name, session, hidden)),
  ]);
}

/**
 * What a command does with a secret that AWS does not describe here: `refused`; `by-arn`: it goes by the full ARN;
 * `known`: the command says itself what it knows of it.
 */
export type WithoutDescription = 'refused' | 'by-arn' | 'known';

/** A plan or a redeploy needs no description since when tasks are old is said, or with force, which counts from now on. */
export function withoutDescription(given: Given): WithoutDescription {
  return isSet(given, 'force') || text(given, 'at') !== undefined ? 'by-arn' : 'refused';
}

export const placeOf = ({ region, account }: Pick<Session, 'region' | 'account'>): string =>
  `in ${region} of account ${account}`;

/** Throws WrongUsage for an ARN of another Region: what is there is not asked about here. */
export function needHere(name: string, { region }: Session): void {
  const named = parseArn(name)?.region ?? '';
  if (named !== '' && named !== region)
    throw new WrongUsage(`${name} is in ${named}, and this command asks ${region}: pass --region ${named}`);
}

/** What a name is good for that is no secret's. Not every command takes services. */
const aService = (name: string): string =>
  `${name} is no secret but a service: "esr explain ${name}" says how it stands, and uses, plan, redeploy and watch take --service ${name}`;

/** Throws WrongUsage for the ARN of anything else: that AWS does not describe it says nothing about a secret. */
function needKind(name: string, kind: 'secret' | 'parameter'): void {
  const { service, resource = '' } = parseArn(name) ?? {};
  if (service === 'ecs' && resource.startsWith('service/')) throw new WrongUsage(aService(name));
  const problem = misnamed(name, kind);
  if (problem !== undefined) throw new WrongUsage(problem);
}

async function secretOf(name: string, session: Session, hidden: WithoutDescription): Promise<Resource> {
  needKind(name, 'secret');
  needHere(name, session);
  const found = await describedOrDenied(name, session);
  if (found === undefined) throw await noSecret(name, session);
  if (found !== 'denied') return { kind: 'secret', arn: found.arn };
  const isFull = parseArn(name)?.service === 'secretsmanager' && SUFFIXED.test(name);
  if (hidden === 'known' || (hidden === 'by-arn' && isFull)) return { kind: 'secret', arn: name };
  const instead = `plan and redeploy need no description where it is named by its full ARN, with --at or --force, and uses needs none where it is named so`;
  throw new Denied('secretsmanager:DescribeSecret', new Error(name), `for ${name}; ${instead}`);
}

/** That a secret of another account is not found says nothing. */
async function describedOrDenied(
  name: string,
  { run, account }: Session,
): Promise<SecretDescription | 'denied' | undefined> {
  try {
    const found = await describing(run)(name);
    const owner = parseArn(name)?.account ?? account;
    return found === undefined && owner !== account ? 'denied' : found;
  } catch (error) {
    if (!isDenial(error)) throw error;
    return 'denied';
  }
}

async function parameterOf(name: string, session: Session, hidden: WithoutDescription): Promise<Resource> {
  needKind(name, 'parameter');
  needHere(name, session);
  const { run } = session;
  if (hidden === 'by-arn' && isNotShown(name, run)) return { kind: 'parameter', arn: name };
  const found = await run.ports.parameters.describe(name, run.reading);
  if (found !== undefined) return { kind: 'parameter', arn: found.arn };
  if (isNotShown(name, run))
    throw new WrongUsage(
      `Parameter Store does not describe ${name} here: plan and redeploy take --at or --force, and uses takes it as it is`,
    );
  throw new WrongUsage(`there is no parameter ${name} ${placeOf(session)}`);
}

async function noSecret(name: string, session: Session): Promise<WrongUsage> {
  const { run } = session;
  const place = placeOf(session);
  const names = await secretNames(session);
  const holding = names.filter((one) => one.toLowerCase().includes(resourceName(name).toLowerCase()));
  if (holding.length > 1)
    return new WrongUsage(`${name} is ambiguous ${place}: ${some(holding)}; name one of them in full`);
  const parameter = name.startsWith('arn:')
    ? undefined
    : await run.ports.parameters.describe(name, run.reading);
  if (parameter !== undefined)
    return new WrongUsage(`${name} is no secret but a parameter: use --parameter ${name}`);
  if (await isService(name, session)) return new WrongUsage(aService(name));
  return new WrongUsage(`there is no secret ${name} ${place}${didYouMean(resourceName(name), names)}`);
}

const IN_CLUSTER = /^[\w-]+\/[\w-]+$/;

/** Whether this is the name of a service of the clusters that the settings select. */
export async function isService(name: string, { run }: Session): Promise<boolean> {
  if (!IN_CLUSTER.test(name)) return false;
  const [cluster = '', service = ''] = name.split('/');
  const asked = { cluster, name: service, asGiven: name };
  const { missing } = await run.ports.ecs.readNamed([asked], [run.scope.configured], run.reading);
  return missing.length === 0;
}

async function secretNames({ run }: Session): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const page of run.ports.secrets.list(run.reading))
    if (!('why' in page)) names.push(...page.map(({ arn }: SecretDescription) => resourceName(arn)));
  return names;
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
