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

/** Whether the stack has a resource that is there only with a setting. */
export function hasResource(session: Session, logicalId: string): boolean {
  return installed(session).resources.has(logicalId);
}

export function functionOf(session: Session, name: FunctionName): string {
  return resourceOf(session, FUNCTIONS[name]);
}
