import * as z from 'zod/mini';
import { parseArn } from '../core/model/arn.ts';
import type { NamedService } from '../core/model/fleet.ts';
import { misnamed } from '../core/model/reference.ts';
import { problemsOf } from './problems.ts';

export const ACTIONS = ['redeploy', 'plan', 'uses', 'stale'] as const;

/** A request made by hand (functions/schema/request.schema.json); a list that is not given is empty. */
export type Request = {
  readonly action: (typeof ACTIONS)[number];
  readonly secrets: readonly string[];
  readonly parameters: readonly string[];
  readonly services: readonly NamedService[];
  readonly clusters: readonly string[];
  /** Milliseconds since the epoch; undefined: now, which is wrong with `force`. */
  readonly at?: number;
  readonly force: boolean;
  readonly reason?: string;
};

/** A request that cannot be carried out; the message of the error names every fault. */
export class WrongRequest extends Error {
  override readonly name = 'WrongRequest';
}

/** Clocks differ: only an instant that is further ahead of our clock than this is in the future. */
const AHEAD_MS = 10_000;

const NAME = 'expected a name or an ARN of at most 2,048 characters, or a list of 1 to 1,000 of them';
const name = z.string().check(z.trim(), z.minLength(1, NAME), z.maxLength(2048, NAME));
const oneOrMore = z.optional(
  z.pipe(
    z.union([name, z.array(name).check(z.minLength(1, NAME), z.maxLength(1000, NAME))], NAME),
    z.transform((value) => (typeof value === 'string' ? [value] : value)),
  ),
);

const REASON = 'expected a text of at most 1,000 characters';

const fields = {
  action: z.enum(ACTIONS, `expected one of ${ACTIONS.join(', ')}`),
  secret: oneOrMore,
  parameter: oneOrMore,
  services: oneOrMore,
  clusters: oneOrMore,
  at: z.optional(
    z.iso.datetime({ offset: true, error: 'expected an instant in ISO 8601, such as 2026-11-22T03:10:00Z' }),
  ),
  force: z.optional(z.boolean('expected true or false')),
  reason: z.optional(z.string(REASON).check(z.maxLength(1000, REASON))),
};
const shape = z.strictObject(fields);
const readable = z.partial(z.object(fields));

/** Parses a request. Throws WrongRequest. */
export function parseRequest(raw: unknown, now: number): Request {
  const input = typeof raw === 'object' && raw !== null ? raw : {};
  const { data, error } = z.safeParse(shape, raw);
  if (data === undefined)
    throw refused([...problemsOf(error), ...contradictions(asFarAsReadable(input, error), input, now)]);
  const problems = contradictions(data, input, now);
  if (problems.length > 0) throw refused(problems);
  return {
    action: data.action,
    secrets: data.secret ?? [],
    parameters: data.parameter ?? [],
    services: (data.services ?? []).flatMap((given) => namedService(given) ?? []),
    clusters: data.clusters ?? [],
    ...(data.at === undefined ? {} : { at: Date.parse(data.at) }),
    force: data.force ?? false,
    ...(data.reason === undefined ? {} : { reason: data.reason }),
  };
}

function refused(problems: readonly string[]): WrongRequest {
  return new WrongRequest(`wrong request, nothing was done: ${problems.join('; ')}`);
}

type Readable = z.infer<typeof readable>;

/** The well-formed fields, which are checked further, so that one fault does not hide another. */
function asFarAsReadable(input: object, error: z.core.$ZodError): Readable {
  const faulty = new Set(error.issues.map(({ path: [field] }) => field));
  return (
    z.safeParse(readable, Object.fromEntries(Object.entries(input).filter(([field]) => !faulty.has(field))))
      .data ?? {}
  );
}

/** Faults of a request whose fields are all well-formed. */
function contradictions(data: Readable, input: object, now: number): readonly string[] {
  const { action, secret = [], parameter = [], services = [], at } = data;
  const has = (field: string) => Object.hasOwn(input, field);
  const ofResources = has('secret') || has('parameter');
  return [
    ...(ofResources || has('services') || action === 'stale'
      ? []
      : ['name a target: secret, parameter or services']),
    ...(ofResources && has('services') ? ['services: give either services, or secret and parameter'] : []),
    ...(action === 'uses' && has('services')
      ? ['services: the action uses takes a secret or a parameter, and finds the services that refer to it']
      : []),
    ...(isOfNow(action)
      ? [...(action === 'stale' ? ['services'] : []), 'force', 'at']
          .filter(has)
          .map(
            (field) => `${field}: the action ${action} shows the present state and does not take this field`,
          )
      : []),
    ...secret.flatMap((given) => misnamedIn('secret', given)),
    ...parameter.flatMap((given) => misnamedIn('parameter', given)),
    ...services
      .filter((given) => namedService(given) === undefined)
      .map((given) => `services: ${given} is neither cluster/service nor the ARN of a service`),
    ...(data.force === true && !has('at') && !isOfNow(action) ? [forceWithoutInstant(input, now)] : []),
    ...(at !== undefined && Date.parse(at) > now + AHEAD_MS ? [`at: ${at} is in the future`] : []),
  ];
}

/** Whether the action asks how everything stands, and not what is older than an instant. */
const isOfNow = (action: Request['action'] | undefined): boolean => action === 'stale' || action === 'uses';

/** A request with a list of a thousand names is not printed again. */
const MAX_PRINTED = 4_000;

/** The error that prints the request to send: with an instant, a repeated request does nothing the second time. */
function forceWithoutInstant(input: object, now: number): string {
  const at = new Date(now).toISOString();
  const request = JSON.stringify({ ...input, at });
  const line = request.length > MAX_PRINTED ? `the same request with "at":"${at}"` : request;
  return `at: force restarts what was created before an instant, and must name it, because a client may send the request again by itself; send ${line}`;
}

function misnamedIn(field: 'secret' | 'parameter', given: string): readonly string[] {
  const problem = misnamed(given, field);
  return problem === undefined ? [] : [`${field}: ${problem}`];
}

/** Parses `cluster/service`, or an ARN: `…:service/cluster/service` or, in the old form, `…:service/service`. */
export function namedService(asGiven: string): NamedService | undefined {
  const arn = parseArn(asGiven);
  if (arn === undefined ? asGiven.startsWith('arn:') : arn.service !== 'ecs') return undefined;
  const parts = (arn?.resource ?? `service/${asGiven}`).split('/');
  const [type, first = '', second, ...rest] = parts;
  if (type !== 'service' || first === '' || second === '' || rest.length > 0) return undefined;
  if (second !== undefined) return { cluster: first, name: second, asGiven };
  return arn === undefined ? undefined : { name: first, asGiven };
}
