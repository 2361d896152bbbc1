import { about } from '../model/change.ts';
import type { Missing } from '../plan/obstacles.ts';
import type { Plan, Planned } from '../plan/planned.ts';
import type { FollowUp } from './follow-up.ts';

/** What the looks before saw to be gone of what services need. */
export function missingBefore(attempts: readonly Pick<FollowUp, 'missing'>[]): readonly Missing[] {
  return attempts.flatMap(({ missing = [] }) => missing);
}

/** What this look saw to be gone travels with a change as long as a service of it waits because of that. */
export function withMissing<One extends FollowUp>(before: One, { others }: Plan): One {
  const concerned = others.filter((one) => isWaitingFor(one, before.changeId));
  const seen = concerned.flatMap(({ obstacles }) => obstacles?.missing ?? []);
  return { ...before, missing: [...new Map(seen.map((one) => [one.id, one])).values()] };
}

function isWaitingFor({ decision, verdicts, obstacles }: Planned, changeId: string): boolean {
  const isBecause = decision.action === 'wait' && decision.reason === obstacles?.verdict?.reason;
  return isBecause && verdicts.some(({ match }) => about(match.subject).changeId === changeId);
}
