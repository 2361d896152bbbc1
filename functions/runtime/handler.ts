import { randomUUID } from 'node:crypto';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { parseArn } from '../core/model/arn.ts';
import type { Run } from '../pipeline/run.ts';
import type { Clock } from '../ports.ts';
import { OwnEvents } from '../telemetry/own-events.ts';
import { publish } from '../telemetry/publish.ts';
import { REAL_CLOCK } from './clock.ts';
import { type Config, type Required, readConfig } from './config.ts';
import { type Audiences, audiencesOf, connect, type Dependencies } from './connect.ts';
import { readingTimer, runOf } from './run-of.ts';

/** What a handler is given beside the run. */
export type Invocation = Omit<Audiences, 'journal'> & {
  /** Lambda's id of the invocation. */
  readonly requestId: string;
  readonly config: Config;
};

type Handle<Event, Answer> = (event: Event, run: Run, invocation: Invocation) => Promise<Answer>;
export type Handler<Event, Answer> = (event: Event, context?: Partial<Context>) => Promise<Answer>;

const NEVER_ABORTED = { signal: new AbortController().signal };

/**
 * The Lambda handler. Nothing is read or opened before the first invocation; a wrong configuration rejects that one and
 * every later one.
 */
export function lambda<Event, Answer>(
  required: Required,
  handle: Handle<Event, Answer>,
): Handler<Event, Answer> {
  let connected: Handler<Event, Answer> | undefined;
  let refused: unknown;
  return async (event, context) => {
    if (refused !== undefined) throw refused;
    try {
      connected ??= connectedHandler(readConfig(required), handle, REAL_CLOCK);
    } catch (error) {
      refused = error;
      throw error;
    }
    return connected(event, context);
  };
}

/** The handler for a configuration that is known; tests give it a clock of their own. */
export function connectedHandler<Event, Answer>(
  config: Config,
  handle: Handle<Event, Answer>,
  clock: Clock,
): Handler<Event, Answer> {
  return overLambda(connect(config, clock), handle);
}

function overLambda<Event, Answer>(
  dependencies: Dependencies,
  handle: Handle<Event, Answer>,
): Handler<Event, Answer> {
  const { logger, metrics } = dependencies;
  // Lambda's own time limit is enough: middy's would throw away the answer of work that is done.
  const chain = middy<Event, Answer>({ timeoutEarlyInMillis: 0 })
    // POWERTOOLS_LOGGER_LOG_EVENT has no say: an event may carry what no log may hold.
    .use(injectLambdaContext(logger, { logEvent: false }))
    .use(logMetrics(metrics))
    .handler((event: Event, context: Context) => invoke(event, context, dependencies, handle));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a caller without a context gets none; middy's type allows an answer that our handler, a promise, never gives
  return (event, context) => chain(event, (context ?? {}) as Context, NEVER_ABORTED) as Promise<Answer>;
}

async function invoke<Event, Answer>(
  event: Event,
  context: Partial<Context> | undefined,
  dependencies: Dependencies,
  handle: Handle<Event, Answer>,
): Promise<Answer> {
  const { config, ports, counts } = dependencies;
  const remainingMs = () => context?.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY;
  const timer = readingTimer(remainingMs());
  const ownEvents = new OwnEvents(config.mode, () => ports.clock.now());
  const { journal, ...others } = audiencesOf(dependencies, ownEvents);
  const account = accountOf(context, config);
  const run = { ...runOf(dependencies, journal, timer.signal, remainingMs), account };
  try {
    return await handle(event, run, { ...others, config, requestId: context?.awsRequestId ?? randomUUID() });
  } finally {
    timer.clear();
    dependencies.fleets.snapshot.discard();
    await publish(ownEvents.take(), ports.eventBus, remainingMs(), journal);
    journal.calls(counts.take());
  }
}

/** The account in which this function runs: its own ARN says it, or the URL of its queue. */
function accountOf(
  context: Partial<Context> | undefined,
  { followUp: { queueUrl } }: Config,
): string | undefined {
  const inArn = parseArn(context?.invokedFunctionArn ?? '')?.account;
  return inArn ?? /\/(\d{12})\/[^/]+$/.exec(queueUrl ?? '')?.[1];
}
