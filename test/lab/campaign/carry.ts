import type { Simulator } from '../../simulator/index.ts';
import { type Dice, dice } from '../../support/dice.ts';
import {
  abortable,
  ask,
  bytesOf,
  type Carrier,
  networkError,
  type WireAnswer,
  type WireRequest,
} from '../../support/wire.ts';
import type { Death, Fault, FaultKind, Scenario } from './scenario.ts';
import { currentLife, type Life, type Timeline } from './time.ts';

/** One attempt at a call, as it was on the wire. */
export type Call = {
  readonly at: number;
  readonly invocation: number;
  readonly operation: string;
  readonly service: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Whether the call reached AWS. */
  performed: boolean;
  readonly fault: FaultKind | 'death' | undefined;
};

/** The part of an invocation that the wire needs: its id, its number of calls, and whether a fault has hit it. */
export type Caller = { readonly id: number; calls: number; hit: boolean };
/** A process and its latest invocation, running or ended; calls that it left open continue when the process awakes. */
export type CallingProcess = Life & { latest: Caller };

/** The least and the greatest duration of one way, there or back. */
const WAY_MS = [3, 40] as const;
/** The time after which a client stops waiting for an answer, as the clients are configured. */
const PATIENCE_MS = 10_000;
const PAGE_FIELDS = ['maxResults', 'MaxResults'];
const PAGE_TOKENS = ['nextToken', 'NextToken'];

type Surroundings = {
  readonly sim: Simulator;
  readonly timeline: Timeline;
  readonly startedAt: number;
  /** Whether faults have ended: from then on every call succeeds. */
  readonly isMended: () => boolean;
  readonly kill: (process: CallingProcess) => void;
  readonly log: (call: Call) => void;
};
type Plan = Pick<Scenario, 'seed' | 'settings' | 'faults' | 'deaths'>;

/** Carries the requests of processes in simulated time to the simulator, with the scenario's faults on the way. */
export function makeCarrier(plan: Plan, surroundings: Surroundings): Carrier {
  const mishapOf = makeMishaps(plan, surroundings);
  return (request, signal) => {
    const life = currentLife();
    return life && carried(request, life as CallingProcess, signal);
  };

  async function carried(
    request: WireRequest,
    process: CallingProcess,
    signal: AbortSignal | undefined,
  ): Promise<WireAnswer> {
    const { timeline, kill, log } = surroundings;
    if (process.dead) return never();
    const caller = process.latest;
    const nth = ++caller.calls;
    const [service, operation] = nameOf(request);
    const input = inputOf(request);
    const mishap = mishapOf(caller.id, nth, operation, input);
    const fault = typeof mishap === 'object' ? 'death' : mishap;
    const call: Call = {
      at: timeline.clock.now(),
      invocation: caller.id,
      operation,
      service,
      input,
      performed: false,
      fault,
    };
    log(call);
    caller.hit ||= fault !== undefined;
    const roll = dice(plan.seed * 31 + caller.id * 1009 + nth);
    const trip = new Trip(process, roll, surroundings, signal);
    if (typeof mishap !== 'object') {
      const ask = () =>
        plan.settings.emptyPages === true && isFirstPage(input) && roll.chance(EMPTY)
          ? trip.performs(() => Promise.resolve(EMPTY_PAGE), call)
          : trip.perform(paged(request, plan.settings.page), call);
      return trip.ends(mishap, call, ask);
    }
    if (mishap.after) await trip.perform(request, call);
    kill(process);
    return never();
  }
}

/** One request on its way and back. */
class Trip {
  readonly #process: CallingProcess;
  readonly #roll: Dice;
  readonly #surroundings: Surroundings;
  readonly #signal: AbortSignal | undefined;

  constructor(
    process: CallingProcess,
    roll: Dice,
    surroundings: Surroundings,
    signal: AbortSignal | undefined,
  ) {
    this.#process = process;
    this.#roll = roll;
    this.#surroundings = surroundings;
    this.#signal = signal;
  }

