import { dice } from '../e2e/dice.ts';
import { type Simulator, startSimulator } from '../simulator/index.ts';
import { act } from './act.ts';
import { type Built, buildWorld } from './build-world.ts';
import { type Call, type CallingProcess, makeCarrier } from './carry.ts';
import { Lambda } from './lambda.ts';
import { captureLog, type LogRecord, recordIn } from './log.ts';
import type { Invocation } from './processes.ts';
import { createQueues, type Queues } from './queues.ts';
import type { Scenario } from './scenario.ts';
import { isSwept, SWEEP_AFTER_MS, SWEEPS } from './sweep.ts';
import { createTimeline, quiet, realPause, type Timeline, virtualTimers } from './time.ts';
import { type Carrier, carryInProcess } from './wire.ts';

/** What a run leaves behind, for whoever judges it. */
export type Run = {
  readonly scenario: Scenario;
  readonly sim: Simulator;
  readonly built: Built;
  readonly queues: Queues;
  readonly startedAt: number;
  readonly calls: readonly Call[];
  readonly invocations: readonly Invocation[];
  readonly lines: readonly string[];
  readonly records: readonly Told[];
  /** Messages that came out of the dead-letter queue when everything worked again. */
  readonly redriven: number;
  /** It did not come to an end by itself. */
  readonly endless: boolean;
};

export type Told = { readonly record: LogRecord; readonly invocation: number };

const HOUR = 3_600_000;
/** No run has work for longer. */
const LONGEST_MS = 30 * HOUR;
const MOST_INVOCATIONS = 1_500;
/** Of a millisecond each: for the import of a module there is time enough. */
const MOST_PAUSES = 5_000;
/** After the last message every rollout comes to the end that it has. */
const AFTERWARDS_MS = 3 * HOUR;

/** Lets everything in a scenario happen, in simulated time, and hands what came of it to `judge`. */
export async function run<T>(scenario: Scenario, judge: (run: Run) => T): Promise<T> {
  const { seed, settings } = scenario;
  const timeline = createTimeline();
  const { clock } = timeline;
  const { lagMs, taskLagMs } = settings;
  const sim = await startSimulator({
    throttling: false,
    now: clock.now,
    rolloutMs: 20_000,
    seed,
    lagMs,
    taskLagMs,
  });
  const log: Line[] = [];
  const restore = [
    virtualTimers(),
    captureLog((line, life) => log.push({ line, invocation: (life as CallingProcess).latest.id })),
    setEnvironment(sim.env),
    seedRandom(seed),
  ];
  try {
    const happened = await happen(scenario, sim, timeline, (carry) => restore.push(carryInProcess(carry)));
    clock.advance(AFTERWARDS_MS);
    sim.advance();
    return judge({
      scenario,
      sim,
      lines: log.map(({ line }) => line),
      records: log.flatMap(told),
      ...happened,
    });
  } finally {
    for (const undo of restore.toReversed()) undo();
    await sim.close();
  }
}

type Line = { readonly line: string; readonly invocation: number };

function told({ line, invocation }: Line): readonly Told[] {
  const record = recordIn(line);
  return record === undefined ? [] : [{ record, invocation }];
}

/**
 * First with everything that goes wrong; then all is mended, what is in the dead-letter queue is put back, and where an
 * event was dropped a sweep looks for what nobody told of.
 */
async function happen(
  scenario: Scenario,
  sim: Simulator,
  timeline: Timeline,
  connect: (carry: Carrier) => void,
): Promise<Omit<Run, 'scenario' | 'sim' | 'lines' | 'records'>> {
  const startedAt = timeline.clock.now();
  const built = buildWorld(sim, scenario, startedAt);
  const queues = createQueues(sim, scenario, timeline);
  const lambda = new Lambda(scenario.settings, timeline, queues);
  const calls: Call[] = [];
  connect(
    makeCarrier(scenario, {
      sim,
      timeline,
      startedAt,
      isMended: () => lambda.isMended,
      kill: (process) => lambda.kill(process),
      log: (call) => calls.push(call),
    }),
  );
  const stage = { sim, built, timeline, coldStart: () => lambda.coldStart(), send: queues.send };
  for (const action of scenario.actions) timeline.at(startedAt + action.at, () => act(action, stage));
  const until = startedAt + LONGEST_MS;
  const isQuiet = await untilQuiet(timeline, lambda, until);
  lambda.mend();
  const redriven = await queues.redrive();
  const endless =
    !isQuiet ||
    !(await untilQuiet(timeline, lambda, until)) ||
    (isSwept(scenario) && !(await sweepUntilQuiet(timeline, lambda)));
  return { built, queues, startedAt, calls, invocations: lambda.invocations, redriven, endless };
}

/** Whether what the sweeps find comes to an end. */
async function sweepUntilQuiet(timeline: Timeline, lambda: Lambda): Promise<boolean> {
  for (let sweeps = 0; sweeps < SWEEPS; sweeps++) {
    const now = timeline.clock.now();
    timeline.at(now + SWEEP_AFTER_MS, () => lambda.beginSweep());
    if (!(await untilQuiet(timeline, lambda, now + LONGEST_MS))) return false;
  }
  return true;
}

/** Whether nothing is left to do: false, if there always is. */
async function untilQuiet(timeline: Timeline, lambda: Lambda, until: number): Promise<boolean> {
  const { clock, next, step } = timeline;
  for (;;) {
    await untilAllWait(lambda);
    if (lambda.nextDue() <= clock.now()) {
      await lambda.beginNext();
      continue;
    }
    const soonest = Math.min(next(), lambda.nextDue());
    if (soonest === Infinity) return true;
    if (soonest > until || lambda.invocations.length > MOST_INVOCATIONS) return false;
    if (soonest === next()) step();
    else clock.set(soonest);
  }
}

async function untilAllWait(lambda: Lambda): Promise<void> {
  await quiet();
  for (let pauses = 0; !lambda.isWaiting(); pauses++) {
    if (pauses > MOST_PAUSES) throw new Error('an invocation waits for something that never happens');
    await realPause();
  }
}

function setEnvironment(values: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, values);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}

/** The SDK's pauses are random, and so are ours. */
function seedRandom(seed: number): () => void {
  const { random } = Math;
  const roll = dice(seed * 101 + 3);
  Math.random = () => roll.next();
  return () => {
    Math.random = random;
  };
}
