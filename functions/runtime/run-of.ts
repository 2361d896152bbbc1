import { setMaxListeners } from 'node:events';
import { RESERVE_MS } from '../core/model/limits.ts';
import { AccessAsked } from '../pipeline/read/access.ts';
import { NeedsAsked } from '../pipeline/read/needs.ts';
import type { Run } from '../pipeline/run.ts';
import type { Journal } from '../telemetry/journal.ts';
import type { Dependencies } from './connect.ts';

/** The longest time that a timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Aborts the reading in time before the invocation ends. */
export function readingTimer(remainingMs: number): { readonly signal: AbortSignal; clear(): void } {
  const reading = new AbortController();
  setMaxListeners(0, reading.signal);
  const readingMs = Math.max(0, Math.min(remainingMs - RESERVE_MS, MAX_TIMER_MS));
  const timer = setTimeout(() => reading.abort(new Error('the time for reading is over')), readingMs);
  return { signal: reading.signal, clear: () => clearTimeout(timer) };
}

/** What one invocation runs on: a Lambda invocation, or a command at the terminal. */
export function runOf(
  dependencies: Pick<Dependencies, 'config' | 'ports' | 'fleets' | 'lostAnswers'>,
  journal: Journal,
  reading: AbortSignal,
  remainingMs: () => number,
): Run {
  const { config, ports, fleets, lostAnswers } = dependencies;
  return {
    ports,
    policy: { ...config.policy, tagPrefix: config.tagPrefix },
    scope: { configured: config.policy.clusters, narrowed: [] },
    fleets,
    lostAnswers,
    needs: new NeedsAsked(),
    access: new AccessAsked(),
    follow: config.followUp,
    region: config.region,
    trust: config.trust,
    journal,
    hear: (changes) => fleets.snapshot.hear(changes),
    heard: () => fleets.snapshot.heard({ journal, reading }),
    reading,
    remainingMs,
  };
}
