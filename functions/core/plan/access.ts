import { looksFull } from '../match/subject-index.ts';
import type {
  AccessFinding,
  ReadAction,
  ResourceFact,
  RoleFact,
  Simulation,
  SimulationFact,
  Unanswered,
} from '../model/access.ts';
import { CURRENT, PREVIOUS } from '../model/change.ts';
import { followedLabel, type Target } from '../model/reference.ts';
import {
  isRoleElsewhere,
  isShownHere,
  keyFactOf,
  type RoleNeed,
  simulationsFor,
} from './access-questions.ts';

/** What was found out about one role and one reference. */
export type AccessFacts = {
  readonly role: RoleFact;
  readonly resource: ResourceFact;
  readonly answerTo: (simulation: Simulation) => SimulationFact;
  /** When AWS was asked, in milliseconds. */
  readonly now: number;
};

/** Reads are eventually consistent: a label that a younger secret does not show may be on its way. */
const SETTLED_AFTER_MS = 60_000;

/** What speaks against the role reading the resource; nothing if nothing does. Each finding is about one action at most. */
export function findingsOn(need: RoleNeed, facts: AccessFacts): readonly AccessFinding[] {
  const { role } = need;
  const about = aboutNeed(need, facts.resource);
  if (role === undefined)
    return [about({ kind: 'unknown', cause: 'not-shown', why: 'ECS does not show the task definition' })];
  if (role === null) return [about({ kind: 'probably-cannot', cause: 'no-role' })];
  if (isRoleElsewhere(role, need)) return [about({ kind: 'unknown', cause: 'elsewhere' })];
  if (facts.role.kind === 'gone') return [about({ kind: 'cannot', cause: 'role-gone' })];
  const { resource } = facts;
  if (resource.kind === 'gone') return [about({ kind: 'cannot', cause: 'resource-gone' })];
  if (resource.kind === 'unanswered') return [about(unknown(resource))];
  const asked = simulationsFor(role, need, resource).map((one) => ({ one, fact: facts.answerTo(one) }));
  return [
    ...roleProblem(
      facts.role,
      asked.map(({ fact }) => fact),
    ).map(about),
    ...versionProblem(need.target, resource, facts.now).map(about),
    ...keyProblem(need.target, resource).map(about),
    ...asked.flatMap(({ one, fact }) => problemOf(one, fact, need, resource).map(about)),
  ];
}

type Problem = { readonly kind: AccessFinding['certainty'] } & Omit<
  AccessFinding,
  'certainty' | 'role' | 'kind' | 'arn' | 'valueFrom'
>;

function aboutNeed({ role, target, reference }: RoleNeed, resource: ResourceFact) {
  const arn = 'arn' in resource ? resource.arn : target.id;
  return ({ kind: certainty, ...problem }: Problem): AccessFinding => ({
    certainty,
    role: role ?? null,
    kind: target.kind,
    arn,
    valueFrom: reference.valueFrom,
    ...problem,
  });
}

function unknown({ why, missingAction }: Omit<Unanswered, 'kind'>): Problem {
  return {
    kind: 'unknown',
    cause: 'not-shown',
    why,
    ...(missingAction !== undefined && { missingAction }),
  };
}

type Shown = Exclude<ResourceFact, { kind: 'gone' | 'unanswered' }>;

/** A simulation that succeeds shows that the role exists; one that fails for the same reason says so itself. */
function roleProblem(role: RoleFact, answers: readonly SimulationFact[]): readonly Problem[] {
  if (role.kind !== 'unanswered') return [];
  const isTold = answers.some((fact) => fact.kind !== 'unanswered' || fact.why === role.why);
  return isTold ? [] : [unknown(role)];
}

/** The label and the version that the reference names must exist, and belong together. */
function versionProblem(target: Target, resource: Shown, now: number): readonly Problem[] {
  if (resource.kind !== 'secret' || target.named === 'pass-through') return [];
  const { labelsOf, changedAt, version } = resource;
  const label = followedLabel(target);
  const isLabelled = [...labelsOf].some(
    ([id, labels]) => labels.includes(label) && id === (target.versionId ?? id),
  );
  const isNamedByLabel = target.label !== null || target.versionId === null;
  if (target.versionId !== null && !labelsOf.has(target.versionId)) {
    if (version === undefined || version.kind === 'unanswered')
      return [unknown(version ?? { why: 'it was not asked about the version' })];
    if (version.kind === 'none') return [missingVersion(changedAt, now)];
  }
  return isLabelled || !isNamedByLabel ? [] : [missingVersion(changedAt, now)];
}

