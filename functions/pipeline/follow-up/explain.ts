import type { Change } from '../../core/model/change.ts';
import { mainFailure } from '../../core/model/failure.ts';
import type { Service } from '../../core/model/fleet.ts';
import { type Explained, type Shown, suspicion } from '../../core/report/advice.ts';
import { type Held, restoreAdvice } from '../../core/report/restore.ts';
import type { StepContext } from '../context.ts';

/** The most services for which one look asks ECS why their tasks stopped. */
export const MAX_EXPLAINED = 20;

/** ECS keeps service deployments for 90 days (functions/README.md, Deployments). */
const KEPT_MS = 90 * 86_400_000;

/**
 * Says why the new tasks of a service failed, and what helps. A resource is described once for all services. What AWS does
 * not show is missing in the explanation: a failure is recorded in any case.
 */
export function explainer(
  changes: readonly Change[],
  run: StepContext,
): (service: Service | undefined) => Promise<Explained> {
  const described = new Map<string, Promise<Held | undefined>>();
  const held = (change: Change) => {
    const asked = described.get(change.arn) ?? heldNow(change, run);
    described.set(change.arn, asked);
    return asked;
  };
  const since = Math.min(...changes.map(({ changedAt }) => changedAt));
  return async (service) => {
    const shown = service === undefined ? NOTHING : await shownBy(service, since, run);
    const failure = mainFailure(shown.tasks, since);
    const found = suspicion(failure, changes, shown);
    const advised = 'suspect' in found ? restoreAdvice(found.suspect, await held(found.suspect)) : found;
    return { ...(failure && { failure }), ...advised };
  };
}

const NOTHING: Shown = { tasks: [], deployments: [] };

async function shownBy(service: Service, since: number, { ports, reading }: StepContext): Promise<Shown> {
  const deploymentsSince = since - KEPT_MS;
  const question = { service, deploymentsSince, askTasks: false, unanswered: 'decide' } as const;
  const [stopped, evidence] = await Promise.all([
    ports.ecs.stoppedTasks(service, reading).catch(() => []),
    ports.ecs.answer(question, reading).catch(() => ({})),
  ]);
  const { serviceDeployments = [] }: { readonly serviceDeployments?: Shown['deployments'] } = evidence;
  return { tasks: 'why' in stopped ? [] : stopped, deployments: serviceDeployments };
}

async function heldNow({ kind, arn }: Change, { ports, reading }: StepContext): Promise<Held | undefined> {
  try {
    if (kind === 'parameter') {
      const found = await ports.parameters.describe(arn, reading);
      return found && { ...found, kind };
    }
    const description = await ports.secrets.describe(arn, reading);
    return description && { kind: 'secret', description };
  } catch {
    return undefined;
  }
}
