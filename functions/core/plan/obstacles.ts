import type { ServiceAccess } from '../model/access.ts';
import type { ServiceKey } from '../model/arn.ts';
import { about, CURRENT, PENDING, PREVIOUS, REQUEST } from '../model/change.ts';
import { type Obstacle, skip, type Verdict, wait } from '../model/decision.ts';
import type { Service } from '../model/fleet.ts';
import type { SecretDescription } from '../model/secret.ts';
import { askedAs, isResolvedAtStart, type Need } from './needs.ts';
import { HOUR_MS, type Policy } from './policy.ts';
import type { MatchVerdict } from './verdict.ts';

/** What AWS shows of a resource that a service needs. Instants are in milliseconds. */
export type Condition =
  | { readonly kind: 'standing' | 'unknown' }
  /** No task can read it. `seenAt`: when AWS was asked. */
  | {
      readonly kind: 'gone';
      readonly problem: 'not-found' | 'scheduled-for-deletion';
      readonly seenAt: number;
    }
  /** A rotation has stored a new value and not made it current. `since`: the last change of the secret in any way. */
  | { readonly kind: 'rotating'; readonly since: number };

/** By the name under which AWS was asked (`askedAs`). */
export type Conditions = ReadonlyMap<string, Condition>;

/** What was seen to be gone for the first time at `at`; a follow-up carries it to the next look. */
export type Missing = { readonly id: string; readonly at: number };

/** What stands against a redeploy of one service. */
export type Obstacles = {
  readonly found: readonly Obstacle[];
  /** What is done instead of a redeploy that no person asked for; undefined: it is redeployed, with a warning. */
  readonly verdict?: Verdict;
  /** What is gone, with the first look that saw it. */
  readonly missing: readonly Missing[];
  /** Whether the execution role can read what a new task needs; undefined: it was not asked. */
  readonly access?: ServiceAccess;
};

/** The setting PREFLIGHT, and what was found out because of it. */
export type Preflight = { readonly mode: Policy['preflight']; readonly access?: ServiceAccess };

/** Services against whose redeploy something stands. */
export type ObstaclesByService = ReadonlyMap<ServiceKey, Obstacles>;

/** Reads are eventually consistent: what is gone is believed to be gone when it still is after this time. */
const BELIEVED_AFTER_MS = 60_000;

/** `now`: when DescribeSecret was asked. */
export function conditionOf(secret: SecretDescription | undefined, now: number): Condition {
  if (secret === undefined) return { kind: 'gone', problem: 'not-found', seenAt: now };
  if (secret.deletedAt !== undefined) return { kind: 'gone', problem: 'scheduled-for-deletion', seenAt: now };
  return isRotating(secret) ? { kind: 'rotating', since: secret.lastChangedAt ?? 0 } : { kind: 'standing' };
}

/**
 * The database has the new password between the second and the last step of a rotation (functions/README.md, Events).
 * Some rotations leave AWSPENDING at the version that has become current, where it stays when another version takes its place.
 */
function isRotating({ rotationEnabled, labelsOf }: SecretDescription): boolean {
  const isPending = [...labelsOf.values()].some(
    (labels) => labels.includes(PENDING) && !labels.includes(CURRENT) && !labels.includes(PREVIOUS),
  );
  return rotationEnabled === true && isPending;
}

/** What stands against a redeploy of the service now. `before`: what an earlier look saw to be gone. */
export function obstaclesTo(
  service: Service,
  needs: readonly Need[],
  conditions: Conditions,
  before: readonly Missing[],
  now: number,
  { mode, access }: Preflight,
): Obstacles {
  const gone = needs.flatMap((need) => goneNeed(need, conditions, before));
  const rotating = needs.flatMap((need) => rotatingNeed(need, conditions));
  const isBlocked = mode === 'block';
  const verdict =
    verdictOnGone(service, gone, isBlocked) ??
    (isBlocked ? verdictOnAccess(access) : undefined) ??
    verdictOnRotating(rotating, now);
  const found = [...gone, ...rotating].map(({ obstacle }) => [JSON.stringify(obstacle), obstacle] as const);
  return {
    found: [...new Map(found).values()],
    ...(verdict !== undefined && { verdict }),
    missing: gone.map(({ id, firstAt }) => ({ id, at: firstAt })),
    ...(access !== undefined && { access }),
  };
}

