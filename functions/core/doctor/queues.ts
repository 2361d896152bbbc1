import type { Blueprint, PlannedQueue, PlannedRule, PlannedSource } from './blueprint.ts';
import { type Check, judged, ofAnswer, warning, wrong } from './check.ts';
import type { Answer, EventSource, QueueFact } from './facts.ts';
import { type Decision, decide, type Statement } from './policy.ts';
import { RESTORE } from './rules.ts';

/** Reads the JSON of a policy; undefined: it is none. */
export type ReadPolicy = (json: string) => readonly Statement[] | undefined;

/** Whether EventBridge may put events on a queue, and whether the queue gives up what fails to its dead-letter queue. */
export function checkQueue(
  planned: PlannedQueue,
  rules: readonly PlannedRule[],
  answer: Answer<QueueFact>,
  readPolicy: ReadPolicy,
): readonly Check[] {
  const check = `queue ${planned.id}`;
  return ofAnswer(check, answer, {
    gone: () => [wrong(check, 'queue-gone', `there is no queue ${planned.id}`, RESTORE)],
    shown(queue) {
      const faults = [
        ...policyFaults(check, rulesFor(planned, rules), queue, readPolicy),
        ...redriveFaults(check, planned, queue),
      ];
      return judged(check, faults, fineOf(planned, rules));
    },
  });
}

function fineOf(planned: PlannedQueue, rules: readonly PlannedRule[]): string {
  const parts = [
    rulesFor(planned, rules).length > 0 ? 'its rules may send' : '',
    planned.deadLetters === undefined ? '' : 'dead letters are kept',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'it is there' : parts.join(', ');
}

/** The rules that send events to a queue, or what they could not deliver. */
function rulesFor({ arn }: PlannedQueue, rules: readonly PlannedRule[]): readonly PlannedRule[] {
  return rules.filter(
    ({ isEnabled, targets }) =>
      isEnabled && targets.some((one) => one.arn === arn || one.deadLetters === arn),
  );
}

function policyFaults(
  check: string,
  rules: readonly PlannedRule[],
  { arn, policy }: QueueFact,
  readPolicy: ReadPolicy,
): readonly Check[] {
  const statements = policy === undefined ? [] : readPolicy(policy);
  const of = (decision: Decision) =>
    rules.filter(
      (rule) => (statements === undefined ? 'unsure' : decisionFor(rule, arn, statements)) === decision,
    );
  const [denied, unsure] = [of('denied'), of('unsure')];
  const what = policy === undefined ? 'it has no policy' : 'its policy does not let EventBridge send';
  return [
    ...(denied.length === 0
      ? []
      : [wrong(check, 'queue-policy', `${what}: nothing arrives from ${named(denied)}`, RESTORE)]),
    ...(unsure.length === 0
      ? []
      : [
          warning(
            check,
            'queue-policy',
            `whether its policy lets EventBridge send depends on a condition: ${named(unsure)}`,
            RESTORE,
          ),
        ]),
  ];
}

const named = (those: readonly PlannedRule[]): string => those.map(({ id }) => id).join(', ');

/** What the policy says to a message that EventBridge sends for the rule, whose ARN it names as the source. */
function decisionFor(
  { arn: rule }: PlannedRule,
  resource: string,
  statements: readonly Statement[],
): Decision {
  const account = rule.split(':')[4] ?? '';
  const context = new Map([
    ['aws:sourcearn', rule],
    ['aws:sourceaccount', account],
    ['aws:securetransport', 'true'],
  ]);
  const principal = 'Service:events.amazonaws.com';
  return decide(statements, { action: 'sqs:SendMessage', resource, principal, context });
}

function redriveFaults(check: string, planned: PlannedQueue, queue: QueueFact): readonly Check[] {
  if (planned.deadLetters === undefined || queue.deadLetters === planned.deadLetters) return [];
  return [
    wrong(
      check,
      'no-dead-letters',
      'a message that fails five times does not go to its dead-letter queue: it comes back until SQS forgets it',
      RESTORE,
    ),
  ];
}

/** Whether Lambda takes the messages of a queue for the function. */
export function checkSource(
  planned: PlannedSource,
  { queues, functions }: Blueprint,
  answer: Answer<readonly EventSource[]>,
): readonly Check[] {
  const id = queues.find(({ arn }) => arn === planned.queue)?.id ?? planned.queue;
  const name = functions.find(({ arn }) => arn === planned.functionArn)?.name ?? planned.functionArn;
  const check = `event source ${id}`;
  const gone = () => [
    wrong(check, 'source-gone', `${name} does not receive from ${id}: its messages stay there`, RESTORE),
  ];
  return ofAnswer(check, answer, {
    gone,
    shown(sources) {
      const found = sources.find(({ functionArn }) => isFunction(functionArn, planned));
      if (found === undefined) return gone();
      const others = sources.filter((one) => one !== found && one.state !== 'Disabled');
      const faults = [...sourceFaults(check, planned, found, name), ...othersFaults(check, others, id)];
      return judged(check, faults, 'enabled, and its function receives');
    },
  });
}

/** The ARN may end in a version or an alias. */
const isFunction = (arn: string, { functionArn }: PlannedSource): boolean =>
  arn === functionArn || arn.startsWith(`${functionArn}:`);

function othersFaults(check: string, others: readonly EventSource[], id: string): readonly Check[] {
  return others.map(({ functionArn }) =>
    wrong(
      check,
      'source-changed',
      `${functionArn.split(':function:').at(-1)} receives from ${id}, too: what it takes does not reach the service`,
      'remove that trigger',
    ),
  );
}

function sourceFaults(
  check: string,
  planned: PlannedSource,
  found: EventSource,
  name: string,
): readonly Check[] {
  const { state, reportsItemFailures } = found;
  const isOff = ['Disabled', 'Disabling', 'Deleting'].includes(state);
  return [
    ...(isOff
      ? [
          wrong(
            check,
            'source-disabled',
            `the trigger of ${name} is ${state}: its messages stay in the queue`,
            `enable it: Lambda, ${name}, Configuration, Triggers`,
          ),
        ]
      : []),
    ...(!isOff && state !== 'Enabled'
      ? [warning(check, 'source-disabled', `the trigger of ${name} is ${state}`, 'ask again in a minute')]
      : []),
    ...(planned.reportsItemFailures && !reportsItemFailures
      ? [
          wrong(
            check,
            'source-changed',
            `the trigger of ${name} no longer reports item failures: what fails is deleted`,
            RESTORE,
          ),
        ]
      : []),
  ];
}
