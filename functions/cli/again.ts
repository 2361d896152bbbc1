import { commandLine } from '../core/report/shell.ts';
import { type Given, isSet, text, texts } from './command.ts';

/** What redeploy and watch understand alike, and what redeploy alone does. */
const LISTS = ['parameter', 'service', 'clusters'];
const TEXTS = ['region', 'profile', 'stack'];
const OF_REDEPLOY = { texts: ['reason'], flags: ['local', 'wait', 'yes'] };

/** The command line about the same, with the instant that was fixed. */
export function sameCommand(
  name: 'redeploy' | 'watch',
  args: readonly string[],
  given: Given,
  at: string | undefined,
): string {
  const own = name === 'redeploy' ? OF_REDEPLOY : { texts: [], flags: [] };
  // A name that begins with a hyphen would be an option.
  const isLast = args.some((one) => one.startsWith('-'));
  return commandLine([
    'esr',
    name,
    ...(isLast ? [] : args),
    ...LISTS.flatMap((option) => texts(given, option).flatMap((value) => [`--${option}`, value])),
    ...(given.stage === 'prod' ? [] : ['--stage', given.stage]),
    ...[...TEXTS, ...own.texts].flatMap((option) => {
      const value = text(given, option);
      return value === undefined ? [] : [`--${option}`, value];
    }),
    ...['force', ...own.flags].filter((option) => isSet(given, option)).map((option) => `--${option}`),
    ...(at === undefined ? [] : ['--at', at]),
    ...(isLast ? ['--', ...args] : []),
  ]);
}
