import { randomInt } from 'node:crypto';
import type { Place } from './place.ts';

/** The options of a simulator; each has a default that suits most tests. */
export interface SimulatorOptions {
  readonly account?: string;
  readonly region?: string;
  readonly partition?: string;
  /** The id of the organization that the account belongs to, o-…. Default: none. */
  readonly organizationId?: string;
  /** The clock in epoch milliseconds that the world follows. Default: the real clock. */
  readonly now?: () => number;
  /** With the real clock the world also advances by itself at this interval (ms; 0 = only with a call). Default 100. */
  readonly tickMs?: number;
  /** 1 = AWS's published limits, 0.5 = half of them, `false` or 0 = never throttle. Default 1. */
  readonly throttling?: number | boolean;
  /** The duration of a call in real milliseconds. Default 0. */
  readonly latencyMs?: number | ((service: string, operation: string) => number);
  /** How long a change of a secret stays invisible to readers of Secrets Manager. Default 0. */
  readonly lagMs?: number;
  /**
   * How long readers of ECS do not see a new service, that one was deleted (in lists), a new deployment, new tags of a
   * service, and (in lists) which tasks were started and stopped. Default 0.
   */
  readonly ecsLagMs?: number;
  /** How long a change of a secret stays invisible to tasks that start. Default 0. */
  readonly taskLagMs?: number;
  /** How long a rollout takes unless the service says otherwise. Default 2000. */
  readonly rolloutMs?: number;
  /** When between `createdAt` (0) and `startedAt` (1) a task reads its secrets. Default 0.5. */
  readonly readsAt?: number;
  /** Whether tasks that refer to a secret or parameter that never existed fail to start, as on AWS. Default false. */
  readonly unknownResourcesFail?: boolean;
  /** Whether tasks fail to start whose execution role may not read what they refer to, as on AWS. Default false. */
  readonly rolesMatter?: boolean;
  /** Whether CreateSecret with a value emits the native event; whether AWS does is unknown. Default true. */
  readonly nativeEventOnCreate?: boolean;
  /** Makes ids repeatable. Default: random. */
  readonly seed?: number;
}

/** The options once their defaults are filled in. */
export interface SimulatorSettings {
  readonly place: Place;
  readonly organizationId: string | undefined;
  readonly now: () => number;
  readonly tickMs: number;
  readonly throttleFactor: number;
  readonly latencyMs: (service: string, operation: string) => number;
  readonly lagMs: number;
  readonly ecsLagMs: number;
  readonly taskLagMs: number;
  readonly rolloutMs: number;
  readonly readsAt: number;
  readonly unknownResourcesFail: boolean;
  readonly rolesMatter: boolean;
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
    organizationId: options.organizationId,
    now: options.now ?? Date.now,
    tickMs: options.tickMs ?? (options.now === undefined ? 100 : 0),
    throttleFactor: Number(throttling),
    latencyMs: typeof latencyMs === 'function' ? latencyMs : () => latencyMs,
    lagMs: options.lagMs ?? 0,
    ecsLagMs: options.ecsLagMs ?? 0,
    taskLagMs: options.taskLagMs ?? 0,
    rolloutMs: options.rolloutMs ?? 2000,
    readsAt: options.readsAt ?? 0.5,
    unknownResourcesFail: options.unknownResourcesFail ?? false,
    rolesMatter: options.rolesMatter === true,
    nativeEventOnCreate: options.nativeEventOnCreate ?? true,
    seed: options.seed ?? randomInt(2 ** 32 - 1),
  };
}
