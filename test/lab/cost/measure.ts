import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { startEventSource } from '../../support/event-source.ts';
import { answerOf, startFunction } from '../../support/lambda.ts';
import { simulatedQueue } from '../../support/queue.ts';
import { deployedTimes } from '../demo/deployed.ts';
import { carryEvents } from '../demo/traffic.ts';
import { bytesOf, callsByGroup, dimensionsIn, entriesIn } from './counting.ts';
import type { Usage } from './monthly.ts';

export type Setup = {
  readonly services: number;
  /** How many of the services refer to what changes. */
  readonly affected: number;
  /** The time of a call, there and back. */
  readonly latencyMs: number;
  /** From the forced deployment until the last old task is gone. */
  readonly rolloutMs: number;
};

export type Measured = {
  /** The first change that a new environment sees. */
  readonly cold: Usage;
  /** The next one, of another secret: the environment knows every revision. */
  readonly warm: Usage;
  /** Sets of dimensions under which the metrics were written. */
  readonly dimensionSets: readonly string[];
};

const FUNCTION = 'on-change';
/** The access key by which the simulator distinguishes the function's calls from those of Lambda's poller. */
const CALLER = 'ON-CHANGE';
const SERVICES_A_CLUSTER = 100;
const SECRETS = ['cost/first', 'cost/second'] as const;
/** The timeout of on-change (serverless.yml). */
const TIMEOUT_MS = 270_000;
const PATIENCE_MS = 30 * 60_000;
/** What Lambda itself writes for each invocation: START, END and REPORT. */
const PLATFORM_LOG_BYTES = 400;

/**
 * Rotates two secrets of a simulated fleet, one after the other, and counts what the built function does until each
 * change is settled: by the real clock, within ECS's published quotas, with the settings of a deployed stack.
 */
export async function measure(setup: Setup): Promise<Measured> {
  const stage = await openStage(setup);
  try {
    const cold = await usageOf(stage, SECRETS[0]);
    const warm = await usageOf(stage, SECRETS[1]);
    const started = { ...cold, billedMs: cold.billedMs + startMs() };
    return { cold: started, warm, dimensionSets: [...new Set(stage.lines.flatMap(dimensionsIn))] };
  } finally {
    await stage.close();
  }
}

/** What is counted while changes are handled. */
type Tally = { invocations: number; billedMs: number; pollerRequests: number; problem?: Error };

type Stage = {
  readonly sim: Simulator;
  readonly queues: readonly string[];
  readonly lines: readonly string[];
  readonly tally: Tally;
  delivered(): number;
  close(): Promise<void>;
};

async function openStage({ services, affected, latencyMs, rolloutMs }: Setup): Promise<Stage> {
  const sim = await startSimulator({ region: 'us-east-1', latencyMs, rolloutMs });
  buildFleet(sim, services, affected);
  const { batchingWindowSeconds, cloudTrailDelaySeconds } = deployedTimes();
  const queue = { visibilitySeconds: 300, maxReceiveCount: 5 };
  const changes = sim.world.queue({ name: 'changes', ...queue });
  const cloudtrail = sim.world.queue({ name: 'cloudtrail', ...queue, delaySeconds: cloudTrailDelaySeconds });
  const traffic = carryEvents(sim, { changes: changes.url, cloudtrail: cloudtrail.url });
  const lines: string[] = [];
  const tally: Tally = { invocations: 0, billedMs: 0, pollerRequests: 0 };
  const onChange = await startFunction(FUNCTION, {
    env: {
      ...sim.env,
      AWS_ACCESS_KEY_ID: CALLER,
      CHANGE_QUEUE_URL: changes.url,
    },
    onLine: (line) => void lines.push(line),
    onUsed({ durationMs }) {
      tally.invocations++;
      tally.billedMs += durationMs;
    },
  });
  const sources = [changes, cloudtrail].map((source) =>
    startEventSource({
      queue: simulatedQueue(sim, source),
      windowMs: batchingWindowSeconds * 1000,
      invoke: async (event) => answerOf(await onChange.invoke(event, TIMEOUT_MS)),
      onDone(
        size,
        comeBack,
        problem = comeBack > 0 ? new Error(`on-change reported ${comeBack} messages as failed`) : undefined,
      ) {
        // One call to receive and one to delete for up to ten messages, at least.
        tally.pollerRequests += 2 * Math.ceil(size / 10);
        if (problem !== undefined) tally.problem = problem;
      },
    }),
  );
  return {
    sim,
    queues: [changes.url, cloudtrail.url],
    lines,
    tally,
    delivered: () => traffic().reduce((sum, { queue: on, count }) => sum + (on === undefined ? 0 : count), 0),
    async close() {
      await Promise.all(sources.map((source) => source.stop()));
      await onChange.stop();
      await sim.close();
    },
  };
}

/** Every service has a revision of its own, as after years of deployments. Each secret has its own services. */
function buildFleet({ world }: Simulator, services: number, affected: number): void {
  const secrets = SECRETS.map((name) => world.secret({ name }));
  const firstOther = affected * secrets.length;
  for (let index = 0; index < services; index++) {
    const own = index < firstOther ? secrets[index % secrets.length] : undefined;
    world.service({
      cluster: `cluster-${Math.floor(index / SERVICES_A_CLUSTER)}`,
      name: `service-${index}`,
      secrets: [own?.arn ?? `/other/${index}`, '/shared/key'],
      desired: 2,
    });
  }
}

async function usageOf(stage: Stage, secret: string): Promise<Usage> {
  const { sim, tally, lines } = stage;
  const before = { ...tally, lines: lines.length, delivered: stage.delivered() };
  sim.ledger.clearCalls();
  sim.rotateSecret(secret);
  await quiet(stage);
  const calls = [...sim.ledger.calls, ...sim.ledger.unknown].filter(
    ({ accessKeyId }) => accessKeyId === CALLER,
  );
  const invocations = tally.invocations - before.invocations;
  return {
    invocations,
    billedMs: tally.billedMs - before.billedMs,
    calls: callsByGroup(calls),
    delivered: stage.delivered() - before.delivered,
    pollerRequests: tally.pollerRequests - before.pollerRequests,
    ownEvents: calls.reduce((sum, call) => sum + entriesIn(call), 0),
    logBytes: bytesOf(lines.slice(before.lines)) + invocations * PLATFORM_LOG_BYTES,
  };
}

/** Waits until no message is left, including delayed ones. */
async function quiet({ sim, queues, tally, lines }: Stage): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (queues.some((url) => sim.messagesIn(url).length > 0)) {
    if (tally.problem !== undefined)
      throw new Error(`on-change failed:\n${lines.slice(-5).join('\n')}`, { cause: tally.problem });
    if (Date.now() > end)
      throw new Error('the change is not settled after half an hour: messages are left on the queues');
    await sleep(500);
  }
}

/** The phase that Lambda calls INIT: from the start of Node until the bundle is imported. */
function startMs(): number {
  const startedAt = performance.now();
  spawnSync(process.execPath, [`dist/${FUNCTION}/index.mjs`]);
  return Math.ceil(performance.now() - startedAt);
}
