import type { LogRecord } from './log.ts';
import type { Invocation } from './processes.ts';
import type { Run } from './run.ts';
import { isRefused } from './truth.ts';
import { type Violation, violation } from './violation.ts';

/** Whether a record ends a change: after `change.unsettled` that is not final the change is followed on. */
export function isEnd({ event, final }: LogRecord & { readonly final?: unknown }): boolean {
  return event === 'change.settled' || (event === 'change.unsettled' && final !== false);
}

const OTHER_ENDS: readonly unknown[] = ['change.ignored', 'change.notice'];

/** The violations by events that did not settle once, and by messages that did not end. */
export function settlingProblems(run: Run): readonly Violation[] {
  const { queues, scenario } = run;
  const garbage = new Set(
    scenario.actions.flatMap((action) => (action.do === 'garbage' ? [action.body] : [])),
  );
  const lost = queues.dead().filter((body) => !garbage.has(body) && !hadNoTime(run, [body]));
  return [
    ...lost.map((body) =>
      violation(
        'every-message-ends',
        `a message is in the dead-letter queue though all faults have ended: ${body.slice(0, 200)}`,
      ),
    ),
    ...run.queues.delivered.flatMap(({ event, copies }) =>
      copies === 0 ? [] : eventProblems(run, event.id, copies),
    ),
    ...deadForNothing(run),
  ];
}

function eventProblems(run: Run, id: string, copies: number): readonly Violation[] {
  const about = run.records.filter(({ record }) => (record.changeIds ?? [record.changeId]).includes(id));
  const ends = about.filter(({ record }) => isEnd(record));
  const carriers = run.invocations.filter(({ bodies }) => bodies.some((body) => body.includes(id)));
  const isOver = ends.length > 0 || about.some(({ record }) => OTHER_ENDS.includes(record.event));
  const bodies = carriers.flatMap((one) => one.bodies.filter((body) => body.includes(id)));
  const told = about.map(({ record }) => record.event).join(', ');
  if (!isOver)
    return hadNoTime(run, bodies)
      ? []
      : [violation('settles', `event ${id} did not settle; its records: ${told}`)];
  const isOnce = copies === 1 && run.redriven === 0 && carriers.every((one) => isClean(one));
  return isOnce && ends.length > 1
    ? [
        violation(
          'settles-once',
          `event ${id} settled ${ends.length} times: ${ends.map(({ record }) => record.event).join(', ')}`,
        ),
      ]
    : [];
}

/**
 * Whether a look at one of these messages ended because its time was over, and said so: with few calls a minute no invocation is
 * long enough for a look at what AWS refused to show for long.
 */
function hadNoTime(run: Run, bodies: readonly string[]): boolean {
  if (run.scenario.settings.env['READ_RATE'] === undefined || !run.calls.some(isRefused)) return false;
  const late = new Set(
    run.records.flatMap(({ record, invocation }) =>
      JSON.stringify(record).includes('"TimeIsOver"') ? [invocation] : [],
    ),
  );
  return run.invocations.some((one) => late.has(one.id) && one.bodies.some((body) => bodies.includes(body)));
}

/** Whether an invocation ended and no fault hit it. */
function isClean({ hit, endedAt }: Invocation): boolean {
  return !hit && endedAt !== undefined;
}

/** The maxReceiveCount of infra/queues.yml. */
const DELIVERIES = 5;

/** The messages that reached the dead-letter queue although one of their returns had no fault as its cause. */
function deadForNothing(run: Run): readonly Violation[] {
  const { invocations, scenario } = run;
  // With few calls a minute one invocation is too short for a look at what AWS refused to show for long.
  if (scenario.settings.env['READ_RATE'] !== undefined) return [];
  const garbage = new Set(
    scenario.actions.flatMap((action) => (action.do === 'garbage' ? [action.body] : [])),
  );
  const delivered = new Map<string, Invocation[]>();
  for (const one of invocations)
    for (const [index, id] of one.messages.entries())
      if (!garbage.has(one.bodies[index] ?? '')) delivered.set(id, [...(delivered.get(id) ?? []), one]);
  return [...delivered]
    .filter(
      ([id, those]) =>
        those.length >= DELIVERIES && those.some((one) => isClean(one) && one.returned.has(id)),
    )
    .map(([id, those]) =>
      violation(
        'dead-letters-for-a-reason',
        `message ${id} was received ${those.length} times, though invocation ${those.find(isClean)?.id} had no fault`,
      ),
    );
}
