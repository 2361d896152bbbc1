import { answer } from './commands/answer.ts';
import type { Report } from './core/report/report.ts';
import type { StaleReport } from './core/report/stale-report.ts';
import type { Uses } from './core/report/uses.ts';
import type { Run } from './pipeline/run.ts';
import { type Invocation, lambda } from './runtime/handler.ts';

/** Direct invocation by a person or a script: answers with a report, or with the uses of a resource. */
export const handler = lambda<unknown, Report | StaleReport | Uses>([], onRequest);

/** Throws WrongRequest, having done nothing, and ReadFailed if AWS could not be read; both reach the caller. */
export function onRequest(
  raw: unknown,
  run: Run,
  { requestId, config, quiet }: Pick<Invocation, 'requestId' | 'config' | 'quiet'>,
) {
  return answer(raw, { requestId, mode: config.mode, quiet }, run);
}