type Gone = {
  readonly obstacle: Obstacle;
  readonly id: string;
  readonly firstAt: number;
  readonly seenAt: number;
};
type Rotating = { readonly obstacle: Obstacle; readonly since: number };

function goneNeed(need: Need, conditions: Conditions, before: readonly Missing[]): readonly Gone[] {
  const id = askedAs(need);
  const condition = conditions.get(id);
  // An application that reads a resource by itself starts without it.
  if (condition?.kind !== 'gone' || !isResolvedAtStart(need.reference)) return [];
  const { seenAt, problem } = condition;
  const firstAt = Math.min(seenAt, ...before.filter((one) => one.id === id).map(({ at }) => at));
  return [{ obstacle: obstacleOf(need, problem), id, firstAt, seenAt }];
}

function rotatingNeed(need: Need, conditions: Conditions): readonly Rotating[] {
  const condition = conditions.get(askedAs(need));
  if (condition?.kind !== 'rotating') return [];
  return [{ obstacle: obstacleOf(need, 'rotation-unfinished'), since: condition.since }];
}

function obstacleOf(
  { target: { kind, id }, reference: { valueFrom } }: Need,
  problem: Obstacle['problem'],
): Obstacle {
  return { problem, kind, arn: id, valueFrom };
}

/**
 * New tasks cannot start. Where ECS stops no task before a new one runs, the old ones keep running, and the redeploy does
 * no harm; it is made, unless everything that cannot start is to be blocked.
 */
function verdictOnGone(
  { minimumHealthyPercent }: Service,
  gone: readonly Gone[],
  isBlocked: boolean,
): Verdict | undefined {
  if (gone.length === 0 || (minimumHealthyPercent >= 100 && !isBlocked)) return undefined;
  const isBelieved = gone.some(({ firstAt, seenAt }) => seenAt - firstAt >= BELIEVED_AFTER_MS);
  const firstAt = Math.min(...gone.map((one) => one.firstAt));
  return isBelieved ? skip('reference-gone') : wait('unreadable', firstAt + BELIEVED_AFTER_MS);
}

/** Only what is certain blocks. What is gone was decided before: that it is has to be seen twice. */
function verdictOnAccess(access: ServiceAccess | undefined): Verdict | undefined {
  const isCertain = access?.findings.some(
    ({ certainty, cause }) => certainty === 'cannot' && cause !== 'resource-gone',
  );
  return isCertain ? skip('cannot-read') : undefined;
}

/** AWSPENDING stays after a rotation that failed, and nothing shows its age: after an hour it is no reason to wait. */
function verdictOnRotating(rotating: readonly Rotating[], now: number): Verdict | undefined {
  const until = Math.max(0, ...rotating.map(({ since }) => since + HOUR_MS));
  return until > now ? wait('rotation-unfinished', until) : undefined;
}

/** What a person asks for is done: for a request the obstacles are a warning. */
export function besideObstacles(
  judged: readonly MatchVerdict[],
  obstacles: ObstaclesByService,
): readonly MatchVerdict[] {
  if (obstacles.size === 0) return judged;
  return judged.map(({ match, verdict }) => {
    const instead = obstacles.get(match.service.key)?.verdict;
    const isStopped = verdict.action === 'redeploy' && about(match.subject).source !== REQUEST;
    return { match, verdict: isStopped && instead !== undefined ? instead : verdict };
  });
}

/** What a decision says of the obstacles: of a redeploy, and of what is decided because of them. */
export function shownFor({ action, reason }: Verdict, obstacles: Obstacles | undefined): readonly Obstacle[] {
  const isAbout = action === 'redeploy' || (reason !== null && reason === obstacles?.verdict?.reason);
  return isAbout ? (obstacles?.found ?? []) : [];
}

/** What a decision says of the access of the role: of a redeploy, and of what is skipped because of it. */
export function accessFor(
  { action, reason }: Verdict,
  obstacles: Obstacles | undefined,
): ServiceAccess | undefined {
  return action === 'redeploy' || reason === 'cannot-read' ? obstacles?.access : undefined;
}
