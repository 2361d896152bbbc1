import { type Check, notShown, ok, warning, wrong } from '../core/doctor/check.ts';
import type { Alarm, Answer, FunctionSettings } from '../core/doctor/facts.ts';
import { checkFunction, checkVersions } from '../core/doctor/functions.ts';
import { RESTORE } from '../core/doctor/rules.ts';
import { FUNCTION_NAMES, FUNCTIONS, type FunctionName, stackOf } from '../runtime/stack.ts';
import type { Found } from './examined.ts';
import { lately, modeIn, seenBy, seenIn, wrongSettingsIn } from './health.ts';
import {
  DAY_MS,
  type Finding,
  type Health,
  lastSeen,
  ofAlarms,
  ofDeadLetters,
  ofModes,
  ofSettings,
  ofSweeps,
} from './render/health.ts';
import { count, span } from './render/words.ts';

/** How the service is: what `status` asks, too. */
export async function serviceChecks(found: Found): Promise<readonly Check[]> {
  const checks = [functionChecks(found), seenChecks(found), alarmChecks(found), deadLetterChecks(found)];
  return (await Promise.all(checks)).flat();
}

async function functionChecks({ functions, listing }: Found): Promise<readonly Check[]> {
  const answers = await Promise.all(
    FUNCTION_NAMES.map(async (short) => [short, (await functions.get(short)) ?? GONE] as const),
  );
  const ofFunctions = answers.flatMap(([short, answer]) => {
    const id = FUNCTIONS[short];
    return checkFunction({ id, name: listing.resources.get(id)?.physicalId }, short, answer);
  });
  const shown = answers.flatMap(([short, answer]) =>
    answer.kind === 'shown' ? [[short, answer.value] as const] : [],
  );
  return [
    ...ofFunctions,
    ...told('settings', ofSettings({ wrongSettings: wrongSettingsIn(shown) })),
    ...modeChecks(answers, shown),
    ...checkVersions(new Map(shown.map(([short, { version }]) => [short, version]))),
  ];
}

const GONE = { kind: 'gone' } as const;

type Answered = readonly (readonly [FunctionName, Answer<FunctionSettings>])[];

function modeChecks(
  answers: Answered,
  shown: readonly (readonly [FunctionName, FunctionSettings])[],
): readonly Check[] {
  if (shown.length < answers.length) {
    const [unanswered] = answers.flatMap(([, answer]) => (answer.kind === 'unanswered' ? [answer] : []));
    if (unanswered !== undefined) return [notShown('mode', unanswered)];
  }
  if (shown.length === 0) return [];
  const modes = shown.map(([, settings]) => modeIn(settings));
  return told('mode', ofModes({ modes }), modes[0] ?? '');
}

/** A service that is stopped is so by the will of a person. */
const WARNINGS: readonly Finding['code'][] = ['stopped'];

/** `fine`: what is said where nothing was found; nothing, if it is left out. */
function told(check: string, findings: readonly Finding[], fine?: string): readonly Check[] {
  if (findings.length === 0) return fine === undefined ? [] : [ok(check, fine)];
  return findings.map(({ code, finding, todo }) =>
    WARNINGS.includes(code) ? warning(check, code, finding, todo) : wrong(check, code, finding, todo),
  );
}

async function seenChecks({
  ask,
  clock,
  signal,
  stage,
  stack,
  functions,
  listing,
}: Found): Promise<readonly Check[]> {
  const now = clock.now();
  const onChange = await functions.get('on-change');
  const ofStage = (onChange?.kind === 'shown' ? onChange.value.variables['STAGE'] : undefined) ?? stage;
  const onSchedule =
    listing.resources.get(FUNCTIONS['on-schedule'])?.physicalId ?? `${stackOf(stage)}-on-schedule`;
  const sums = await ask.sums(seenBy(ofStage, onSchedule), lately(now), signal);
  if (sums.kind === 'unanswered') return [notShown('last event', sums), notShown('last sweep', sums)];
  const { lastEvent, lastSweep } = seenIn(sums.kind === 'shown' ? sums.value : [], now);
  const age = stack.kind === 'shown' ? now - stack.value.createdAt : Number.POSITIVE_INFINITY;
  const isNew = lastSweep === undefined && age < DAY_MS;
  const last = ok('last event', lastSeen(lastEvent, now));
  if (lastSweep === undefined && stack.kind === 'unanswered') return [last, notShown('last sweep', stack)];
  return [
    last,
    ...(isNew
      ? [ok('last sweep', `none yet: the stack is ${span(age)} old`)]
      : told('last sweep', ofSweeps({ lastSweep, now }), lastSeen(lastSweep, now))),
  ];
}

async function alarmChecks({ ask, clock, signal, listing, blueprint }: Found): Promise<readonly Check[]> {
  const made = [...listing.resources.values()].flatMap(({ type, physicalId }) =>
    type === 'AWS::CloudWatch::Alarm' ? [physicalId] : [],
  );
  const names = [...new Set([...made, ...(blueprint?.alarms ?? [])])];
  const answer = await ask.alarms(names, signal);
  if (answer.kind === 'unanswered') return [notShown('alarms', answer)];
  const alarms: readonly Alarm[] = answer.kind === 'shown' ? answer.value : [];
  const gone = made
    .filter((name) => !alarms.some((one) => one.name === name))
    .map((name) => warning('alarms', 'alarm-gone', `there is no alarm ${name}`, RESTORE));
  const ringing = ofAlarms({ alarms, now: clock.now() });
  return ringing.length === 0 && gone.length > 0
    ? gone
    : [...told('alarms', ringing, `none of ${alarms.length} rings`), ...gone];
}

/** The queues for what fails, and what is asked of each by name; the last two only where other accounts are trusted. */
const DEAD_LETTERS: readonly (readonly [id: string, check: string, of: keyof Health['deadLetters']])[] = [
  ['ChangeDeadLetterQueue', 'dead letters', 'function'],
  ['RuleDeadLetterQueue', 'lost events', 'rules'],
  ['TrustedDeadLetterQueue', 'trusted dead letters', 'function'],
  ['TrustedRuleDeadLetterQueue', 'trusted lost events', 'rules'],
];

async function deadLetterChecks({ queues }: Found): Promise<readonly Check[]> {
  const checks = DEAD_LETTERS.map(async ([id, check, of]) => ofQueue([id, check, of], await queues.get(id)));
  return (await Promise.all(checks)).flat();
}

/** That the queue is gone is told by itself. */
function ofQueue(
  [, check, of]: (typeof DEAD_LETTERS)[number],
  answer: Answer<{ readonly visible: number }> | undefined,
): readonly Check[] {
  if (answer?.kind === 'unanswered') return [notShown(check, answer)];
  if (answer?.kind !== 'shown') return [];
  const findings = ofDeadLetters({ deadLetters: { function: 0, rules: 0, [of]: answer.value.visible } });
  return told(check, findings, count(0, 'message'));
}
