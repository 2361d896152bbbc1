import type { Session } from '../runtime/connect-terminal.ts';
import { FUNCTION_NAMES } from '../runtime/stack.ts';
import type { Given, Terminal } from './command.ts';
import { functionOf } from './installed.ts';
import { printDone } from './print.ts';

/** Sets `MODE` of every function, one after the other, and says which have it; also if one of them fails. */
export async function setMode(
  session: Session,
  mode: 'enforce' | 'observe',
  given: Given,
  { screen }: Terminal,
): Promise<void> {
  const functions = FUNCTION_NAMES.map((name) => functionOf(session, name));
  const set: string[] = [];
  try {
    for (const one of functions) {
      await session.functions.setVariables(one, { MODE: mode });
      set.push(one);
    }
  } catch (error) {
    if (set.length > 0)
      screen.note(`${functions[set.length]} and what follows it could not be changed; run the command again`);
    throw error;
  } finally {
    const said = set.map((one) => `${one}: MODE=${mode}`);
    if (set.length > 0) printDone({ json: { mode, functions: set }, names: set, said }, given, screen);
  }
}
