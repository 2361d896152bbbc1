import type { TrueState } from '../../simulator/index.ts';
import { concerns } from './judge-reasons.ts';
import type { Run, Told } from './run.ts';
import { beganAt, skewOf } from './truth.ts';
import { secondsIn, type Violation, violation } from './violation.ts';

/** The states of a deployment, in the words of the records and of the simulator. */
const STATES: readonly string[] = [
  'progressing',
  'draining',
  'baking',
  'awaiting-approval',
  'tasks-failing',
  'cannot-place',
  'rolled-back',
  'failed',
  'succeeded',
] satisfies readonly TrueState[];

/** What a record says about the state of a deployment: one of these is true. */
type Claim = {
  readonly states: readonly string[];
  readonly since?: number;
  /** Whether a deployment may have been in this state before, and another one has taken its place. */
  readonly past?: true;
};

/** The states of `stuck`: the deployment does not end, and nothing is known that will end it. */
const NEVER_ENDING = ['progressing', 'tasks-failing', 'cannot-place'];
/** The states after which a deployment has not brought the new value. */
const ENDED_BADLY = ['failed', 'rolled-back'];

/** The violations by records that say something else about a deployment than what was true at that instant. */
export function stateProblems(run: Run): readonly Violation[] {
  return run.records.flatMap((told) => {
    const claim = claimOf(told);
    const { service } = told.record;
    if (claim === undefined || service === undefined) return [];
    const truths = statesAround(run, service, told);
    const [event, said] = [told.record.event, claim.states.join(' or ')];
    if (truths.length === 0) return [];
    if (!isTrueOf(run, service, claim, told)) {
      const was = truths.map(({ state }) => state).join(', ');
      return [say(`${event} ${said} of ${nameIn(run, service)}, which was ${was}`, run, told)];
    }
    const { since } = claim;
    const spans = truths.filter(({ state }) => claim.states.includes(state));
    if (isDisturbed(run, service, told) || isUnshown(run, service, told) || spans.length === 0) return [];
    const earliest = Math.min(...spans.map((one) => one.since));
    // A look that is late saw the same state of the deployment before, and takes it for that of this one.
    const { ecsLagMs = 0 } = run.scenario.settings;
    const from = earliest - toleranceOf(run) - ecsLagMs;
    if (since === undefined || (since >= from && since <= told.at + toleranceOf(run))) return [];
    const spoken = `since ${secondsIn(run, since)}, truly since ${secondsIn(run, earliest)}`;
    return [say(`${event} ${said} of ${nameIn(run, service)} ${spoken}`, run, told)];
  });
}

function say(what: string, run: Run, { at }: Told): Violation {
  return violation('tells-the-true-state', `${what} (${secondsIn(run, at)})`);
}

/** The statement in `state` and `since`, or in the reason of a failure; undefined if there is none. */
function claimOf({ record }: Told): Claim | undefined {
  const { event, reason = '' } = record;
  const state = record['state'];
  if (typeof state === 'string' && STATES.includes(state))
    return { states: [state], ...sinceOf(record['since']) };
  if (event !== 'service.failed') return undefined;
  // An UpdateService that was refused is `failed` as well, and says with what error.
  if (reason === 'failed' && record['error'] !== undefined) return undefined;
  if (reason === 'stuck') return { states: NEVER_ENDING };
  if (reason === 'rollout-failed') return { states: ENDED_BADLY, past: true };
  if (ENDED_BADLY.includes(reason)) return { states: [reason], past: true, ...sinceOf(record['since']) };
  return STATES.includes(reason) ? { states: [reason], ...sinceOf(record['since']) } : undefined;
}

/** Records tell an instant as an ISO text or in milliseconds. */
function sinceOf(value: unknown): { readonly since?: number } {
  const since = typeof value === 'string' ? Date.parse(value) : value;
  return typeof since === 'number' && Number.isFinite(since) ? { since } : {};
}

export type TrueStateSince = { readonly state: TrueState; readonly since: number };

/** Every state that a service was in while the invocation that wrote a record ran; none if it has no deployments. */
export function statesAround(run: Run, arn: string, told: Told): readonly TrueStateSince[] {
  if (!isKnown(run, arn)) return [];
  const { ecsLagMs = 0 } = run.scenario.settings;
  const from = beganAt(run, told) - ecsLagMs;
  const transitions = run.sim.statesOf({ arn });
  const first = transitions.findLast((one) => one.at <= from);
  const later = transitions.filter((one) => one.at > from && one.at <= told.at);
  return [...(first === undefined ? [] : [first]), ...later].map((one) => ({
    state: one.state,
    since: one.at,
  }));
}

/** Whether a service was in one of these states by the time of a record, even if it is in another one now. */
export function hasBeen(run: Run, arn: string, states: readonly string[], { at }: Told): boolean {
  if (!isKnown(run, arn)) return false;
  return run.sim.statesOf({ arn }).some((one) => one.at <= at && states.includes(one.state));
}

function isTrueOf(run: Run, service: string, { states, past }: Claim, told: Told): boolean {
  const truths = statesAround(run, service, told).map(({ state }) => state);
  const truly = (state: TrueState) => truths.includes(state);
  if (truths.some((state) => states.includes(state))) return true;
  // A deployment that nothing takes back has failed because its tasks fail.
  if (states.includes('tasks-failing') && truly('failed')) return hasBeen(run, service, states, told);
  const isOfTasks = states.includes('tasks-failing') || states.includes('cannot-place');
  if (isOfTasks && (isDisturbed(run, service, told) || isUnshown(run, service, told))) return true;
  return (past === true || isUnshown(run, service, told)) && hasBeen(run, service, states, told);
}

/** Whether ECS did not show the service deployments or the tasks, without which the end of some cannot be seen. */
function isUnshown(run: Run, service: string, { invocation }: Told): boolean {
  const plan = run.scenario.services.find(({ name }) => run.built.services.get(name) === service);
  return run.calls.some(
    (call) =>
      call.invocation === invocation &&
      call.fault !== undefined &&
      UNSHOWN.test(call.operation) &&
      (plan === undefined || concerns(run, plan, call)),
  );
}

/** Without these reads neither the end of a deployment is seen nor whether its tasks have stopped. */
const UNSHOWN = /^(?:List|Describe)(?:ServiceDeployments|Tasks)$/;

/** A stopped task counts as a failure of its deployment for so long. */
const RECENT_MS = 20 * 60_000;

/**
 * Whether tasks crashed, or the desired count changed, in the middle of it: ECS then shows failed tasks in a deployment that
 * goes on, and new tasks that are all up before their deployment has got to them.
 */
export function isDisturbed({ scenario, startedAt, built }: Run, arn: string, { at }: Told): boolean {
  return scenario.actions.some(
    (action) =>
      (action.do === 'replace' || action.do === 'scale') &&
      built.services.get(action.service) === arn &&
      startedAt + action.at <= at &&
      at - RECENT_MS <= startedAt + action.at,
  );
}

function isKnown({ built }: Run, arn: string): boolean {
  return [...built.services.values()].includes(arn);
}

export function nameIn({ built }: Run, arn: string): string {
  return [...built.services].find(([, known]) => known === arn)?.[0] ?? arn;
}

/** The clocks of the processes are wrong by so much, and events and answers carry whole seconds. */
function toleranceOf(run: Run): number {
  return 1_000 + skewOf(run);
}
