import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Asked } from './confirm.ts';
import type { Event } from './core/event.ts';
import { mustComeBack } from './core/outcome.ts';
import { parseEvent } from './input/event-shape.ts';
import { lambda, type Parts } from './lambda.ts';
import { carryOut, type Handled } from './redeploy.ts';
import type { Run } from './run.ts';

/** SQS: events from the bus. All changes of a batch are one plan, so that a service is redeployed once for all of them. */
export const handler = lambda<SQSEvent, SQSBatchResponse>(['CHANGE_QUEUE_URL'], onChange);

/**
 * Who acknowledges what: a message that is not named in the answer is done and SQS deletes it. A named one comes back
 * when its visibility timeout is over, and after five times goes to the dead-letter queue. It is named if it is no event,
 * if its change could not be confirmed, if the fleet could not be read, or if something is left to do for it.
 */
async function onChange(
  { Records: records }: SQSEvent,
  run: Run,
  { config }: Parts,
): Promise<SQSBatchResponse> {
  const messages = records.map((record) => parsed(record, run));
  const asked = messages.flatMap(({ id, event }): readonly Asked[] =>
    event === undefined ? [] : [{ asked: 'event', key: id, event }],
  );
  const handled = await carryOut(asked, config.mode, run);
  if ('failure' in handled)
    run.journal.trouble('nothing was decided; the changes come back', handled.failure);
  const open = openChanges(handled);
  const isBack = ({ id, event }: Message) =>
    event === undefined || handled.confirmed.unconfirmed.includes(id) || open.has(event.id);
  return { batchItemFailures: messages.filter(isBack).map(({ id }) => ({ itemIdentifier: id })) };
}

type Message = { readonly id: string; readonly event: Event | undefined };

function parsed({ messageId, body }: SQSRecord, { journal }: Run): Message {
  try {
    return { id: messageId, event: parseEvent(body) };
  } catch (error) {
    journal.trouble('the message comes back: it is no event', error, { messageId });
    return { id: messageId, event: undefined };
  }
}

/** The changes for which something is left to do. */
function openChanges(handled: Handled): ReadonlySet<string> {
  if ('failure' in handled) {
    const { changes, notices } = handled.confirmed;
    return new Set([...changes, ...notices].map(({ changeId }) => changeId));
  }
  const unfinished = handled.applied.filter(({ outcome }) => outcome !== undefined && mustComeBack(outcome));
  return new Set(unfinished.flatMap(({ decision }) => decision.changeIds));
}
