import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { onChange } from '../../../functions/on-change.ts';
import { readConfig } from '../../../functions/runtime/config.ts';
import { connectedHandler } from '../../../functions/runtime/handler.ts';
import type { Caller } from './carry.ts';
import type { Ask, Settings } from './scenario.ts';
import { currentLife, type Life, livingIn, type Timeline } from './time.ts';

/** One invocation, while it runs and afterwards. */
export type Invocation = Caller & {
  readonly of: 'on-change' | 'on-schedule' | 'on-request';
  readonly startedAt: number;
  /** The settings with which its process was started: a change of the settings replaces every process. */
  readonly env: Settings['env'];
  readonly messages: readonly string[];
  readonly bodies: readonly string[];
  readonly skewMs: number;
  /** What a request by hand asks for. */
  readonly ask: Ask | undefined;
  /** Whether another invocation ran at the same time. */
  overlapped: boolean;
  endedAt: number | undefined;
  /** The ids of the messages that it returned as failed. */
  returned: ReadonlySet<string>;
  /** The error that the handler threw, which it must never do. */
  thrown: unknown;
};

/** An invocation that begins now. */
export function begun(
  given: Pick<Invocation, 'of' | 'id' | 'startedAt' | 'env'> & Partial<Invocation>,
): Invocation {
  return {
    calls: 0,
    hit: false,
    messages: [],
    bodies: [],
    skewMs: 0,
    ask: undefined,
    overlapped: false,
    endedAt: undefined,
    returned: new Set(),
    thrown: undefined,
    ...given,
  };
}

type Handle = (event: SQSEvent, context: object) => Promise<SQSBatchResponse>;

/** What every process has in its environment beside the scenario's settings. */
export type Environment = Readonly<Record<string, string>>;

/** A Lambda environment, which is frozen between invocations and keeps its memory. */
export type Process = Life & { latest: Invocation; readonly env: Settings['env']; readonly handle: Handle };

/** The timeout of on-change (serverless.yml). */
export const TIMEOUT_MS = 270_000;

export function startProcess(
  first: Invocation,
  { clock, sleep }: Timeline,
  environment: Environment,
): Process {
  const config = readConfig(['CHANGE_QUEUE_URL'], { ...environment, ...first.env });
  const handle = connectedHandler(config, onChange, {
    now: () => clock.now() + first.skewMs,
    sleep: (ms) => sleep(ms, currentLife()),
  });
  return { dead: false, frozen: true, waits: 0, latest: first, env: first.env, handle };
}

/** Runs an invocation; if the process dies, the promise never settles. */
export async function invoke(
  process: Process,
  invocation: Invocation,
  event: SQSEvent,
  timeline: Timeline,
): Promise<SQSBatchResponse> {
  const { clock } = timeline;
  const deadline = clock.now() + TIMEOUT_MS;
  process.latest = invocation;
  process.frozen = false;
  return livingIn(timeline, process, () =>
    process.handle(event, {
      getRemainingTimeInMillis: () => deadline - clock.now(),
      awsRequestId: `invocation-${invocation.id}`,
    }),
  );
}
