import pMap from 'p-map';
import { CONCURRENCY } from '../../core/model/limits.ts';
import type { EvidenceByService, Question } from '../../core/plan/evidence.ts';
import type { StepContext } from '../context.ts';

/** Asks ECS for what DescribeServices does not tell, only for services whose decision it may change. */
export async function readEvidence(
  questions: readonly Question[],
  run: StepContext,
): Promise<EvidenceByService> {
  const answers = await pMap(
    questions,
    async (question) => {
      const { key, deployments } = question.service;
      const asOf = Math.max(0, ...deployments.map(({ createdAt }) => createdAt));
      return [key, { ...(await run.ports.ecs.answer(question, run.reading)), asOf }] as const;
    },
    { concurrency: CONCURRENCY.ecsReads },
  );
  return new Map(answers);
}