  /** The way there, and AWS's answer; undefined if the simulator cut the connection. */
  perform(request: WireRequest, call: Call): Promise<WireAnswer | undefined> {
    return this.performs(() => ask(this.#surroundings.sim.serve, request), call);
  }

  async performs(
    answering: () => Promise<WireAnswer | undefined>,
    call: Call,
  ): Promise<WireAnswer | undefined> {
    await this.#takes(this.#roll.int(...WAY_MS));
    const answer = await answering();
    call.performed = true;
    return answer;
  }

  /** The way back, with the fault if there is one. */
  async ends(
    fault: FaultKind | undefined,
    call: Call,
    perform: () => Promise<WireAnswer | undefined>,
  ): Promise<WireAnswer> {
    const early = fault === undefined ? undefined : refusal(fault, call);
    const isBefore = early !== undefined || fault === 'reset-before' || fault === 'timeout-before';
    const answer = isBefore ? early : await perform();
    const isLost = fault === 'timeout-before' || fault === 'timeout-after';
    await this.#takes(isLost ? PATIENCE_MS : this.#roll.int(...WAY_MS));
    if (isLost) throw networkError('TimeoutError');
    if (answer === undefined || fault === 'reset-after') throw networkError('ECONNRESET');
    const { body } = answer;
    return fault === 'malformed' ? { ...answer, body: body.subarray(0, body.length / 2) } : answer;
  }

  /** Waits for some time; rejects if the caller aborts the call meanwhile. */
  #takes(ms: number): Promise<void> {
    return abortable(this.#surroundings.timeline.sleep(ms, this.#process), this.#signal);
  }
}

type Mishaps = (
  invocation: number,
  nthOfInvocation: number,
  operation: string,
  input: Call['input'],
) => FaultKind | Death | undefined;

/** Gives the fault or death of each call, for which it counts the calls of the whole run. */
function makeMishaps({ faults, deaths }: Plan, { timeline, startedAt, isMended }: Surroundings): Mishaps {
  const counted = new Map<string, number>();
  const count = (operation: string) => {
    const n = (counted.get(operation) ?? 0) + 1;
    counted.set(operation, n);
    return n;
  };
  return (invocation, nth, operation, input) => {
    const isLaterPage = PAGE_TOKENS.some((name) => input[name] !== undefined);
    const [ofOperation, ofAll] = [count(operation), count('*')];
    const ofPages = isLaterPage ? count(`${operation} page`) : 0;
    if (isMended()) return undefined;
    const now = timeline.clock.now() - startedAt;
    const isHit = (fault: Fault) => {
      if (fault.in !== undefined && !isAbout(input, fault.in)) return false;
      if (fault.kind === 'expired-token')
        return isLaterPage && fault.operation === operation && hits(fault, ofPages, now);
      return fault.operation === '*'
        ? hits(fault, ofAll, now)
        : fault.operation === operation && hits(fault, ofOperation, now);
    };
    return (
      deaths.find((one) => one.invocation === invocation && one.call === nth) ?? faults.find(isHit)?.kind
    );
  };
}

function hits(fault: Fault, n: number, now: number): boolean {
  if ('nth' in fault) return n >= fault.nth && n < fault.nth + fault.times;
  return now >= fault.at && now < fault.at + fault.forMs;
}

/** Whether a call of ECS is about a cluster, or about something in it. */
function isAbout(input: Call['input'], cluster: string): boolean {
  return new RegExp(`[:/]${cluster}["/]`).test(JSON.stringify(input));
}

function nameOf({ headers, method, path }: WireRequest): readonly [service: string, operation: string] {
  if (/\/s3\/aws4_request/.test(headers['authorization'] ?? ''))
    return ['s3', method === 'GET' ? 'GetObject' : 'PutObject'];
  const target = Object.entries(headers).find(([name]) => name.toLowerCase() === 'x-amz-target')?.[1];
  const [prefix = 'unknown', operation = `${method} ${path}`] = target?.split('.') ?? [];
  return [SERVICES[prefix] ?? prefix, operation];
}

const SERVICES: Readonly<Record<string, string>> = {
  AmazonEC2ContainerServiceV20141113: 'ecs',
  AmazonSSM: 'ssm',
  AmazonSQS: 'sqs',
  AWSEvents: 'events',
};

function inputOf({ body = '' }: WireRequest): Readonly<Record<string, unknown>> {
  const text = bytesOf(body).toString();
  return text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
}

/** The request with a smaller page size: AWS may answer with shorter pages than requested. */
function paged(request: WireRequest, most: number): WireRequest {
  const input = inputOf(request);
  const field = PAGE_FIELDS.find((name) => typeof input[name] === 'number' && input[name] > most);
  const isAfterEmpty = PAGE_TOKENS.some((name) => input[name] === AFTER_EMPTY);
  if (field === undefined && !isAfterEmpty) return request;
  const asked = Object.entries(input).filter(([, value]) => value !== AFTER_EMPTY);
  const body = { ...Object.fromEntries(asked), ...(field !== undefined && { [field]: most }) };
  return { ...request, body: JSON.stringify(body) };
}

/** The share of first pages that are empty. */
const EMPTY = 0.3;
const AFTER_EMPTY = 'after-an-empty-page';
const EMPTY_PAGE: WireAnswer = {
  statusCode: 200,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: Buffer.from(JSON.stringify(Object.fromEntries(PAGE_TOKENS.map((name) => [name, AFTER_EMPTY])))),
};

function isFirstPage(input: Call['input']): boolean {
  return (
    PAGE_FIELDS.some((name) => input[name] !== undefined) &&
    PAGE_TOKENS.every((name) => input[name] === undefined)
  );
}

/** AWS's answer if it refuses the call without an effect; undefined if the fault is of another kind. */
function refusal(fault: FaultKind, { service, operation }: Call): WireAnswer | undefined {
  const refused = ERRORS.get(fault);
  if (refused === undefined) return undefined;
  const [statusCode, code, message] = refused;
  if (service === 's3')
    return {
      statusCode,
      headers: { 'content-type': 'application/xml' },
      body: Buffer.from(`<Error><Code>${code}</Code><Message>${message}</Message></Error>`),
    };
  const __type = fault === 'expired-token' ? (TOKEN_ERRORS[service] ?? code) : code;
  const body = Buffer.from(JSON.stringify({ __type, message: `${message} (${operation})` }));
  return { statusCode, headers: { 'content-type': 'application/x-amz-json-1.1' }, body };
}

const ERRORS: ReadonlyMap<FaultKind, readonly [status: number, code: string, message: string]> = new Map([
  ['throttle', [400, 'ThrottlingException', 'Rate exceeded']],
  ['server-error', [500, 'ServerException', 'Service Unavailable. Please try again later.']],
  ['access-denied', [400, 'AccessDeniedException', 'User: the-caller is not authorized to perform this']],
  ['client-error', [400, 'ClientException', 'The request was refused.']],
  ['invalid-parameter', [400, 'InvalidParameterException', 'The request was refused.']],
  ['expired-token', [400, 'InvalidParameterException', 'Invalid token']],
]);

const TOKEN_ERRORS: Readonly<Record<string, string>> = {
  secretsmanager: 'InvalidNextTokenException',
  ssm: 'InvalidNextToken',
};

function never(): Promise<never> {
  return new Promise(() => undefined);
}
