import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { RedeployResult } from './commands/decide.ts';
import { execute } from './commands/redeploy.ts';
import type { Trigger } from './core/follow-up/trigger.ts';
import { parseArn } from './core/model/arn.ts';
import { parseEvent } from './formats/event.ts';
import { isFollowUp, triggersIn } from './formats/follow-up.ts';
import type { Run } from './pipeline/run.ts';
import { type Invocation, lambda } from './runtime/handler.ts';

/**
 * SQS: events and follow-ups. All changes of a batch are one plan, so that a service is redeployed once for all of them.
 */
export const handler = lambda<SQSEvent, SQSBatchResponse>(['CHANGE_QUEUE_URL'], onChange);

/**
 * Who acknowledges what: a message that is not named in the answer is done and SQS deletes it; what is left to do for it
 * has been sent back to the queue as a follow-up. A named one comes back when its visibility timeout is over, and after
 * five times goes to the dead-letter queue. It is named if it cannot be read, if its change could not be confirmed, if
 * the fleet could not be read, if a permission is missing, or if its follow-up could not be sent.
 */
export async function onChange(
  { Records: records }: SQSEvent,
  invoked: Run,
  { config }: Pick<Invocation, 'config'>,
): Promise<SQSBatchResponse> {
  const run = { ...invoked, account: invoked.account ?? accountOf(records) };
  const messages = records.map((record) => parsed(record, run));
  const triggers = messages.flatMap((message) => message.triggers);
  const result = await execute(triggers, config.mode, run);
  const { unconfirmed, retryLater } = result.confirmed;
  const needed = stillNeeded(result, run);
  const unsent = await sendAgain(messages, retryLater, run);
  const redeliver = new Set([...unconfirmed, ...unsent, ...needed]);
  const isNamed = ({ id, ...message }: Message) => message.triggers.length === 0 || redeliver.has(id);
  return { batchItemFailures: messages.filter(isNamed).map(({ id }) => ({ itemIdentifier: id })) };
}

/** The queue belongs to the account in which the function runs. */
function accountOf([first]: readonly SQSRecord[]): string | undefined {
  return parseArn(first?.eventSourceARN ?? '')?.account;
}

type Message = {
  readonly id: string;
  readonly body: string;
  /** None, if it cannot be read. */
  readonly triggers: readonly Trigger[];
};

const UNREADABLE =
  'cannot parse the message as an EventBridge event or a follow-up; SQS will deliver it again, and after its last delivery move it to the dead-letter queue';

function parsed({ messageId: id, body, attributes }: SQSRecord, { journal }: Run): Message {
  const delivery = Number(attributes?.ApproximateReceiveCount ?? 1);
  try {
    if (isFollowUp(body)) return { id, body, triggers: triggersIn(body, id) };
    return { id, body, triggers: [{ kind: 'event', messageId: id, event: parseEvent(body) }] };
  } catch (error) {
    journal.error(UNREADABLE, error, { messageId: id, delivery: String(delivery) });
    return { id, body, triggers: [] };
  }
}

/** Secrets Manager is consistent after some seconds. */
const RETRY_SOON_S = 30;

/** Sends events again that tell of what is not visible yet. Answers the messages that could not be sent. */
async function sendAgain(
  messages: readonly Message[],
  retryLater: readonly string[],
  run: Run,
): Promise<readonly string[]> {
  const unsent: string[] = [];
  for (const { id, body } of messages.filter((message) => retryLater.includes(message.id))) {
    try {
      await run.ports.queue?.send(body, Math.min(run.follow.firstSeconds, RETRY_SOON_S));
    } catch (error) {
      run.journal.error(
        'cannot put the event on the queue again; SQS will deliver its message again',
        error,
        { messageId: id },
      );
      unsent.push(id);
    }
  }
  return unsent;
}

/** The messages of changes that are neither done nor on the queue again. */
function stillNeeded(result: RedeployResult, { journal }: Run): readonly string[] {
  if (!('failure' in result)) return result.redeliver;
  journal.error('cannot decide about the changes; SQS will deliver their messages again', result.failure);
  return result.confirmed.messageIds;
}
