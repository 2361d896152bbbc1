import { type Given, isSet, type Terminal } from './command.ts';
import { WrongUsage } from './exit.ts';

/** Asks before something that concerns many. Answers whether it is wanted. Throws WrongUsage where there is none to ask. */
export async function consents(
  what: string,
  given: Given,
  { screen, progress }: Terminal,
  signal: AbortSignal,
): Promise<boolean> {
  if (isSet(given, 'yes')) return true;
  if (screen.question === undefined)
    throw new WrongUsage(`${what}: pass --yes where there is no terminal to ask on`);
  progress.end();
  const answer = await screen.question(`${what}? [y/N] `, signal);
  if (/^y(es)?$/i.test(answer.trim())) return true;
  screen.note('nothing was done');
  return false;
}
