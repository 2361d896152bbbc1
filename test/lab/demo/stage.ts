import { z } from 'zod/mini';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { startEventSource } from '../../support/event-source.ts';
import { answerOf, type Lambda, startFunction } from '../../support/lambda.ts';
import { type Received, simulatedQueue } from '../../support/queue.ts';
import { type Built, buildFleet } from './fleet.ts';
import { type FunctionLog, openLog } from './log.ts';
import { counted, type ToldChange, tellNews } from './news.ts';
import { carryEvents, type Traffic } from './traffic.ts';
import { type Watch, watchFleet } from './watch.ts';

/** The access key of each function, by which the simulator knows which one made a call. */
export const CALLERS = {
  'on-change': 'ON-CHANGE',
  'on-request': 'ON-REQUEST',
  'on-schedule': 'ON-SCHEDULE',
} as const;

/** Shorter than in a deployed stack. */
export const CLOUDTRAIL_DELAY_SECONDS = 6;
export const WINDOW_SECONDS = 1;
export const FOLLOW_UP_SECONDS = 1;
export const COOLDOWN_SECONDS = 3;

/** The values of infra/queues.yml. */
const QUEUE = { visibilitySeconds: 300, maxReceiveCount: 5 };
const TIMEOUT_MS = 270_000;
/** The time of a call, there and back. */
const LATENCY_MS = 8;

/** Everything that takes part: an AWS with a fleet, the rules, the queues, the functions. */
export type Stage = {
  readonly sim: Simulator;
  readonly fleet: readonly Built[];
  readonly watch: Watch;
  readonly log: FunctionLog;
  /** What on-change has reported about the changes so far. */
  changes(): readonly ToldChange[];
  /** Resolves to what the function returns. */
  readonly ask: (name: 'on-request' | 'on-schedule', event: object) => Promise<unknown>;
  traffic(): readonly Traffic[];
  /** The messages that are not deleted yet, including delayed ones. */
  messagesLeft(): number;
  close(): Promise<void>;
};

/** Sets everything up and starts to poll. `say` prints what the functions do, `onLine` receives all that they print. */
export async function openStage(
  say: (line: string) => void,
  onLine: ((line: string, functionName: string) => void) | undefined,
): Promise<Stage> {
  const sim = await startSimulator({ latencyMs: LATENCY_MS });
  const fleet = buildFleet(sim.world);
  const changes = sim.world.queue({ name: 'changes', ...QUEUE });
  const cloudtrail = sim.world.queue({
    name: 'cloudtrail',
    ...QUEUE,
    delaySeconds: CLOUDTRAIL_DELAY_SECONDS,
  });
  const traffic = carryEvents(sim, { changes: changes.url, cloudtrail: cloudtrail.url });
  const news = tellNews(say);
  const log = openLog(news.hear, onLine);

  const start = (name: keyof typeof CALLERS): Promise<Lambda> =>
    startFunction(name, {
      env: {
        ...sim.env,
        AWS_ACCESS_KEY_ID: CALLERS[name],
        CHANGE_QUEUE_URL: changes.url,
        FOLLOW_UP_SECONDS: String(FOLLOW_UP_SECONDS),
        COOLDOWN_SECONDS: String(COOLDOWN_SECONDS),
      },
      onLine: (line) => log.write(line, name),
      // Lambda ends every invocation with such a line in the log.
      onUsed: ({ durationMs }) => log.write(`REPORT Duration: ${durationMs} ms`, name),
    });
  const [onChange, onRequest, onSchedule] = await Promise.all([
    start('on-change'),
    start('on-request'),
    start('on-schedule'),
  ]);
  const others = { 'on-request': onRequest, 'on-schedule': onSchedule };
  const sources = [changes, cloudtrail].map((queue) =>
    startEventSource({
      queue: simulatedQueue(sim, queue),
      windowMs: WINDOW_SECONDS * 1000,
      invoke: async (event) => answerOf(await onChange.invoke(event, TIMEOUT_MS)),
      onBatch: (messages) =>
        say(`Lambda calls on-change with ${contentsOf(messages)} from the queue "${queue.name}"`),
      onDone: (size, comeBack, problem) => {
        if (comeBack > 0) say(troubleLine(size, comeBack, problem));
      },
    }),
  );
  return {
    sim,
    fleet,
    watch: watchFleet(sim, fleet, Object.values(CALLERS)),
    log,
    changes: news.changes,
    ask: async (name, event) => answerOf(await others[name].invoke(event, TIMEOUT_MS)),
    traffic,
    messagesLeft: () => [changes, cloudtrail].reduce((sum, { url }) => sum + sim.messagesIn(url).length, 0),
    async close() {
      await Promise.all(sources.map((source) => source.stop()));
      // Their last lines belong to the log, which is closed at the end.
      await Promise.all([onChange, onRequest, onSchedule].map((one) => one.stop()));
      await sim.close();
      await log.close();
    },
  };
}

/** `2 events and 1 follow-up`: the service's own messages travel through the same queue. */
function contentsOf(messages: readonly Received[]): string {
  const followUps = messages.filter(
    ({ Body }) => !('detail-type' in Envelope.parse(JSON.parse(Body))),
  ).length;
  return [counted(messages.length - followUps, 'event'), counted(followUps, 'follow-up')]
    .filter((part) => !part.startsWith('0 '))
    .join(' and ');
}

const Envelope = z.looseObject({});

function troubleLine(size: number, comeBack: number, problem: Error | undefined): string {
  if (problem !== undefined)
    return `on-change failed; SQS delivers all ${size} messages again: ${problem.message}`;
  return `on-change handled ${size - comeBack} of ${size} messages; SQS delivers the others again`;
}
