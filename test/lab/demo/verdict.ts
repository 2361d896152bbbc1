import type { Expectation } from './member.ts';
import type { Wave } from './waves.ts';

/** How one service ended. */
export type EndState = {
  readonly service: string;
  readonly expect: Expectation;
  /** Deployments by any of the functions under test. */
  readonly deployments: number;
  /** Running tasks that hold an old value. */
  readonly staleTasks: number;
};

export type End = {
  readonly states: readonly EndState[];
  /** Calls that asked for the value of a secret or a parameter. */
  readonly valuesRead: number;
  /** Whether every message was handled and every rollout had ended within the time limit of the demo. */
  readonly settled: boolean;
  /** Whether on-change itself reports that no service waits for the change any more. */
  readonly changes: readonly { readonly change: string; readonly settled: boolean }[];
  /** Whether the sweep found the service whose event was lost. */
  readonly lostEvent: { readonly service: string; readonly isFound: boolean };
  readonly waves: readonly Pick<Wave, 'wave' | 'firstAcceptedAt' | 'lastGoneAt'>[];
};

/** The tasks are looked at in intervals, so the end of a task is seen this much later at most. */
const SEEN_LATE_MS = 250;

/** Compares the end with what was expected. Returns every problem, in plain words. */
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
