import { commandLine } from '../core/report/shell.ts';
import { type Given, isSet, text, texts } from './command.ts';

/** What redeploy and watch understand alike, and what redeploy alone does. */
const LISTS = ['parameter', 'service', 'clusters'];
const OF_REDEPLOY = { texts: ['reason'], flags: ['local', 'wait', 'yes'] };

/** The options with which the person has said where the command works. */
function placeIn(given: Given): readonly string[] {
  const stage = given.stage === 'prod' ? [] : ['--stage', given.stage];
  return [...stage, ...['region', 'profile', 'stack'].flatMap((option) => optionIn(given, option))];
}

function optionIn(given: Given, option: string): readonly string[] {
  const value = text(given, option);
  return value === undefined ? [] : [`--${option}`, value];
}

const OWN_COMMAND = /\besr (?:stop|resume|replay|redeploy|stale|status|include)\b/g;

/** A sentence in which every command that it recommends works at the same place as this one. */
export function atSamePlace(sentence: string, given: Given): string {
  const place = placeIn(given);
  return place.length === 0
    ? sentence
    : sentence.replaceAll(OWN_COMMAND, (command) => `${command} ${commandLine(place)}`);
}

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
    ...placeIn(given),
    ...own.texts.flatMap((option) => optionIn(given, option)),
    ...['force', ...own.flags].filter((option) => isSet(given, option)).map((option) => `--${option}`),
    ...(at === undefined ? [] : ['--at', at]),
    ...(isLast ? ['--', ...args] : []),
  ]);
}
