import pMap from 'p-map';
import { CONCURRENCY, RESERVE_MS } from '../../core/model/limits.ts';
import type { Evidence, EvidenceByService, Question } from '../../core/plan/evidence.ts';
import type { Run } from '../run.ts';

/** How much of the remaining time the questions may take; the rest is for the redeploys that the answers allow. */
const SHARE = 0.6;

const NO_TIME = 'there was no time to ask ECS about its deployments and tasks';

/**
 * Asks ECS for what DescribeServices does not tell, only for services whose decision it may change. A service for which
 * there is no time is looked at again. Throws if ECS told nothing about any service, because it did not answer in time or
 * a permission is missing.
 */
export async function readEvidence(questions: readonly Question[], run: Run): Promise<EvidenceByService> {
  const reserved = RESERVE_MS + (run.remainingMs() - RESERVE_MS) * (1 - SHARE);
  const failures: unknown[] = [];
  const ask = async (question: Question) => {
    const isOver = run.reading.aborted || run.remainingMs() < reserved;
    const answer = isOver ? unasked(question) : await answerTo(question, failures, run);
    return [question.service.key, answer] as const;
  };
  const answers = await pMap(questions, ask, { concurrency: CONCURRENCY.ecsReads });
  const all = answers.map(([, answer]) => answer);
  const [denied] = all;
  if (denied?.unreadable !== undefined && all.every((one) => one.denied)) throw new Error(denied.unreadable);
  if (failures.length > 0 && all.every((one) => one.unreadable === NO_TIME)) throw failures[0];
  return new Map(answers);
}

async function answerTo(question: Question, failures: unknown[], run: Run): Promise<Evidence> {
  const asOf = Math.max(0, ...question.service.deployments.map(({ createdAt }) => createdAt));
  try {
    return { ...(await run.ports.ecs.answer(question, run.reading)), asOf };
  } catch (error) {
    if (!run.reading.aborted) throw error;
    failures.push(error);
    return unasked(question);
  }
}

function unasked({ unanswered }: Question): Evidence {
  return unanswered === 'decide' ? {} : { unreadable: NO_TIME };
}
