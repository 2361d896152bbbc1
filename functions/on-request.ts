import { type Answer, answer } from './commands/answer.ts';
import type { Run } from './pipeline/run.ts';
import { REQUIRED } from './runtime/config.ts';
import { type Invocation, lambda } from './runtime/handler.ts';

/** Direct invocation by a person or a script: answers with a report, or with the uses of a resource. */
export const handler = lambda<unknown, Answer>(REQUIRED['on-request'], onRequest);

/** Throws WrongRequest, and ReadFailed if AWS could not be read; both reach the caller, and nothing was done then. */
export function onRequest(
  raw: unknown,
  run: Run,
  { requestId, config, quiet }: Pick<Invocation, 'requestId' | 'config' | 'quiet'>,
) {
  return answer(raw, { requestId, mode: config.mode, quiet }, run);
}
