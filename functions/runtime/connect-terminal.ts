import { setMaxListeners } from 'node:events';
import { makeAccess } from '../aws/access.ts';
import { CallCounts, makeEcsClients } from '../aws/clients.ts';
import { makeEcs } from '../aws/ecs/ecs.ts';
import { deniedAction } from '../aws/errors.ts';
import { makeParameters } from '../aws/parameters.ts';
import { makeSecrets } from '../aws/secrets.ts';
import { makeSnapshots } from '../aws/snapshot.ts';
import { makeCaller } from '../aws/terminal/caller.ts';
import { makeFunctions } from '../aws/terminal/functions.ts';
import { makeMonitoring } from '../aws/terminal/monitoring.ts';
import { makeQueues } from '../aws/terminal/queues.ts';
import { makeStacks } from '../aws/terminal/stacks.ts';
import { makeTags } from '../aws/terminal/tags.ts';
import { isHidden } from '../pipeline/confirm/foreign.ts';
import { FleetCache } from '../pipeline/read/fleet-cache.ts';
import { SnapshotStore } from '../pipeline/read/snapshot-store.ts';
import type { Run } from '../pipeline/run.ts';
import type { Caller, Clock, Functions, Monitoring, Ports, Queues, TagService } from '../ports.ts';
import { Journal } from '../telemetry/journal.ts';
import { type LineWriter, RECORDS, RecordWriter } from '../telemetry/record.ts';
import { type Config, readConfig, WrongConfiguration } from './config.ts';
import { runOf } from './run-of.ts';
import { findStack, problemOf, type Stack, stageIn, type WantedStack } from './stack.ts';

/** Whose credentials, and where. */
export type Place = { readonly region: string | undefined; readonly profile: string | undefined };

/** What a command at the terminal works with. */
export type Session = {
  readonly account: string;
  readonly region: string;
  /** The profile whose credentials are used, if one is named. */
  readonly profile: string | undefined;
  /** Undefined: the service is not installed here, and its default settings apply. */
  readonly stack: Stack | undefined;
  /** The settings of the stack; if those are wrong, the default settings. */
  readonly config: Config;
  /** Only for a command that decides nothing by the settings: the functions reject every invocation because of them. */
  readonly hasWrongSettings?: true;
  readonly run: Run;
  /** The same for questions about access: that a secret or parameter is not shown is an answer, and ends nothing. */
  readonly runIfAllowed: Run;
  readonly functions: Functions;
  readonly queues: Queues;
  readonly monitoring: Monitoring;
  /** The same for what a command can do without: a missing permission ends the call, and not the command. */
  readonly monitoringIfAllowed: Monitoring;
  readonly tag: TagService;
};

export type Connection = {
  readonly clock: Clock;
  /** Told what could not be checked, although the command goes on. */
  readonly warn: (message: string) => void;
  /** Aborted when the command is to end; aborted by this connection with a `Denied` when a permission is missing. */
  readonly ending: AbortController;
  /** Whether the command decides by the settings of the stack, so that wrong ones end it. */
  readonly bySettings: boolean;
  /** Wraps the ports, to show the progress of reads. */
  readonly watch: (ports: Ports) => Ports;
};

/** A permission is missing. The command ends with it: what was not read might change every decision. */
export class Denied extends Error {
  override readonly name = 'Denied';
  /** The IAM action, such as `ecs:ListTasks`. */
  readonly action: string;

  /** For what it is missing, if not for the command as a whole. */
  readonly of: string | undefined;

  constructor(action: string, cause: unknown, of?: string) {
    super(`${action} is missing`, { cause });
    this.action = action;
    this.of = of;
  }
}

/** The composition root of the terminal: the reads of the Lambdas with the credentials of the caller. No queue, and a bucket to read what events told. */
export async function connectTerminal(
  place: Place,
  wanted: WantedStack,
  connection: Connection,
): Promise<Session> {
  const { clock, warn, ending, watch } = connection;
  prepareSdk(place);
  const counts = new EndAtDenial(ending);
  const { signal } = ending;
  setMaxListeners(0, signal);
  const caller = makeCaller(counts);
  const region = await caller.region();
  const functions = makeFunctions(counts);
  const [account, found] = await withCredentials(
    caller,
    Promise.all([
      caller.account(signal),
      findStack(wanted, region, { stacks: makeStacks(counts), functions }, signal),
    ]),
  );
  const { environment, ...wrong } = usableIn(found, connection);
  const config = settingsOf(environment);
  const ports = watch(portsOf(config, counts, clock));
  const fleets = new FleetCache(new SnapshotStore(undefined));
  const journal = new Journal(new RecordWriter(onlyErrors(warn)));
  const dependencies = { config, ports, fleets, lostAnswers: new Map() };
  const heard = heardBy(storedFor(environment), { journal, reading: signal });
  const here = { account, region, heard };
  const run = { ...runOf(dependencies, journal, signal, () => Number.POSITIVE_INFINITY), ...here };
  const service = {
    functions,
    queues: makeQueues(counts),
    monitoring: makeMonitoring(counts, clock),
    monitoringIfAllowed: makeMonitoring(new CallCounts(), clock),
  };
  const profile = profileInUse();
  const runs = { run, runIfAllowed: ifAllowed(run, config) };
  const used = { account, region, profile, stack: found, config };
  return { ...used, ...wrong, ...runs, ...service, tag: makeTags(counts) };
}

