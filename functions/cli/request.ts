import { randomUUID } from 'node:crypto';
import { type Answer, answer } from '../commands/answer.ts';
import type { Session } from '../runtime/connect-terminal.ts';

/** A request as on-request takes it (functions/schema/request.schema.json), but for the writing actions. */
export type Question = {
  readonly action: 'stale' | 'uses' | 'plan';
  readonly secret?: readonly string[];
  readonly parameter?: readonly string[];
  readonly services?: readonly string[];
  readonly clusters?: readonly string[];
  readonly at?: string | undefined;
  readonly force?: boolean;
};

/** The id of one request, as Lambda gives one to each invocation. */
export const newId = (): string => randomUUID();

/** The answer of the service to the same request. Throws what the command was told to end with, if it was. */
export async function ask(question: Question, { run, config }: Session): Promise<Answer> {
  const given = Object.entries(question).filter(([, value]) => !isNothing(value));
  const circumstances = { requestId: newId(), mode: config.mode, quiet: run.journal };
  const answered = await answer(Object.fromEntries(given), circumstances, run);
  run.reading.throwIfAborted();
  return answered;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === false || (Array.isArray(value) && value.length === 0);
}
