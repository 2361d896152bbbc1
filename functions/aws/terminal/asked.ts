import type { Answer } from '../../core/doctor/facts.ts';
import { hasCode, ReadFailed } from '../errors.ts';
import { unanswered } from '../unanswered.ts';

/** What is asked: what it is for, the IAM action of the call, and the errors that say that there is no such thing. */
export type Question = {
  readonly attempt: string;
  readonly action: string;
  readonly gone?: readonly string[] | ((error: unknown) => boolean);
};

/** The answer of a call: that a thing is gone, or that AWS does not answer, is an answer, too. */
export async function asked<T>(
  { attempt, action, gone = [] }: Question,
  call: () => Promise<T>,
): Promise<Answer<T>> {
  try {
    return { kind: 'shown', value: await call() };
  } catch (thrown) {
    const error: unknown = thrown instanceof ReadFailed ? (thrown.cause ?? thrown) : thrown;
    const isGone = typeof gone === 'function' ? gone(error) : hasCode(error, ...gone);
    return isGone ? { kind: 'gone' } : unanswered(attempt, error, action);
  }
}
