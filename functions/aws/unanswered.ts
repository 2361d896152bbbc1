import type { Unanswered } from '../core/model/access.ts';
import { deniedAction, readFailed } from './errors.ts';

/** A question that failed, as an answer. `action`: the IAM action of the call. */
export function unanswered(attempted: string, error: unknown, action: string): Unanswered {
  const missingAction = deniedAction(error, action);
  return {
    kind: 'unanswered',
    why: readFailed(attempted, error).message,
    ...(missingAction !== undefined && { missingAction }),
  };
}
