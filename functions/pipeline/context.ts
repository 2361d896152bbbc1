import type { Policy } from '../core/plan/policy.ts';
import type { Ports } from '../ports.ts';
import type { Journal } from '../telemetry/journal.ts';

/** What each step of an invocation may touch and is told. */
export type StepContext = {
  readonly ports: Ports;
  readonly policy: Policy;
  readonly scope: Scope;
  readonly journal: Journal;
  readonly follow: Follow;
  /** Aborted 30 s before the invocation ends: what has not been read by then is left to the next one. */
  readonly reading: AbortSignal;
};

/** Globs of cluster names: the configuration's, and a request's, which can only narrow; none: it does not. */
export type Scope = { readonly configured: readonly string[]; readonly narrowed: readonly string[] };

/** How long changes are followed, and how often they are looked at again. */
export type Follow = {
  readonly firstSeconds: number;
  /** From the first handling of a change on, in milliseconds. */
  readonly limitMs: number;
};
