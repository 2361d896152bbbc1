import { SUFFIX_LENGTH, SUFFIXED } from '../match/subject-index.ts';
import { type Arn, parseArn } from '../model/arn.ts';
import { partialSecretArn } from '../model/reference.ts';
import type { Event, Said } from './event.ts';

/** Whose events count beside those of this account and Region. */
export type Trust = {
  readonly accounts: readonly string[];
  /** The event bus admits accounts of this organization alone. */
  readonly organization: string | undefined;
  /** The queue that the event bus feeds, and that nothing else does. */
  readonly queueArn: string;
};

/** How an event came here. `forwarded`: over the event bus that other accounts and Regions reach. */
export type Way = 'own' | 'forwarded';

/** Whether an event counts, by where it says that it happened and by the way on which it came. */
export function isTrusted(event: Event, way: Way, trust: Trust): boolean {
  const home = parseArn(trust.queueArn);
  if (home === undefined) return false;
  const { account = home.account, region = home.region } = event;
  const isOfHere = account === home.account && region === home.region;
  if (way === 'own') return isOfHere && !namesAnother(event, { account, region });
  return !isOfHere && isAdmitted(event, home, trust) && agrees(event, home);
}

/** Whether a resource belongs to an account whose events count. Which accounts an organization has, only AWS knows. */
export function isOfTrusted(resource: string, { accounts, organization, queueArn }: Trust): boolean {
  const { account = '' } = parseArn(resource) ?? {};
  const isOther = account !== parseArn(queueArn)?.account;
  return accounts.includes(account) || (organization !== undefined && isOther);
}

/** Whether an event says that it happened in one place, and names a resource of another one. */
export function contradictsItself(event: Event): boolean {
  return namesAnother(event, event);
}

/**
 * Whether an event names the ARN of a resource of another place than this. A call that CloudTrail recorded may: it is recorded for the
 * account of the caller, too.
 */
function namesAnother(event: Event, { account, region }: Pick<Event, 'account' | 'region'>): boolean {
  const arn = 'arn' in event ? parseArn(event.arn) : undefined;
  if (arn === undefined) return false;
  return arn.account !== (account ?? arn.account) || arn.region !== (region ?? arn.region);
}

/**
 * A name in an event that was forwarded belongs to the account and the Region of the event: as a partial ARN it names
 * nothing here.
 */
export function placed(event: Event, { partition }: Pick<Arn, 'partition'>): Event {
  const { account, region } = event;
  if (event.kind !== 'cloudtrail' || event.secret === undefined || event.secret.startsWith('arn:'))
    return event;
  if (account === undefined || region === undefined) return event;
  return { ...event, secret: partialSecretArn(event.secret, { partition, region, account }) };
}

/** The policy of the event bus is the judge of who belongs to the organization. */
function isAdmitted(event: Event, home: Arn, { accounts, organization }: Trust): boolean {
  const { account = '', region } = event;
  if (region === undefined || !/^\d{12}$/.test(account)) return false;
  return accounts.includes(account) || (organization !== undefined && account !== home.account);
}

/** Whether everything that the event says about its place and its resource is the same. */
function agrees(event: Event, { partition }: Arn): boolean {
  const { account, region, said, kind } = event;
  if (kind === 'other') return true;
  if (said === undefined) return false;
  const isAt = (arn: Arn) => arn.partition === partition && arn.account === account && arn.region === region;
  const isSame = said.accounts.every((one) => one === account) && said.regions.every((one) => one === region);
  const names = said.resources.map((text) => nameIn(text, event, isAt));
  return isSame && isOneName(names, event) && isByArn(event);
}

/** AWS's own events name the whole ARN, CloudTrail what the caller typed. A name would be taken for one of this account. */
function isByArn(event: Event): boolean {
  if (!('arn' in event)) return true;
  return event.arn.startsWith('arn:') && (event.kind !== 'label-updated' || SUFFIXED.test(event.arn));
}

/** The name of a resource of the event's kind; undefined for the ARN of another place or kind. */
function nameIn(
  text: Said['resources'][number],
  { kind }: Event,
  isAt: (arn: Arn) => boolean,
): string | undefined {
  if (!text.startsWith('arn:')) return text;
  const arn = parseArn(text);
  const [service, type] =
    kind === 'label-updated' || kind === 'cloudtrail' ? ['secretsmanager', 'secret:'] : ['ssm', 'parameter/'];
  if (arn === undefined || arn.service !== service || !arn.resource.startsWith(type) || !isAt(arn))
    return undefined;
  return arn.resource.slice(type.length);
}

/** A secret may be named with and without the suffix of its ARN, a parameter with and without its first slash. */
function isOneName(names: readonly (string | undefined)[], { kind }: Event): boolean {
  const isSecret = kind === 'label-updated' || kind === 'cloudtrail';
  const known = names.flatMap((name) =>
    name === undefined ? [] : [isSecret ? name : name.replace(/^\//, '')],
  );
  const [longest = ''] = known.toSorted((a, b) => b.length - a.length);
  const short = isSecret && SUFFIXED.test(longest) ? longest.slice(0, -SUFFIX_LENGTH) : longest;
  return known.length === names.length && known.every((name) => name === longest || name === short);
}
