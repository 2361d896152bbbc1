import type { Trust } from '../core/confirm/trust.ts';
import type { Limits } from '../core/follow-up/backoff.ts';
import type { Change } from '../core/model/change.ts';
import type { Policy } from '../core/plan/policy.ts';
import type { Ports } from '../ports.ts';
import type { Journal } from '../telemetry/journal.ts';

/** What every step of an invocation may use: ports, settings and the journal. */
export type StepContext = {
  readonly ports: Ports;
  readonly policy: Policy;
  readonly scope: Scope;
  readonly journal: Journal;
  readonly follow: Follow;
  /** The account of this stack; undefined if neither Lambda, the queue nor its URL says it. */
  readonly account?: string | undefined;
  /** Its Region. */
  readonly region?: string | undefined;
  /** Whose events count beside those of this account and Region; undefined: no others. */
  readonly trust?: Trust | undefined;
  /** Keeps for the sweep what events told of secrets that AWS may not describe here. */
  readonly hear: (changes: readonly Change[]) => void;
  /** Aborted 30 s before the invocation ends; what is not read by then is left to the next invocation. */
  readonly reading: AbortSignal;
};

/** Globs of cluster names; those of a request (`narrowed`) can only narrow. An empty list selects every cluster. */
export type Scope = { readonly configured: readonly string[]; readonly narrowed: readonly string[] };

/** How long changes are followed, and when they are looked at again. */
export type Follow = Limits & {
  /** The delay of the first follow-up. */
  readonly firstSeconds: number;
};
