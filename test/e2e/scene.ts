import { z } from 'zod/mini';
import {
  type Call,
  type QueueRef,
  type SecretRef,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../simulator/index.ts';
import { type BundleName, bundle } from '../support/bundles.ts';
import { labelUpdated, type Place, type RawEvent } from '../support/events.ts';
import { expectGranted } from '../support/grants.ts';
import { answerOf, type Lambda, type LogRecord, startLambda } from '../support/lambda.ts';
import { type Received, returnedIn, sqsEvent } from '../support/queue.ts';

/** The part of a test's context that cleans up. */
export interface Cleaner {
  onTestFinished(clean: () => void | Promise<void>): void;
}

/** A simulated account, and the Lambda functions that a test starts on it. */
export interface Scene {
  readonly sim: Simulator;
  readonly place: Place;
  /** Where follow-ups go. */
  readonly queue: QueueRef;
  /** A fresh process of a bundle. */
  lambda(name?: BundleName, env?: Readonly<Record<string, string>>): Promise<Lambda>;
  /** The same, with a record of the environment variables that its import reads. */
  watchedLambda(name: BundleName): Promise<Lambda>;
  /** One UpdateService call per entry, `cluster/service`, in order. */
  updates(): readonly Update[];
}

export interface Update {
  readonly service: string;
  readonly at: number;
  readonly outcome: string;
  readonly fields: readonly string[];
}

/** No pauses: without a cooldown that would delay it, an unwanted second deployment shows. */
const QUICK = {
  READ_RATE: '500',
  READ_BURST: '500',
  UPDATE_RATE: '100',
  UPDATE_BURST: '200',
  COOLDOWN_SECONDS: '0',
  MAX_REDEPLOYS_PER_HOUR: '1000',
};

/**
 * A simulator, by default without throttling. It ends with the test, and the test fails if a function made a call that
 * its role does not grant.
 */
export async function scene(cleaner: Cleaner, options: SimulatorOptions = {}): Promise<Scene> {
  const sim = await startSimulator({ throttling: false, ...options });
  cleaner.onTestFinished(async () => {
    await sim.close();
    expectGranted(sim, 'on-change');
    expectGranted(sim, 'on-request');
    expectGranted(sim, 'on-schedule');
  });
  const queue = sim.world.queue({ name: 'changes' });
  const start = async (name: BundleName, env: Readonly<Record<string, string>>, watch: boolean) => {
    const all = {
      ...sim.env,
      AWS_ACCESS_KEY_ID: name,
      AWS_LAMBDA_FUNCTION_NAME: 'e2e',
      CHANGE_QUEUE_URL: queue.url,
      ...QUICK,
      ...env,
    };
    const lambda = await startLambda(await bundle(name), { env: all, watchEnvironment: watch });
    cleaner.onTestFinished(() => lambda.stop());
    return lambda;
  };
  return {
    sim,
    place: sim,
    queue,
    lambda: (name = 'on-change', env = {}) => start(name, env, false),
    watchedLambda: (name) => start(name, {}, true),
    updates: () =>
      sim.ledger.calls
        .filter(({ service, operation }) => service === 'ecs' && operation === 'UpdateService')
        .map(updateOf),
  };
}

const Target = z.object({ cluster: z.string(), service: z.string() });

function updateOf({ at, input, outcome }: Call): Update {
  const { cluster, service } = Target.parse(input);
  return {
    service: `${cluster.split('/').at(-1)}/${service.split('/').at(-1)}`,
    at,
    outcome,
    fields: Object.keys(input).sort(),
  };
}

/** The names of the services that were asked to redeploy, sorted; one that was asked twice appears twice. */
export function updated(stage: Scene): readonly string[] {
  return stage
    .updates()
    .map(({ service }) => service)
    .sort();
}

/** Hands events to a function as one batch; answers the ids of the events that it returned as failed. */
export async function deliver(
  lambda: Lambda,
  events: readonly (RawEvent | string)[],
  remainingMs?: number,
): Promise<readonly string[]> {
  const messages = events.map((event, index) =>
    typeof event === 'string'
      ? messageOf(event, `raw-${index}`)
      : messageOf(JSON.stringify(event), `${event.id}#${index}`),
  );
  const ids = [...returnedIn(answerOf(await lambda.invoke(sqsEvent(messages), remainingMs)), messages)];
  return ids.map((id) => id.replace(/#\d+$/, '')).sort();
}

function messageOf(Body: string, MessageId: string): Received {
  return { MessageId, Body, ReceiptHandle: `handle-${MessageId}` };
}

/** The service records, as `service.kind cluster/name reason`, sorted. */
export function told(lambda: Lambda): readonly string[] {
  return lambda
    .records()
    .filter(({ event }) => String(event).startsWith('service.'))
    .map(({ event, service, cluster, reason }) =>
      [event, `${String(cluster)}/${String(service).split('/').at(-1)}`, reason].filter(Boolean).join(' '),
    )
    .sort();
}

/** The records of one kind. */
export function recordsOf(lambda: Lambda, event: string): readonly LogRecord[] {
  return lambda.records().filter((record) => record['event'] === event);
}

/** A secret whose AWSCURRENT was moved to a new version by a rotation `ago` milliseconds ago, and the native event. */
export function rotated(stage: Scene, ago = 6000, name = 'prod/db') {
  const at = Math.floor((Date.now() - ago) / 1000) * 1000;
  const versionId = `new-version-of-${name.replaceAll('/', '-')}-0123456789`;
  const secret: SecretRef = stage.sim.world.secret({
    name,
    versions: [
      { id: versionId, createdAt: at, labels: ['AWSCURRENT'] },
      { labels: ['AWSPREVIOUS'], createdAt: at - 86_400_000 },
    ],
    lastChangedAt: at,
    lastRotatedAt: at,
  });
  return { secret, versionId, at, event: labelUpdated({ place: stage.place, at }, secret, versionId) };
}
