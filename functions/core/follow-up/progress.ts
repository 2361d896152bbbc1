import { nameOf, type ServiceArn, type ServiceKey, serviceIn } from '../model/arn.ts';
import type { Decision, Verdict } from '../model/decision.ts';
import { primaryOf, type Service } from '../model/fleet.ts';
import { isDenied, type Outcome } from '../model/outcome.ts';
import { waveOf } from '../model/tags.ts';
import { isRollingBack } from '../plan/evidence.ts';
import { verdictsFor } from '../plan/plan.ts';
import type { Result } from '../plan/planned.ts';
import { strongest } from '../plan/precedence.ts';
import { reasonHas } from '../plan/reasons.ts';
import { type FollowUp, type OpenService, openKey } from './follow-up.ts';

/** A service that a change no longer waits for. */
export type Closed = {
  readonly service: ServiceArn;
  readonly cluster: string;
  readonly how: 'fresh' | 'failed' | 'skipped';
  /** It was open in an earlier look. */
  readonly wasOpen: boolean;
  /** What is still to be told; undefined where a record has said it when it happened. */
  readonly decision: Decision | undefined;
  /** As it is now; undefined if it exists no more. */
  readonly now: Service | undefined;
};

/** Where a change stands after a look. */
export type Progress<One extends FollowUp = FollowUp> = {
  readonly followUp: One;
  readonly closed: readonly Closed[];
  /** The services that are open, with what they wait for. */
  readonly waiting: readonly {
    readonly service: ServiceArn;
    readonly cluster: string;
    readonly reason: string;
  }[];
  /** Services that wait for something else than in the look before. */
  readonly transitions: readonly Decision[];
  /** Services whose rollout is still under way. */
  readonly stuck: readonly Pick<Closed, 'service' | 'cluster' | 'now'>[];
  /** Redeploys of this look. */
  readonly accepted: number;
  /** Services that we may not redeploy. */
  readonly denied: readonly OpenService[];
  /** Something has been redeployed or followed since the first look. */
  readonly moved: boolean;
  /** The earliest instant at which a new look may find something to do, where it is known. */
  readonly until: number | undefined;
  /** An answer was lost: ECS must be given time to show what became of the call. */
  readonly unsure: boolean;
};

/** Which services follow-ups are about: those that ECS described, and those that it refused to describe. */
export type Seen = { readonly described: ReadonlySet<ServiceKey>; readonly refused: ReadonlySet<ServiceKey> };

/** Where the change stands after these results. */
export function progressOf<One extends FollowUp>(
  before: One,
  results: readonly Result[],
  seen: Seen,
): Progress<One> {
  const openBefore = new Map(before.open.map((open) => [openKey(open), open]));
  const states = results.flatMap((result) => stateOf(result, before, openBefore) ?? []);
  const matched = new Set(states.map(({ key }) => key));
  const unmatched = [...openBefore].filter(([key]) => !matched.has(key));
  const refused = unmatched.filter(([key]) => seen.refused.has(key)).map(([, one]) => one);
  const open = [...states.flatMap((state) => state.open ?? []), ...refused];
  const closed = [
    ...states.flatMap((state) => state.closed ?? []),
    ...unmatched
      .filter(([key]) => !seen.refused.has(key))
      .map(([key, one]) => vanished(key, one, seen.described)),
  ];
  const failedWaves = states.flatMap(({ failedWave }) => failedWave ?? []);
  const tally = {
    redeployed: before.tally.redeployed + states.filter(({ accepted }) => accepted).length,
    fresh: before.tally.fresh + count(closed, 'fresh'),
    failed: before.tally.failed + count(closed, 'failed'),
    skipped: before.tally.skipped + count(closed, 'skipped'),
    left: before.tally.left + states.filter(({ left }) => left).length,
  };
  const failedWave = Math.min(before.failedWave ?? Infinity, ...failedWaves);
  const untils = states.flatMap(({ until }) => until ?? []);
  return {
    followUp: {
      ...before,
      open,
      tally,
      failedWave: Number.isFinite(failedWave) ? failedWave : null,
      hop: before.hop + 1,
    },
    closed,
    waiting: [
      ...states.flatMap(({ waiting }) => waiting ?? []),
      ...refused.map(({ cluster, name }) => ({
        service: serviceIn(cluster, name),
        cluster: nameOf(cluster),
        reason: 'unreadable',
      })),
    ],
    transitions: states.flatMap(({ news }) => news ?? []),
    stuck: states.flatMap(({ stuck }) => stuck ?? []),
    denied: states.flatMap(({ denied }) => denied ?? []),
    accepted: states.filter(({ accepted }) => accepted).length,
    moved: before.open.length > 0 || tally.redeployed > 0,
    until: untils.length === 0 ? undefined : Math.min(...untils),
    unsure: states.some(({ unsure }) => unsure),
  };
}

type State = {
  readonly key: ServiceKey;
  readonly accepted: boolean;
  readonly unsure: boolean;
  readonly open?: OpenService;
  readonly closed?: Closed;
  readonly waiting?: Progress['waiting'][number];
  readonly news?: Decision;
  readonly stuck?: Progress['stuck'][number];
  readonly denied?: OpenService;
  readonly left?: boolean;
  readonly failedWave?: number;
  readonly until?: number;
};

