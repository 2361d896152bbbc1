import { triggersOf } from '../commands/answer.ts';
import type { Trigger } from '../core/follow-up/trigger.ts';
import { parseArn } from '../core/model/arn.ts';
import { REQUEST } from '../core/model/change.ts';
import { parseRequest } from '../formats/request.ts';
import { describing } from '../pipeline/living.ts';
import type { Run } from '../pipeline/run.ts';
import type { Session } from '../runtime/connect-terminal.ts';
import { type Given, isSet, text, texts } from './command.ts';
import {
  isService,
  type Named,
  namedIn,
  needTarget,
  type Resource,
  resolve,
  withoutDescription,
} from './names.ts';
import { count, resourceName } from './render/words.ts';
import { newId } from './request.ts';
import { needClusters, needOwn, serviceNamed } from './services.ts';

/** What a command that follows is about: secrets and parameters that exist, or services. */
export type Target = Named & {
  /** The names of secrets that are those of services, too. */
  readonly ambiguous: readonly string[];
  readonly services: readonly string[];
  readonly resources: readonly Resource[];
};

/**
 * Where a name may be that of a service (`services` true), it is one if there is no such secret. Throws WrongUsage for a
 * name of nothing, and if nothing is named.
 */
export async function targetOf(
  args: readonly string[],
  given: Given,
  session: Session,
  mayName: { readonly services: boolean },
): Promise<Target> {
  const named = await Promise.all(args.map((name) => namedBy(name, session, mayName.services)));
  const namedAs = (...kinds: readonly (typeof named)[number][]) =>
    args.filter((_, i) => kinds.some((kind) => kind === named[i]));
  const services = [...namedAs('service'), ...texts(given, 'service')];
  const resources = namedIn(namedAs('resource', 'both'), given);
  needTarget(resources, services);
  for (const service of services) needOwn(service, session);
  await needClusters(given, session);
  const ambiguous = namedAs('both');
  return {
    ...resources,
    ambiguous,
    services,
    resources: await resolve(resources, session, withoutDescription(given)),
  };
}

async function namedBy(
  name: string,
  session: Session,
  mayBeService: boolean,
): Promise<'resource' | 'service' | 'both'> {
  if (parseArn(name)?.service === 'ecs') return 'service';
  if (!mayBeService || !(await isService(name, session))) return 'resource';
  return (await describing(session.run)(name)) === undefined ? 'service' : 'both';
}

/** Throws WrongUsage if the command line names nothing, or as a service what is none: AWS need not be asked for that. */
export function needNames(args: readonly string[], given: Given): void {
  const services = texts(given, 'service');
  needTarget(namedIn(args, given), args.length > 0 ? [] : services);
  for (const one of services) serviceNamed(one);
  needWellFormed(given);
}

/** Throws WrongRequest for an instant or a reason that no request can have. Whether the instant is over, the request says. */
export function needWellFormed(given: Given): void {
  const [at, reason] = [text(given, 'at'), text(given, 'reason')];
  const fields = { ...(at !== undefined && { at }), ...(reason !== undefined && { reason }) };
  parseRequest({ action: 'redeploy', services: 'any/any', ...fields }, Number.POSITIVE_INFINITY);
}

/** A request for on-request (functions/schema/request.schema.json) about the target. */
export function requestFor(
  action: 'plan' | 'redeploy',
  { secrets, parameters, services }: Target,
  given: Given,
  at: string | undefined,
): object {
  const reason = text(given, 'reason');
  const fields = { secret: secrets, parameter: parameters, services, clusters: texts(given, 'clusters') };
  return {
    action,
    ...Object.fromEntries(Object.entries(fields).filter(([, names]) => names.length > 0)),
    ...(at !== undefined && { at }),
    ...(isSet(given, 'force') && { force: true }),
    ...(reason !== undefined && { reason }),
  };
}

/** What a request starts, and the run within its clusters. Throws WrongRequest. */
export function startOf(
  request: object,
  run: Run,
): { readonly triggers: readonly Trigger[]; readonly run: Run } {
  const now = run.ports.clock.now();
  const parsed = parseRequest(request, now);
  const origin = { changeId: newId(), at: parsed.at ?? now, source: REQUEST };
  return {
    triggers: triggersOf(parsed, origin),
    run: { ...run, scope: { ...run.scope, narrowed: parsed.clusters } },
  };
}

/** What is said of a target to which nothing refers. */
export function unusedOf({ resources }: Target): string {
  return `no service refers to ${resources.length > 1 ? 'any of them' : 'it'}`;
}

/** What the target is called in a sentence. */
export function subjectOf({ resources, services }: Target): string {
  const names = [...resources.map(({ arn }) => resourceName(arn)), ...services];
  const [first = '', ...others] = names;
  return others.length === 0 ? first : `${first} and ${count(others.length, 'other')}`;
}