function missingVersion(changedAt: number, now: number): Problem {
  const isSettled = now - changedAt > SETTLED_AFTER_MS;
  return { kind: isSettled ? 'cannot' : 'probably-cannot', cause: 'no-version' };
}

function keyProblem(target: Target, resource: Shown): readonly Problem[] {
  const key = keyFactOf(resource);
  if (key === undefined) return [];
  if (key.kind === 'unanswered') return [{ ...unknown(key), action: 'kms:Decrypt' }];
  const isUnusable = key.kind === 'gone' || !key.usable;
  const kind = isItsKey(target, resource) ? 'cannot' : 'probably-cannot';
  return isUnusable ? [{ kind, cause: 'key-unusable', action: 'kms:Decrypt' }] : [];
}

function problemOf(
  { action, resource: arn }: Simulation,
  fact: SimulationFact,
  need: RoleNeed,
  resource: Shown,
): readonly Problem[] {
  if (fact.kind === 'unanswered') return [{ ...unknown(fact), action }];
  if (fact.kind === 'allowed') return isShownHere(need) ? [] : [{ kind: 'unknown', cause: 'elsewhere' }];
  return [
    {
      ...judged(fact, action, need, resource),
      action,
      ...(action === 'kms:Decrypt' && { key: arn }),
      deniedBy: fact.by,
      ...(fact.missing.length > 0 && { conditionKeys: fact.missing }),
      ...(!fact.explicit &&
        fact.by !== 'organization' && { statement: { Effect: 'Allow', Action: action, Resource: arn } }),
    },
  ];
}

type Denied = Extract<SimulationFact, { kind: 'denied' }>;
type Judged = Pick<Problem, 'kind' | 'cause' | 'why' | 'missingAction'>;

/** How much a denial in the simulator tells about a request of ECS; the first line that applies decides. */
function judged(
  { explicit, by, missing }: Denied,
  action: ReadAction,
  need: RoleNeed,
  resource: Shown,
): Judged {
  const cause = explicit ? 'explicit-deny' : 'implicit-deny';
  // IAM shows neither the statements of an organization nor the keys of their conditions.
  if (by === 'organization') return { kind: 'probably-cannot', cause: 'organization-deny' };
  if (missing.length > 0) return { kind: 'unknown', cause: 'condition' };
  if (resource.kind === 'elsewhere')
    return { kind: isNamedWhole(need.target) ? 'probably-cannot' : 'unknown', cause: 'elsewhere' };
  if (isPassedThrough(need.target, action)) return { kind: 'probably-cannot', cause };
  if (explicit) {
    const isSure = action !== 'kms:Decrypt' || isItsKey(need.target, resource);
    return { kind: isSure ? 'cannot' : 'probably-cannot', cause };
  }
  if (action === 'kms:Decrypt') return { kind: 'unknown', cause: 'key-policy' };
  if (resource.policy.kind === 'unanswered') return unknown(resource.policy);
  return resource.policy.kind === 'none'
    ? { kind: 'cannot', cause }
    : { kind: 'probably-cannot', cause: 'resource-policy' };
}

/** A policy for a whole ARN does not match a partial one, so the simulator's answer to a partial one tells nothing. */
function isNamedWhole({ kind, id }: Target): boolean {
  return kind === 'parameter' || looksFull(id);
}

function isPassedThrough({ kind }: Target, action: ReadAction): boolean {
  return kind === 'secret' && action === 'ssm:GetParameters';
}

/**
 * Whether the version that the reference names is encrypted with the key that AWS shows now: Secrets Manager encrypts only the
 * current and the previous one anew for another key, and an alias may have been moved since.
 */
function isItsKey({ label, versionId }: Target, resource: Shown): boolean {
  const isRecent = versionId === null && (label === null || label === CURRENT || label === PREVIOUS);
  const key = keyFactOf(resource);
  return isRecent && !(key !== undefined && 'byAlias' in key);
}