/** How one service stands to this one change; undefined if it has nothing to do with it. */
function stateOf(
  { planned, decision: together, outcome }: Result,
  { changeId, hop }: FollowUp,
  openBefore: ReadonlyMap<ServiceKey, OpenService>,
): State | undefined {
  const own = strongest(verdictsFor(planned, changeId));
  const { service } = planned;
  const before = openBefore.get(service.key);
  // Another message of the same change may be about it.
  if (own === undefined || (hop > 0 && before === undefined)) return undefined;
  // What another change demands is no reason for this one.
  const decision: Decision = own.action === 'skip' ? { ...together, ...own } : together;
  const base = { key: service.key, accepted: false, unsure: false };
  const about = { service: service.arn, cluster: service.cluster.name, now: service };
  const close = (how: Closed['how'], told?: Decision): State => ({
    ...base,
    closed: { ...about, how, wasOpen: before !== undefined, decision: told },
    left: how === 'skipped' && reasonHas('leavesStale', decision.reason),
    ...(how === 'failed' && { failedWave: waveOf(service) }),
  });
  const keepOpen = (reason: string, deploymentId: string | null): State => ({
    ...base,
    accepted: outcome?.result === 'accepted',
    unsure: outcome?.result === 'unknown',
    open: {
      cluster: service.cluster.arn,
      name: service.name,
      deploymentId,
      ours: outcome?.result === 'accepted' || (before?.ours === true && before.deploymentId === deploymentId),
      lastLogged: logKey(decision, outcome),
    },
    waiting: { service: service.arn, cluster: service.cluster.name, reason },
    ...(before !== undefined &&
      before.deploymentId !== null &&
      before.deploymentId === deploymentId && { stuck: about }),
    ...(isTransition(decision, outcome, before) && { news: decision }),
    ...(own.action === 'wait' && own.until !== undefined && { until: own.until }),
    // It waits for nothing but the next invocation.
    ...(reason === 'out-of-time' && { until: 0 }),
  });
  if (own.action === 'skip') return close(howClosed(own), decision);
  if (outcome !== undefined) {
    const denied = {
      cluster: service.cluster.arn,
      name: service.name,
      deploymentId: null,
      ours: false,
      lastLogged: logKey(decision),
    };
    const state = afterOutcome(outcome, close, keepOpen);
    return isDenied(outcome) ? { ...state, denied } : state;
  }
  if (decision.action === 'skip') return close(howClosed(decision), decision);
  const primary = primaryOf(service);
  // A rollback is nothing to be followed: its coming to an end is no success.
  const isAdopted = own.reason === 'rolling-out' && !isRollingBack(planned.evidence);
  const followed = isAdopted ? primary?.id : before?.deploymentId;
  return keepOpen(decision.reason ?? own.reason ?? 'redeploy', followed ?? null);
}

function afterOutcome(
  outcome: Outcome,
  close: (how: Closed['how']) => State,
  keepOpen: (reason: string, deploymentId: string | null) => State,
): State {
  switch (outcome.result) {
    case 'accepted':
      return keepOpen('rolling-out', outcome.deploymentId);
    case 'gone':
      return close('skipped');
    case 'failed':
      // What a person must permit is not tried again by itself: its message ends in the dead-letter queue.
      return outcome.error.retryable && outcome.error.missingAction === undefined
        ? keepOpen(outcome.error.code, null)
        : close('failed');
    case 'unknown':
      return keepOpen(outcome.error.code, null);
    case 'not-executed':
      return outcome.why === 'out-of-time' ? keepOpen('out-of-time', null) : close('skipped');
    default:
      return outcome satisfies never;
  }
}

/** What a call came to is told when it is made. */
function isTransition(
  decision: Decision,
  outcome: Outcome | undefined,
  before: OpenService | undefined,
): boolean {
  return before !== undefined && outcome === undefined && before.lastLogged !== logKey(decision);
}

/** In the words of the log: two looks that would say the same say it once. */
function logKey({ action, reason }: Verdict | Decision, outcome?: Outcome): string {
  return outcome?.result === 'accepted' ? 'wait rolling-out' : [action, reason].filter(Boolean).join(' ');
}

function howClosed({ reason }: Verdict | Decision): Closed['how'] {
  if (reason === 'already-fresh') return 'fresh';
  return reason === 'rollout-failed' ? 'failed' : 'skipped';
}

/** It exists no more, or refers to what changed no more: either way no task of it runs on the old value. */
function vanished(key: ServiceKey, { cluster }: OpenService, seen: ReadonlySet<ServiceKey>): Closed {
  const name = key.slice(key.indexOf('/') + 1);
  const service = serviceIn(cluster, name);
  return {
    service,
    cluster: nameOf(cluster),
    how: seen.has(key) ? 'fresh' : 'skipped',
    wasOpen: true,
    decision: undefined,
    now: undefined,
  };
}

function count(closed: readonly Closed[], how: Closed['how']): number {
  return closed.filter((one) => one.how === how).length;
}
