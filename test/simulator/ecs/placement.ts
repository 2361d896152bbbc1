import type { Aws } from '../aws.ts';
import { plan, primaryOf, type Step } from './progress.ts';
import { say } from './service-events.ts';
import type { Rollout, ServiceState } from './state.ts';
import { enter } from './truth.ts';

/** Whether the cluster has no place for new tasks of this rollout. */
export function cannotPlace({ behaviour, rollingBack }: Rollout): boolean {
  return behaviour.outcome === 'cannot-place' && !rollingBack;
}

/** How many of `size` tasks can be placed; `failAfter` is the share of tasks for which there is a place. */
export function placeable({ desired }: ServiceState, rollout: Rollout, fresh: number, size: number): number {
  if (!cannotPlace(rollout)) return size;
  return Math.min(size, Math.max(0, Math.ceil(desired * rollout.behaviour.failAfter) - fresh));
}

/**
 * Enters the service event and tries again later. No task starts, none stops, and the circuit breaker does not see it.
 * ECS says the same again at growing intervals, here up to a quarter of an hour
 * ({@link https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html}).
 */
export function retryPlacement(
  aws: Aws,
  service: ServiceState,
  rollout: Rollout,
  at: number,
  resume: Step,
): void {
  const primary = primaryOf(service);
  say(service, rollout.behaviour.event, at);
  enter(service, 'cannot-place', at);
  if (rollout.behaviour.countsPlacement && !primary.hasRun) primary.failedTasks += 1;
  const wait = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** Math.min(rollout.attempts, 10));
  rollout.attempts += 1;
  plan(aws, service, rollout, at + wait, resume);
}

const SHORTEST_MS = 15_000;
const LONGEST_MS = 900_000;
