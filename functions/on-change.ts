import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { RedeployResult } from './commands/decide.ts';
import { execute } from './commands/redeploy.ts';
import type { Way } from './core/confirm/trust.ts';
import type { Trigger } from './core/follow-up/trigger.ts';
import { type Home, parseArn } from './core/model/arn.ts';
import { UNTRUSTED } from './core/model/change.ts';
import { parseEvent } from './formats/event.ts';
import { isFollowUp, triggersIn } from './formats/follow-up.ts';
import { eventWithin, forwardedBody, isForwarded } from './formats/forwarded.ts';
import type { Run } from './pipeline/run.ts';
import { REQUIRED } from './runtime/config.ts';
import { type Invocation, lambda } from './runtime/handler.ts';

/**
 * SQS: events and follow-ups. All changes of a batch are one plan, so that a service is redeployed once for all of them.
 */
export const handler = lambda<SQSEvent, SQSBatchResponse>(REQUIRED['on-change'], onChange);

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
  const home = homeIn(records);
  const run = {
    ...invoked,
    account: invoked.account ?? home?.account,
    region: invoked.region ?? home?.region,
  };
  const messages = records.map((record) => parsed(record, run));
  const triggers = messages.flatMap((message) => message.triggers);
  const result = await execute(triggers, config.mode, run);
  const { unconfirmed, retryLater } = result.confirmed;
  const needed = stillNeeded(result, run);
  const unsent = await sendAgain(messages, retryLater, run);
  const redeliver = new Set([...unconfirmed, ...unsent, ...needed]);
  const isNamed = ({ id, isReadable }: Message) => !isReadable || redeliver.has(id);
  return { batchItemFailures: messages.filter(isNamed).map(({ id }) => ({ itemIdentifier: id })) };
}

/** The queue belongs to the account and the Region in which the function runs. */
function homeIn([first]: readonly SQSRecord[]): Home | undefined {
  return parseArn(first?.eventSourceARN ?? '');
}

type Message = {
  readonly id: string;
  readonly body: string;
  readonly way: Way;
  readonly isReadable: boolean;
  /** None, if it cannot be read or is refused. */
  readonly triggers: readonly Trigger[];
};

const UNREADABLE =
  'cannot parse the message as an EventBridge event or a follow-up; SQS will deliver it again, and after its last delivery move it to the dead-letter queue';

function parsed(record: SQSRecord, run: Run): Message {
  const { messageId: id, body, attributes } = record;
  const delivery = Number(attributes?.ApproximateReceiveCount ?? 1);
  const isForwardQueue = run.trust !== undefined && record.eventSourceARN === run.trust.queueArn;
  const way = isForwardQueue || isForwarded(body) ? 'forwarded' : 'own';
  const message = { id, body, way, isReadable: true } as const;
  if (isForwardQueue && isOwnMessage(body)) {
    run.journal.ignored({ changeId: id, source: 'follow-up' }, UNTRUSTED);
    return { ...message, triggers: [] };
  }
  try {
    return { ...message, triggers: triggersOf(message) };
  } catch (error) {
    run.journal.error(UNREADABLE, error, { messageId: id, delivery: String(delivery) });
    return { ...message, isReadable: false, triggers: [] };
  }
}

/** What this service sends to itself. From the event bus of other accounts it can only be forged. */
function isOwnMessage(body: string): boolean {
  return isFollowUp(body) || isForwarded(body);
}

function triggersOf({ id, body, way }: Pick<Message, 'id' | 'body' | 'way'>): readonly Trigger[] {
  if (isFollowUp(body)) return triggersIn(body, id);
  const event = parseEvent(isForwarded(body) ? eventWithin(body) : body);
  return [{ kind: 'event', messageId: id, event, way }];
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
  for (const { id, body, way } of messages.filter((message) => retryLater.includes(message.id))) {
    try {
      const again = way === 'forwarded' ? forwardedBody(body) : body;
      await run.ports.queue?.send(again, Math.min(run.follow.firstSeconds, RETRY_SOON_S));
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
