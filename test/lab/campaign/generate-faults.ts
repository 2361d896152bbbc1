import type { Dice } from '../../support/dice.ts';
import {
  type Action,
  type Death,
  FAULT_KINDS,
  type Fault,
  type FaultKind,
  PAGED_READS,
  READS,
} from './scenario.ts';

const MINUTE = 60_000;

const OPERATIONS = [
  ...READS,
  'UpdateService',
  'UpdateService',
  'UpdateService',
  'SendMessage',
  'SendMessage',
  'PutEvents',
  'PutObject',
] as const;

/** No fault in some runs, faults of single calls in most, faults of all calls for minutes in a few; and deaths. */
export function randomFaults(
  roll: Dice,
  actions: readonly Action[],
): {
  readonly faults: readonly Fault[];
  readonly deaths: readonly Death[];
} {
  const faults = roll.chance(0.2) ? [] : Array.from({ length: roll.int(1, 6) }, () => randomFault(roll));
  const refusals = roll.chance(0.2) ? Array.from({ length: roll.int(1, 2) }, () => refusedRead(roll)) : [];
  const isAsked = actions.some((action) => action.do === 'sweep' || action.do === 'request');
  const ofSweeps = isAsked && roll.chance(0.5) ? [refusedDate(roll)] : [];
  const deaths = roll.chance(0.5)
    ? Array.from({ length: roll.int(1, 3) }, () => ({
        invocation: roll.int(1, 5),
        call: roll.chance(0.8) ? roll.int(1, 12) : roll.int(1, 60),
        after: roll.chance(0.5),
      }))
    : [];
  return { faults: [...faults, ...refusals, ...ofSweeps], deaths };
}

/** The faults of calls that have their effect. */
const LOST_ANSWERS: readonly FaultKind[] = ['timeout-after', 'reset-after', 'malformed'];

/**
 * A message whose sender does not learn that it was sent is sent again with each delivery. If every answer of the queue
 * were lost for long, the messages of a change that waits for hours would multiply, which no queue prevents.
 */
function lasting(forMs: number, kind: FaultKind, operation: string): number {
  const multiplies = LOST_ANSWERS.includes(kind) && (operation === 'SendMessage' || operation === '*');
  return multiplies ? Math.min(forMs, 2 * MINUTE) : forMs;
}

/** The reads with which sweeps and requests date changes. */
const DATES = ['ListSecretVersionIds', 'ListSecretVersionIds', 'ListSecrets', 'DescribeParameters'] as const;

function refusedDate(roll: Dice): Fault {
  const kind = roll.pick(['access-denied', 'client-error', 'invalid-parameter'] as const);
  return { kind, operation: roll.pick(DATES), nth: 1, times: roll.pick([1, 3]) };
}

/** A read that AWS refuses once, several times or for a while. */
function refusedRead(roll: Dice): Fault {
  const kind = roll.pick(['access-denied', 'client-error', 'invalid-parameter', 'expired-token'] as const);
  const operation = roll.pick(kind === 'expired-token' ? PAGED_READS : READS);
  if (roll.chance(0.5)) return { kind, operation, nth: roll.int(1, 4), times: roll.pick([1, 2, 5]) };
  return {
    kind,
    operation,
    at: roll.int(0, 2 * MINUTE),
    forMs: roll.pick([20_000, 3 * MINUTE, 15 * MINUTE]),
  };
}

function randomFault(roll: Dice): Fault {
  const kind = roll.pick(FAULT_KINDS);
  const operation = roll.pick(kind === 'expired-token' ? PAGED_READS : OPERATIONS);
  if (roll.chance(0.15)) {
    const forMs = roll.pick([10_000, 2 * MINUTE, 12 * MINUTE, 40 * MINUTE]);
    const of = roll.chance(0.3) && kind !== 'expired-token' ? '*' : operation;
    return { kind, operation: of, at: roll.int(0, 5 * MINUTE), forMs: lasting(forMs, kind, of) };
  }
  return {
    kind,
    operation,
    nth: roll.int(1, operation === 'UpdateService' ? 3 : 6),
    times: roll.pick([1, 1, 1, 2, 5, 8]),
  };
}
