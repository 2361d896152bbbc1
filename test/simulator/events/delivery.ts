import type { Aws } from '../aws.ts';
import { Context } from '../iam/conditions.ts';
import { evaluate, evaluateResourcePolicy, type Request, trusts } from '../iam/evaluate.ts';
import type { PolicyDocument } from '../iam/policy.ts';
import type { Place } from '../place.ts';
import { enqueue, type Queue } from '../sqs/state.ts';
import type { AwsEvent } from './bus.ts';
import type { EventBusState, RuleState } from './delivery-state.ts';

const EVENTS = 'events.amazonaws.com';

/**
 * Hands an event to the rules of a bus. What may not be delivered goes to the dead-letter queue of its rule at once: EventBridge does not
 * repeat what is not allowed. An event that a rule put on this bus is put on no further bus
 * ({@link https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html}).
 */
export function route(aws: Aws, bus: string, event: AwsEvent, isForwarded = false): void {
  for (const rule of aws.delivery.rules.filter((one) => one.bus === bus && one.matches(event))) {
    const isBus = rule.target.includes(':event-bus/');
    if (isBus && isForwarded) continue;
    const isDelivered = isBus ? forward(aws, rule, event) : send(aws, rule, event);
    if (!isDelivered) bury(aws, rule, event);
  }
}

/** The account and Region with this bus, and the bus; undefined if there is none. */
export function busAt(aws: Aws, arn: string): { readonly aws: Aws; readonly bus: EventBusState } | undefined {
  for (const one of [aws, ...aws.others]) {
    const bus = [...one.delivery.buses.values()].find((candidate) => candidate.arn === arn);
    if (bus !== undefined) return { aws: one, bus };
  }
  return undefined;
}

/** Whether the policy of a bus, and that of the caller where it counts, let an event onto the bus. */
export function mayPut(
  from: Aws,
  to: Place,
  bus: EventBusState,
  caller: { readonly principal: string; readonly isAllowedAtHome: boolean; readonly isRule: boolean },
  event: Pick<AwsEvent, 'source' | 'detail-type'>,
): boolean {
  const { principal, isAllowedAtHome, isRule } = caller;
  const isElsewhere = from.place.account !== to.account;
  const request = putRequest(from, principal, bus.arn, event, isRule && isElsewhere);
  const atBus = evaluateResourcePolicy(bus.policy, request);
  if (atBus.decision === 'explicitDeny' || !isAllowedAtHome) return false;
  return !isElsewhere || atBus.decision === 'allowed' || atBus.leavesItToIam;
}

function forward(aws: Aws, rule: RuleState, event: AwsEvent): boolean {
  const target = busAt(aws, rule.target);
  const role = [...aws.iam.roles.values()].find(({ arn }) => arn === rule.role);
  if (target === undefined || role === undefined || !trusts(role.trust, EVENTS, ofRule(aws, rule)))
    return false;
  const isElsewhere = aws.place.account !== target.aws.place.account;
  const request = putRequest(aws, role.arn, target.bus.arn, event, isElsewhere);
  const isAllowedAtHome = evaluate(role.policies, request).decision === 'allowed';
  const caller = { principal: role.arn, isAllowedAtHome, isRule: true };
  if (!mayPut(aws, target.aws.place, target.bus, caller, event)) return false;
  route(target.aws, target.bus.name, event, true);
  return true;
}

/** The request with which EventBridge puts an event on a bus for a rule or for a caller. */
function putRequest(
  { place, settings }: Aws,
  principal: string,
  resource: string,
  event: Pick<AwsEvent, 'source' | 'detail-type'>,
  isBusInvocation: boolean,
): Request {
  const { organizationId } = settings;
  return {
    principal,
    action: 'events:PutEvents',
    resource,
    context: new Context([
      ['events:source', [event.source]],
      ['events:detail-type', [event['detail-type']]],
      ['events:eventBusInvocation', [String(isBusInvocation)]],
      ['aws:PrincipalAccount', [place.account]],
      ['aws:PrincipalArn', [principal]],
      ['aws:SecureTransport', ['true']],
      ...(organizationId === undefined ? [] : [['aws:PrincipalOrgID', [organizationId]] as const]),
    ]),
  };
}

function send(aws: Aws, rule: RuleState, event: AwsEvent): boolean {
  const queue = queueNamed(aws, rule.target);
  return queue !== undefined && maySend(aws, rule, queue) && put(aws, queue, event);
}

function bury(aws: Aws, rule: RuleState, event: AwsEvent): void {
  const queue = rule.deadLetters === undefined ? undefined : queueNamed(aws, rule.deadLetters);
  if (queue !== undefined && maySend(aws, rule, queue)) put(aws, queue, event);
}

function put(aws: Aws, queue: Queue, event: AwsEvent): true {
  enqueue(
    aws.ids,
    queue,
    { body: JSON.stringify(event), attributes: {}, delaySeconds: undefined },
    aws.now(),
  );
  return true;
}

const queueNamed = ({ sqs }: Aws, arn: string): Queue | undefined =>
  [...sqs.queues.values()].find((queue) => queue.arn === arn);

/** A rule sends to a queue as the service itself, which has no policy but that of the queue. */
function maySend(aws: Aws, rule: RuleState, { arn, policy }: Queue): boolean {
  return isAdmitted(policy, {
    principal: EVENTS,
    action: 'sqs:SendMessage',
    resource: arn,
    context: ofRule(aws, rule),
  });
}

const isAdmitted = (policy: PolicyDocument | undefined, request: Request): boolean =>
  evaluateResourcePolicy(policy, request).decision === 'allowed';

const ofRule = ({ place }: Aws, { arn }: RuleState): Context =>
  new Context([
    ['aws:SourceArn', [arn]],
    ['aws:SourceAccount', [place.account]],
    ['aws:SecureTransport', ['true']],
  ]);
