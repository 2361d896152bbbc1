import { EVERY_CONDITION, grantedActions } from '../../infra/template.ts';
import { MARKER } from './build-world.ts';
import { adviceProblems } from './judge-advice.ts';
import { deploymentProblems } from './judge-deployments.ts';
import { endProblems } from './judge-ends.ts';
import { limitProblems } from './judge-limits.ts';
import { orderProblems } from './judge-order.ts';
import { reasonProblems } from './judge-reasons.ts';
import { settlingProblems } from './judge-settling.ts';
import { stalenessProblems } from './judge-staleness.ts';
import { stateProblems } from './judge-states.ts';
import { sweepProblems } from './judge-sweep.ts';
import type { Invocation } from './processes.ts';
import type { Run } from './run.ts';
import { settingsOf } from './truth.ts';
import { secondsIn, type Violation, violation } from './violation.ts';

/** The promises that a run broke, judged from the simulator's ledger, the calls, the queues and the log. */
export function judge(run: Run): readonly Violation[] {
  return [
    ...ending(run),
    ...manners(run),
    ...deploymentProblems(run),
    ...orderProblems(run),
    ...limitProblems(run),
    ...stateProblems(run),
    ...reasonProblems(run),
    ...endProblems(run),
    ...adviceProblems(run),
    ...(run.endless ? [] : [...stalenessProblems(run), ...sweepProblems(run), ...settlingProblems(run)]),
  ];
}

function ending({ endless, invocations, queues }: Run): readonly Violation[] {
  // A sweep or a request that cannot read AWS tells its caller by an error.
  const thrown = invocations.filter(
    (one) => one.thrown !== undefined && (one.of === 'on-change' || !one.hit),
  );
  return [
    ...(endless
      ? [
          violation(
            'ends',
            `${queues.open()} messages are still on the queues after ${invocations.length} invocations`,
          ),
        ]
      : []),
    ...thrown.map((one) => violation('never-throws', `invocation ${one.id}: ${String(one.thrown)}`)),
  ];
}

function manners(run: Run): readonly Violation[] {
  const { sim, calls, lines } = run;
  const updates = calls.filter(({ operation }) => operation === 'UpdateService');
  const odd = updates.find(
    ({ input }) => Object.keys(input).sort().join() !== 'cluster,forceNewDeployment,service',
  );
  return [
    ...sim.ledger.forbidden.map(({ operation }) => violation('reads-no-value', operation)),
    ...beyondItsRole(run),
    ...lines
      .filter((line) => line.includes(MARKER))
      .map((line) => violation('logs-no-value', line.slice(0, 300))),
    ...updates
      .filter(({ invocation }) => settingsOf(run, invocation)['MODE'] === 'observe')
      .map(({ at }) => violation('observes-only', `UpdateService ${secondsIn(run, at)}`)),
    ...(odd === undefined ? [] : [violation('sends-nothing-else', JSON.stringify(odd.input))]),
  ];
}

/** The violations by calls that the role of the calling function does not grant. */
function beyondItsRole({ calls, invocations }: Run): readonly Violation[] {
  const odd = new Set(
    calls.flatMap(({ service, operation, invocation }) => {
      const name = invocations[invocation - 1]?.of;
      const action = `${service}:${operation}`;
      return name === undefined || grantedTo(name).has(action) ? [] : [`${name} calls ${action}`];
    }),
  );
  return [...odd].map((what) => violation('stays-within-its-role', what));
}

/** The actions by function, read from infra/ once. */
const granted = new Map<Invocation['of'], ReadonlySet<string>>();

function grantedTo(name: Invocation['of']): ReadonlySet<string> {
  const actions = granted.get(name) ?? new Set(grantedActions(name, EVERY_CONDITION));
  granted.set(name, actions);
  return actions;
}
