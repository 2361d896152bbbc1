import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { dice } from '../../support/dice.ts';
import { type Carrier, carryInProcess } from '../../support/wire.ts';
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

/** The results of a run, for the judges. */
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
  /** The number of messages that were moved back from the dead-letter queue after the faults had ended. */
  readonly redriven: number;
  /** Whether the run had to be ended because its work did not end by itself. */
  readonly endless: boolean;
};

export type Told = {
  readonly record: LogRecord;
  readonly invocation: number;
  /** When it was written. */
  readonly at: number;
};

const HOUR = 3_600_000;
/** A run that has work for longer counts as endless. */
const LONGEST_MS = 100 * HOUR;
const MOST_INVOCATIONS = 4_000;
/** Pauses of a millisecond each, which suffice for the import of a module. */
const MOST_PAUSES = 5_000;
/** The time after the last message in which every rollout that can end does end: a pause can last for a day. */
const AFTERWARDS_MS = 60 * HOUR;

/** Performs a scenario in simulated time and hands the results to `judge`. */
export async function run<T>(scenario: Scenario, judge: (run: Run) => T): Promise<T> {
  const { seed, settings } = scenario;
  const timeline = createTimeline();
  const { clock } = timeline;
  const { lagMs, taskLagMs, ecsLagMs = 0 } = settings;
  const sim = await startSimulator({
    throttling: false,
    now: clock.now,
    rolloutMs: 20_000,
    seed,
    lagMs,
    taskLagMs,
    ecsLagMs,
  });
  const log: Line[] = [];
  const restore = [
    virtualTimers(),
    captureLog((line, life) =>
      log.push({ line, invocation: (life as CallingProcess).latest.id, at: clock.now() }),
    ),
    setEnvironment(sim.env),
    seedRandom(seed),
  ];
  try {
    const happened = await happen(scenario, sim, timeline, (carry) => restore.push(carryInProcess(carry)));
    clock.advance(AFTERWARDS_MS);
    sim.advance();
    const { built } = happened;
    return judge({
      // A service that is never created is as one that is not in the scenario.
      scenario: { ...scenario, services: scenario.services.filter(({ name }) => built.services.has(name)) },
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

type Line = { readonly line: string; readonly invocation: number; readonly at: number };

function told({ line, ...rest }: Line): readonly Told[] {
  const record = recordIn(line);
  return record === undefined ? [] : [{ record, ...rest }];
}

/**
 * Performs the scenario with its faults. Then the faults end, the messages of the dead-letter queue are moved back, and
 * if an event was dropped, sweeps look for the changes that no event reported.
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
  const stage = { sim, built, timeline, lambda, queues };
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

/** Runs the sweeps; whether the work that they cause ends. */
async function sweepUntilQuiet(timeline: Timeline, lambda: Lambda): Promise<boolean> {
  for (let sweeps = 0; sweeps < SWEEPS; sweeps++) {
    const now = timeline.clock.now();
    timeline.at(now + SWEEP_AFTER_MS, () => lambda.beginSweep(true));
    if (!(await untilQuiet(timeline, lambda, now + LONGEST_MS))) return false;
  }
  return true;
}

/** Advances simulated time until no work is left; false if the work does not end. */
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
    if (pauses > MOST_PAUSES)
      throw new Error(
        'waited for the invocations to wait for simulated time, but one waits for something else',
      );
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

/** Seeds Math.random, from which the SDK's pauses and ours take their jitter. */
function seedRandom(seed: number): () => void {
  const { random } = Math;
  const roll = dice(seed * 101 + 3);
  Math.random = () => roll.next();
  return () => {
    Math.random = random;
  };
}
