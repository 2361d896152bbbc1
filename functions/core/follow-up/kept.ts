import type { Service } from '../model/fleet.ts';
import { type Rollout, type ShownRollout, shownRollout } from '../model/rollout.ts';
import { waveOf } from '../model/tags.ts';
import type { OpenService, SeenRollout } from './follow-up.ts';
import { type Advance, type Look, logKey, type Waiting } from './look.ts';
import {
  keyWithState,
  ranBeforeOf,
  seenRollout,
  stateBefore,
  type Transition,
  tasksIn,
} from './seen-rollout.ts';

/** The change goes on waiting for the service. `deploymentId`: the deployment that is followed from now on, if any. */
export function kept(look: Look, reason: string, deploymentId: string | null): Advance {
  const { planned, before, now } = look;
  const { service } = planned;
  const rollout = rolloutIn(look);
  const seen = seenRollout(rollout, service, before?.deploymentId === deploymentId ? before : undefined, now);
  const shown = shownRollout(rollout, seen?.since ?? now, now);
  const open = openIn(look, deploymentId, seen, shown);
  const transition = transitionOf(look, open, shown);
  return {
    key: service.key,
    next: {
      kind: 'open',
      open,
      waiting: { ...waitingIn(service, reason), ...(shown && { state: shown.state, since: shown.since }) },
      ...untilOf(look, reason),
      alarms: seen?.alarmed === true && before?.rollout?.alarmed !== true,
      unsure: look.outcome?.result === 'unknown',
    },
    ...(transition && { transition }),
    ...(reason === 'earlier-wave' && { heldWave: waveOf(service) }),
    accepted: look.outcome?.result === 'accepted',
  };
}

/** What the deployment is doing that the service waits for; undefined if the service waits for something else. */
function rolloutIn({ own, decision, outcome }: Look): Rollout | undefined {
  const isWaiting = outcome === undefined && own.action === 'wait' && decision.reason === own.reason;
  return isWaiting ? own.rollout : undefined;
}

function openIn(
  { planned: { service }, decision, outcome, before }: Look,
  deploymentId: string | null,
  seen: SeenRollout | undefined,
  shown: ShownRollout | undefined,
): OpenService {
  const accepted = outcome?.result === 'accepted';
  const isSame = before !== undefined && before.deploymentId === deploymentId;
  const same = isSame ? before.ranBefore : undefined;
  const ranBefore = accepted ? ranBeforeOf(service) : same;
  return {
    cluster: service.cluster.arn,
    name: service.name,
    deploymentId,
    ours: accepted || (isSame && before.ours),
    lastLogged: keyWithState(logKey(decision, outcome), shown),
    ...(seen && { rollout: seen }),
    ...(ranBefore !== undefined && { ranBefore }),
  };
}

/** The outcome of a call is recorded when the call is made, so it is not recorded as a transition again. */
function transitionOf(
  { decision, outcome, before, planned: { service }, now }: Look,
  { lastLogged }: OpenService,
  shown: ShownRollout | undefined,
): Transition | undefined {
  if (before === undefined || outcome !== undefined || before.lastLogged === lastLogged) return undefined;
  const { deployment: _, ...rest } = decision;
  const after = stateBefore(before, now, shown);
  return {
    ...rest,
    ...(shown && { deployment: shown }),
    ...(after && { after }),
    ...(shown?.state === 'tasks-failing' && { tasks: tasksIn(service, before), failing: service }),
  };
}

function waitingIn({ arn, cluster }: Service, reason: string): Waiting {
  return { service: arn, cluster: cluster.name, reason };
}

/** A service for which there was no time waits only for the next invocation. */
function untilOf({ own }: Look, reason: string): { readonly until?: number } {
  if (reason === 'out-of-time') return { until: 0 };
  return own.action === 'wait' && own.until !== undefined ? { until: own.until } : {};
}