type Usable = Pick<Session, 'hasWrongSettings'> & Pick<Stack, 'environment'>;

/** The settings of the stack, as far as they can be used. Throws WrongConfiguration if the command decides by wrong ones. */
function usableIn(
  stack: Stack | undefined,
  { bySettings, warn }: Pick<Connection, 'bySettings' | 'warn'>,
): Usable {
  const problem = problemOf(stack);
  if (problem === undefined) return { environment: stack?.environment ?? {} };
  if (bySettings)
    throw new WrongConfiguration(`${problem}, or pass --stack none to decide with the default settings`);
  warn(problem);
  return { environment: stageIn(stack), hasWrongSettings: true };
}

function ifAllowed(run: Run, config: Config): Run {
  const { secrets, parameters } = portsOf(config, new CallCounts(), run.ports.clock);
  const journal = new Journal(new RecordWriter(SILENT));
  return { ...run, ports: { ...run.ports, secrets, parameters }, journal };
}

/** There are no credentials. What the SDK says about it may hold a piece of a key, so nothing of it is kept. */
export class NoCredentials extends Error {
  override readonly name = 'NoCredentials';
}

/** The answer; where it fails because there are no credentials, it fails with that. */
export async function withCredentials<T>(caller: Caller, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    await caller.credentials().catch(() => {
      throw new NoCredentials('no credentials');
    });
    throw error;
  }
}

/** The SDK for JavaScript knows AWS_REGION alone, the aws command AWS_DEFAULT_REGION as well. */
export function prepareSdk(place: Place): void {
  choose(place);
  const { env } = process;
  const named = [env['AWS_REGION'], env['AWS_DEFAULT_REGION']].find(Boolean);
  if (named !== undefined) env['AWS_REGION'] = named;
}

export const profileInUse = (): string | undefined => [process.env['AWS_PROFILE']].find(Boolean);

/** An endpoint that is not AWS's own has no host name for each bucket. */
export const hasOwnEndpoint = (): boolean => Boolean(process.env['AWS_ENDPOINT_URL']);

/** The SDK reads credentials, Region and endpoint from the standard environment; flags take precedence. */
export function choose({ region, profile }: Place): void {
  const { env } = process;
  env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  if (region !== undefined) env['AWS_REGION'] = region;
  if (profile === undefined) return;
  env['AWS_PROFILE'] = profile;
  for (const key of KEYS) delete env[key];
}

/** A profile that a person names prevails, as it does with the aws command. */
const KEYS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];

/** The settings of on-change, but for the places where it keeps something. Throws WrongConfiguration. */
function settingsOf(environment: Readonly<Record<string, string>>): Config {
  const config = readConfig([], environment);
  return { ...config, snapshot: undefined, followUp: { ...config.followUp, queueUrl: undefined } };
}

/**
 * The snapshot of the installed service, of which only that is read what no call to AWS tells: what events told. Who may not
 * read it knows less, and no more.
 */
function storedFor(environment: Readonly<Record<string, string>>): SnapshotStore {
  const { snapshot } = readConfig([], environment);
  const { env } = process;
  const pathStyle = [env['AWS_ENDPOINT_URL'], env['AWS_ENDPOINT_URL_S3']].some(Boolean);
  return new SnapshotStore(snapshot && makeSnapshots({ ...snapshot, pathStyle }, new CallCounts()));
}

function heardBy(stored: SnapshotStore, run: Pick<Run, 'journal' | 'reading'>): Run['heard'] {
  return () => stored.heard(run);
}

function portsOf({ rates, tagPrefix }: Config, counts: CallCounts, clock: Clock): Ports {
  return {
    clock,
    ecs: makeEcs(makeEcsClients(counts), rates, tagPrefix, clock),
    secrets: makeSecrets(counts, tagPrefix, clock),
    parameters: makeParameters(counts, clock),
    queue: undefined,
    snapshots: undefined,
    eventBus: { put: () => Promise.resolve([]) },
    // What a person may not ask about a role is not known, and nothing else depends on it.
    access: makeAccess(new CallCounts(), clock),
  };
}

/** What is denied of it is an outcome of one service, and may be allowed for the next. */
const REDEPLOY = 'ecs:UpdateService';

/** IAM has another name for this call than the API. */
const INVOKE = 'lambda:InvokeFunction';

/** Ends the command at the first call that a missing permission refuses. */
class EndAtDenial extends CallCounts {
  readonly #ending: AbortController;

  constructor(ending: AbortController) {
    super();
    this.#ending = ending;
  }

  override failed(error: unknown, action: string): void {
    super.failed(error, action);
    const denied = deniedAction(error, action === 'lambda:Invoke' ? INVOKE : action);
    const isAnswer = action === REDEPLOY || isHidden(error);
    if (denied !== undefined && !isAnswer) this.#ending.abort(new Denied(denied, error));
  }
}

/** Records are for the log of the Lambdas; what could not be checked concerns a person at the terminal as well. */
const NOT_SHOWN = { info: () => undefined, warn: () => undefined };
const SILENT: LineWriter = { ...NOT_SHOWN, error: () => undefined };

const isRecord = (message: string): boolean => RECORDS.some((name) => name === message);

function onlyErrors(warn: (message: string) => void): LineWriter {
  const error: LineWriter['error'] = (message) => {
    if (typeof message === 'string' && !isRecord(message)) warn(message);
  };
  return { ...NOT_SHOWN, error };
}
