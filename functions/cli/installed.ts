import type { QueueCount } from '../core/doctor/facts.ts';
import type { Session } from '../runtime/connect-terminal.ts';
import { FUNCTIONS, type FunctionName, type Stack } from '../runtime/stack.ts';
import { WrongUsage } from './exit.ts';

/** The stack, for commands about the installed service. Throws WrongUsage without one. */
export function installed({ stack, region, account }: Session): Stack {
  if (stack !== undefined) return stack;
  throw new WrongUsage(
    `the service is not installed in ${region} of account ${account}: --stage or --stack names another stack`,
  );
}

/** The physical id of a resource of the stack. Throws WrongUsage if the stack lacks it. */
export function resourceOf(session: Session, logicalId: string): string {
  const { name, resources } = installed(session);
  const found = resources.get(logicalId);
  if (found !== undefined) return found;
  throw new WrongUsage(`stack ${name} has no ${logicalId}: it may be of an older version of the service`);
}

export type CountedQueue = QueueCount & { readonly id: string };

/** How many messages queues of the stack hold; the last one is there only if other accounts are trusted. */
export function countedQueues(
  session: Session,
  own: readonly string[],
  ofOthers: string,
): Promise<readonly CountedQueue[]> {
  const ids = installed(session).resources.has(ofOthers) ? [...own, ofOthers] : own;
  return Promise.all(
    ids.map(async (id) => ({
      id,
      ...(await session.queues.count(resourceOf(session, id), session.run.reading)),
    })),
  );
}

export function sumOf(queues: readonly CountedQueue[], of: 'visible' | 'inFlight' | 'delayed'): number {
  return queues.reduce((total, queue) => total + queue[of], 0);
}

export function functionOf(session: Session, name: FunctionName): string {
  return resourceOf(session, FUNCTIONS[name]);
}
