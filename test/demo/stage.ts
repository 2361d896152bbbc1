import { SQSClient } from '@aws-sdk/client-sqs';
import { type Simulator, startSimulator } from '../simulator/index.ts';
import { startEventSource } from './event-source.ts';
import { type Built, buildFleet } from './fleet.ts';
import { type LambdaFunction, startFunction } from './lambda.ts';
import { type FunctionLog, openLog } from './log.ts';
import { carryEvents, type Traffic } from './traffic.ts';
import { type Watch, watchFleet } from './watch.ts';

/** By its access key the simulator knows which function made a call. */
export const CALLERS = { 'on-change': 'ON-CHANGE', 'on-request': 'ON-REQUEST' } as const;

/** The demo has less patience than a deployed stack. */
export const CLOUDTRAIL_DELAY_SECONDS = 6;
export const WINDOW_SECONDS = 1;

/** As infra/queues.yml has it. */
const QUEUE = { visibilitySeconds: 300, maxReceiveCount: 5 };
/** What a call takes, there and back. */
const LATENCY_MS = 8;

/** Everything that takes part: an AWS with a fleet, the rules, the queues, the functions. */
export type Stage = {
  readonly sim: Simulator;
  readonly fleet: readonly Built[];
  readonly watch: Watch;
  readonly log: FunctionLog;
  readonly onRequest: LambdaFunction;
  traffic(): readonly Traffic[];
  /** Messages that nobody has finished with, delayed ones included. */
  messagesLeft(): number;
  close(): Promise<void>;
};

/** Sets everything up and starts to listen; `say` tells what the functions do, `onLine` gets all they print. */
export async function openStage(
  say: (line: string) => void,
  onLine: ((line: string) => void) | undefined,
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
  const log = openLog(({ event, functionName = '', redeploy, wait, skip }) => {
    if (event === 'plan.made')
      say(`${functionName}'s plan: redeploy ${redeploy}, wait for ${wait}, leave ${skip} alone`);
  }, onLine);

  const start = (name: keyof typeof CALLERS): LambdaFunction =>
    startFunction(
      name,
      { ...sim.env, AWS_ACCESS_KEY_ID: CALLERS[name], CHANGE_QUEUE_URL: changes.url },
      log.write,
    );
  const onChange = start('on-change');
  const onRequest = start('on-request');
  const sqs = pollingClient(sim);
  const stops = [changes, cloudtrail].map((queue) =>
    startEventSource({
      sqs,
      queue,
      region: sim.region,
      target: onChange,
      windowMs: WINDOW_SECONDS * 1000,
      onBatch: (size) => say(`Lambda calls on-change with ${size} messages of the queue "${queue.name}"`),
      onDone: (size, comeBack, problem) => say(doneLine(size, comeBack, problem)),
    }),
  );
  return {
    sim,
    fleet,
    watch: watchFleet(sim, fleet, Object.values(CALLERS)),
    log,
    onRequest,
    traffic,
    messagesLeft: () => [changes, cloudtrail].reduce((sum, { url }) => sum + sim.messagesIn(url).length, 0),
    async close() {
      await Promise.all(stops.map((stop) => stop()));
      for (const one of [onChange, onRequest]) one.stop();
      sqs.destroy();
      await sim.close();
      await log.close();
    },
  };
}

/** Lambda's own poller, which is no part of the service. */
function pollingClient(sim: Simulator): SQSClient {
  return new SQSClient({
    region: sim.region,
    endpoint: sim.endpoint,
    credentials: { accessKeyId: 'LAMBDA', secretAccessKey: 'testing' },
  });
}

function doneLine(size: number, comeBack: number, problem: Error | undefined): string {
  if (problem !== undefined) return `on-change failed, ${size} messages come back: ${problem.message}`;
  return `on-change is done: ${size - comeBack} messages deleted, ${comeBack} come back`;
}
