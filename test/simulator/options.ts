import { randomInt } from 'node:crypto';
import type { Place } from './place.ts';

/** What a test may choose; everything has a default that suits most tests. */
export interface SimulatorOptions {
  readonly account?: string;
  readonly region?: string;
  readonly partition?: string;
  /** The clock in epoch milliseconds; the world moves when it does. Default: the real one. */
  readonly now?: () => number;
  /** With a real clock the world also moves by itself, this often (ms; 0 = only when looked at). Default 100. */
  readonly tickMs?: number;
  /** 1 = AWS's published limits, 0.5 = half of them, `false` or 0 = never throttle. Default 1. */
  readonly throttling?: number | boolean;
  /** Real milliseconds that a call takes. Default 0. */
  readonly latencyMs?: number | ((service: string, operation: string) => number);
  /** How long a change of a secret stays invisible to readers of Secrets Manager. Default 0. */
  readonly lagMs?: number;
  /** The same for tasks that read a secret as they start. Default 0. */
  readonly taskLagMs?: number;
  /** How long a rollout takes unless the service says otherwise. Default 2000. */
  readonly rolloutMs?: number;
  /** When between `createdAt` (0) and `startedAt` (1) a task reads its secrets. Default 0.5. */
  readonly readsAt?: number;
  /** Tasks that refer to a secret or parameter that never existed cannot start, as on AWS. Default false. */
  readonly unknownResourcesFail?: boolean;
  /** Whether CreateSecret with a value fires the native event (AWS-FACTS 2.1: unknown). Default true. */
  readonly nativeEventOnCreate?: boolean;
  /** Makes ids repeatable. Default: random. */
  readonly seed?: number;
}

/** The options once their defaults are filled in. */
export interface SimulatorSettings {
  readonly place: Place;
  readonly now: () => number;
  readonly tickMs: number;
  readonly throttleFactor: number;
  readonly latencyMs: (service: string, operation: string) => number;
  readonly lagMs: number;
  readonly taskLagMs: number;
  readonly rolloutMs: number;
  readonly readsAt: number;
  readonly unknownResourcesFail: boolean;
  readonly nativeEventOnCreate: boolean;
  readonly seed: number;
}

/** Fills in the defaults. */
export function settle(options: SimulatorOptions): SimulatorSettings {
  const { latencyMs = 0, throttling = 1 } = options;
  return {
    place: {
      account: options.account ?? '111122223333',
      region: options.region ?? 'eu-west-1',
      partition: options.partition ?? 'aws',
    },
    now: options.now ?? Date.now,
    tickMs: options.tickMs ?? (options.now === undefined ? 100 : 0),
    throttleFactor: Number(throttling),
    latencyMs: typeof latencyMs === 'function' ? latencyMs : () => latencyMs,
    lagMs: options.lagMs ?? 0,
    taskLagMs: options.taskLagMs ?? 0,
    rolloutMs: options.rolloutMs ?? 2000,
    readsAt: options.readsAt ?? 0.5,
    unknownResourcesFail: options.unknownResourcesFail ?? false,
    nativeEventOnCreate: options.nativeEventOnCreate ?? true,
    seed: options.seed ?? randomInt(2 ** 32 - 1),
  };
}
