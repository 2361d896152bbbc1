import type { Session } from '../runtime/connect-terminal.ts';
import { FUNCTION_NAMES } from '../runtime/stack.ts';
import type { Terminal } from './command.ts';
import { functionOf } from './installed.ts';

/** Sets `MODE` of every function, one after the other, and says which have it; also if one of them fails. */
export async function setMode(
  session: Session,
  mode: 'enforce' | 'observe',
  { screen }: Terminal,
): Promise<void> {
  for (const name of FUNCTION_NAMES) {
    const id = functionOf(session, name);
    try {
      await session.functions.setVariables(id, { MODE: mode });
    } catch (error) {
      if (name !== FUNCTION_NAMES[0])
        screen.note(`${name} and what follows it could not be changed; run the command again`);
      throw error;
    }
    screen.print(`${id}: MODE=${mode}`);
  }
}
