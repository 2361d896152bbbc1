import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { RedeployResult } from './commands/handled.ts';
import { execute } from './commands/redeploy.ts';
import type { Trigger } from './core/follow-up/trigger.ts';
import { parseEvent } from './formats/event.ts';
import { isFollowUp, parseFollowUps } from './formats/follow-up.ts';
import type { Run } from './pipeline/run.ts';
import { type Invocation, lambda } from './runtime/handler.ts';

/** SQS: events and follow-ups. All changes of a batch are one plan, so that a service is redeployed once for all of them. */
export const handler = lambda<SQSEvent, SQSBatchResponse>(['CHANGE_QUEUE_URL'], onChange);

/**
 * Who acknowledges what: a message that is not named in the answer is done and SQS deletes it; what is left to do for it
 * has been sent back to the queue as a follow-up. A named one comes back when its visibility timeout is over, and after
 * five times goes to the dead-letter queue. It is named if it cannot be read, if its change could not be confirmed, if the
 * fleet could not be read, if a permission is missing, or if its follow-up could not be sent.
 */
export async function onChange(
  { Records: records }: SQSEvent,
  run: Run,
  { config }: Pick<Invocation, 'config'>,
): Promise<SQSBatchResponse> {
  const messages = records.map((record) => parsed(record, run));
  const handled = await execute(
    messages.flatMap(({ asked }) => asked),
    config.mode,
    run,
  );
  if ('failure' in handled) run.journal.error('nothing was decided; the changes come back', handled.failure);
  const back = new Set([...handled.confirmed.unconfirmed, ...(await sendAgain(messages, handled, run))]);
  const open = openChanges(handled);
  const isBack = ({ id, asked, changeIds }: Message) =>
    asked.length === 0 || back.has(id) || changeIds.some((changeId) => open.has(changeId));
  return { batchItemFailures: messages.filter(isBack).map(({ id }) => ({ itemIdentifier: id })) };
}

type Message = {
  readonly id: string;
  readonly body: string;
  /** Nothing, if it cannot be read. */
  readonly asked: readonly Trigger[];
  readonly changeIds: readonly string[];
};

function parsed({ messageId: id, body, attributes }: SQSRecord, { journal }: Run): Message {
  try {
    if (isFollowUp(body)) {
      const { followUps, scans } = parseFollowUps(body);
      const asked = [
        ...followUps.map((followUp): Trigger => ({ kind: 'follow-up', messageId: id, followUp })),
        ...scans.map((scan): Trigger => ({ kind: 'scan', messageId: id, scan })),
      ];
      const changes = [...followUps, ...scans.flatMap((one) => [...one.changes, ...one.notices])];
      return { id, body, asked, changeIds: changes.map(({ changeId }) => changeId) };
    }
    const event = parseEvent(body);
    const again = Number(attributes?.ApproximateReceiveCount ?? 1) > 1;
    return {
      id,
      body,
      asked: [{ kind: 'event', messageId: id, event, redelivered: again }],
      changeIds: [event.id],
    };
  } catch (error) {
    journal.error('the message comes back: it is no event', error, { messageId: id });
    return { id, body, asked: [], changeIds: [] };
  }
}

/** Secrets Manager is consistent after some seconds. */
const RETRY_SOON_S = 30;

/** What an event tells may not be visible yet: the event itself is looked at again, soon. Answers who could not be sent. */
async function sendAgain(
  messages: readonly Message[],
  { confirmed }: RedeployResult,
  run: Run,
): Promise<readonly string[]> {
  const unsent: string[] = [];
  for (const { id, body } of messages.filter((message) => confirmed.retryLater.includes(message.id))) {
    try {
      await run.ports.queue?.send(body, Math.min(run.follow.firstSeconds, RETRY_SOON_S));
    } catch (error) {
      run.journal.error('an event could not be sent again: it comes back', error, { messageId: id });
      unsent.push(id);
    }
  }
  return unsent;
}

/** The changes for which their message is still needed. */
function openChanges(handled: RedeployResult): ReadonlySet<string> {
  if ('failure' in handled) {
    const { changes, notices, followUps, scans: readings } = handled.confirmed;
    const read = readings.flatMap((one) => [...one.changes, ...one.notices]);
    return new Set([...changes, ...notices, ...followUps, ...read].map(({ changeId }) => changeId));
  }
  return new Set([...handled.requeued.unsent, ...handled.requeued.denied]);
}
