import type { Service } from '../../core/model/fleet.ts';
import { type Evidence, oldOnesIn, type Question } from '../../core/plan/evidence.ts';
import { isDenied, isRefusal, isVanished, readFailed } from '../errors.ts';
import type { EcsReads } from './calls.ts';
import { serviceDeploymentsOf } from './service-deployments.ts';
import { stoppedTasks, tasksOf } from './tasks.ts';

/**
 * A service whose details ECS refuses is unreadable. Throws ReadFailed if ECS does not answer and the question does not
 * say what that means.
 */
export async function answer(reads: EcsReads, question: Question, signal: AbortSignal): Promise<Evidence> {
  const { service } = question;
  try {
    return await ask(reads, question, signal);
  } catch (error) {
    if (question.unanswered === 'decide' && !signal.aborted) return {};
    // The recheck before the write finds the service gone.
    if (isVanished(error)) return {};
    const failure = readFailed(`read the deployments and tasks of service ${service.arn}`, error);
    if (signal.aborted || (question.unanswered === undefined && !isRefusal(error))) throw failure;
    return { unreadable: failure.message, ...(isDenied(error) && { denied: true }) };
  }
}

async function ask(reads: EcsReads, question: Question, signal: AbortSignal): Promise<Evidence> {
  const { service, askTasks, askStopped } = question;
  const [serviceDeployments, tasks, stopped] = await Promise.all([
    serviceDeploymentsOf(reads, question, signal),
    askTasks ? tasksOf(reads, service, signal) : undefined,
    askStopped ? stoppedOf(reads, service, signal) : undefined,
  ]);
  const ended = serviceDeployments ?? (await endedDeployments(reads, question, stopped, signal));
  return {
    ...(ended && { serviceDeployments: ended }),
    ...(tasks && { tasks }),
    ...(stopped && { stopped }),
  };
}

/** Where no stopped task shows when the old ones ended, the end of the service deployment does. */
async function endedDeployments(
  reads: EcsReads,
  question: Question,
  stopped: Evidence['stopped'],
  signal: AbortSignal,
): Promise<Evidence['serviceDeployments']> {
  const { endOf } = question;
  if (endOf === undefined || oldOnesIn(stopped, endOf).length > 0) return undefined;
  return serviceDeploymentsOf(reads, { ...question, deploymentsSince: endOf }, signal);
}

/** Stopped tasks explain a decision and change none: without them it is made all the same. */
async function stoppedOf(
  reads: EcsReads,
  service: Service,
  signal: AbortSignal,
): Promise<NonNullable<Evidence['stopped']>> {
  try {
    const stopped = await stoppedTasks(reads, service, signal);
    return 'why' in stopped ? 'refused' : stopped;
  } catch (error) {
    if (signal.aborted) throw error;
    return 'refused';
  }
}
