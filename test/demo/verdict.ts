import type { Expectation } from './member.ts';
import type { Wave } from './waves.ts';

/** How one service ended. */
export type EndState = {
  readonly service: string;
  readonly expect: Expectation;
  /** Deployments by the service under test, whichever of its functions made them. */
  readonly deployments: number;
  /** Running tasks that hold an old value. */
  readonly staleTasks: number;
};

export type End = {
  readonly states: readonly EndState[];
  /** Calls that asked for a value. */
  readonly valuesRead: number;
  /** Whether every message was finished with and every rollout had ended before the demo lost its patience. */
  readonly settled: boolean;
  /** Whether the service itself says that nothing waits for the change any more. */
  readonly changes: readonly { readonly change: string; readonly settled: boolean }[];
  /** Whether the sweep named the service of whose change no event told. */
  readonly lostEvent: { readonly service: string; readonly isFound: boolean };
  readonly waves: readonly Pick<Wave, 'wave' | 'firstAcceptedAt' | 'lastGoneAt'>[];
};

/** That a task has gone is seen by looking now and then. */
const SEEN_LATE_MS = 250;

/** Holds the end against what was expected; answers everything that is wrong, in plain words. */
export function judge({ states, valuesRead, settled, changes, lostEvent, waves }: End): readonly string[] {
  const reads =
    valuesRead === 0 ? [] : [`calls that asked for the value of a secret or a parameter: ${valuesRead}`];
  const late = settled ? [] : ['messages or rollouts were left when the time was over'];
  const open = changes.filter((one) => !one.settled).map(({ change }) => `${change}: was not settled`);
  const early = waves
    .filter((one) =>
      waves.some((other) => other.wave < one.wave && other.lastGoneAt - SEEN_LATE_MS > one.firstAcceptedAt),
    )
    .map(({ wave }) => `wave ${wave} was redeployed before the earlier ones were fresh`);
  const lost = lostEvent.isFound ? [] : [`${lostEvent.service}: the sweep did not find it`];
  return [...states.flatMap(problemsOf), ...reads, ...late, ...open, ...early, ...lost];
}

function problemsOf(state: EndState): readonly string[] {
  const { service, expect, staleTasks } = state;
  const stale =
    expect !== 'left-alone' && staleTasks > 0
      ? [`${service}: tasks that still hold an old value: ${staleTasks}`]
      : [];
  return [...deploymentProblems(state), ...stale];
}

function deploymentProblems({ service, expect, deployments }: EndState): readonly string[] {
  if (expect !== 'redeployed') {
    return deployments === 0 ? [] : [`${service}: was redeployed and should have been left alone`];
  }
  if (deployments === 0) return [`${service}: was not redeployed`];
  return deployments === 1 ? [] : [`${service}: was redeployed ${deployments} times instead of once`];
}
