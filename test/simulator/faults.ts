import type { Input } from './input.ts';

export type FaultKind =
  | 'throttle'
  | 'server-error'
  | 'access-denied'
  | 'client-error'
  | 'reset-before'
  | 'reset-after'
  | 'hang'
  | 'malformed'
  | 'cut'
  | 'altered';

/** Faults that damage only the answer: the call has its effect. */
const PERFORMED: ReadonlySet<FaultKind> = new Set(['reset-after', 'malformed', 'cut', 'altered']);

/** A fault that the next matching calls have. */
export interface Fault {
  /** `ecs`, `secretsmanager`, `ssm`, `sqs`, `s3` or `events`; any when absent. */
  readonly service?: string;
  /** `*` for every operation. */
  readonly operation: string;
  readonly match?: (input: Input) => boolean;
  readonly kind: FaultKind;
  /** How many calls it hits; 1 when absent, Infinity for all. */
  readonly times?: number;
  /** The call is not answered before this resolves. */
  readonly after?: () => Promise<unknown>;
  /** Whether the call still has its effect; by default only for `reset-after`, `malformed`, `cut` and `altered`. */
  readonly performs?: boolean;
  /** Replaces the error's code and message (`client-error` and `server-error`). */
  readonly code?: string;
  readonly message?: string;
  /** The HTTP status of a `client-error`; 400 when absent. */
  readonly status?: number;
  /** What an `altered` answer says instead of this one. */
  readonly alter?: (body: unknown) => unknown;
}

/** A fault that hit one call. */
export interface Hit extends Fault {
  readonly performs: boolean;
}

/** The faults that wait for their calls, in the order in which they were added. */
export interface Faults {
  /** Adds a fault and returns a function that withdraws the rest of it. */
  add(fault: Fault): () => void;
  clear(): void;
  /** The first fault for this call, which counts as one use of it; for the dispatcher. */
  take(service: string, operation: string, input: Input): Hit | undefined;
}

/** No faults yet. */
export function createFaults(): Faults {
  const waiting = new Set<{ readonly fault: Fault; left: number }>();
  return {
    add(fault) {
      const entry = { fault, left: fault.times ?? 1 };
      waiting.add(entry);
      return () => {
        waiting.delete(entry);
      };
    },
    clear: () => waiting.clear(),
    take(service, operation, input) {
      for (const entry of waiting) {
        if (!hits(entry.fault, service, operation, input)) continue;
        entry.left -= 1;
        if (entry.left <= 0) waiting.delete(entry);
        const { fault } = entry;
        return { ...fault, performs: fault.performs ?? PERFORMED.has(fault.kind) };
      }
      return undefined;
    },
  };
}

function hits(fault: Fault, service: string, operation: string, input: Input): boolean {
  if (fault.service !== undefined && fault.service !== service) return false;
  if (fault.operation !== '*' && fault.operation !== operation) return false;
  return fault.match?.(input) ?? true;
}
