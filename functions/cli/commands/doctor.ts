import type { Check } from '../../core/doctor/check.ts';
import { stackOf } from '../../runtime/stack.ts';
import { atSamePlace } from '../again.ts';
import { type CliCommand, type Given, isSet, type Terminal } from '../command.ts';
import { examine } from '../examine.ts';
import { EXIT } from '../exit.ts';
import { printResult, type Result } from '../print.ts';
import { COLUMNS, doctorJson, faultsIn, verdictOf, WIDE, worstFirst } from '../render/doctor.ts';
import { doctorAccess } from './doctor-access.ts';
import { doctorCredentials } from './doctor-credentials.ts';
import { ALL } from './options.ts';

/** What comes before a rotation: whether everything is in place. Its other questions are commands of their own. */
export const doctor: CliCommand = {
  name: 'doctor',
  summary: 'whether the installed service is as it was deployed, and what to do about each finding',
  args: '',
  options: [ALL],
  examples: [
    ['doctor', 'stack, rules, queues, permissions, trail, alarms, dead letters, snapshot: a line each'],
    ['doctor -o name', 'what is wrong, one code a line'],
    ['doctor credentials', 'where credentials come from, and why there are none'],
    ['doctor access prod/db', 'whether the execution roles can read it'],
  ],
  commands: [doctorCredentials, doctorAccess],
  async run(_, given, terminal) {
    const { screen, signal } = terminal;
    // No other command needs it.
    const { connectDoctor } = await import('../../runtime/connect-doctor.ts');
    const { region, profile } = given;
    const examination = await connectDoctor({ region, profile }, signal);
    const { account } = examination;
    const where = {
      account,
      region: examination.region,
      stage: given.stage,
      stack: given.stack ?? stackOf(given.stage),
    };
    screen.note(headerOf(where, examination.profile));
    const found = await examine(examination, given, signal);
    const checks = found.map((one) => ({ ...one, todo: atSamePlace(one.todo, given) }));
    signal.throwIfAborted();
    printResult(resultOf(where, checks, given, screen), given, screen);
    return faultsIn(checks).length === 0 ? EXIT.done : EXIT.stale;
  },
};

type Where = {
  readonly account: string;
  readonly region: string;
  readonly stage: string;
  readonly stack: string;
};

function headerOf({ account, region, stage, stack }: Where, profile: string | undefined): string {
  const own = profile === undefined ? [] : [`profile ${profile}`];
  return [account, region, ...own, `stage ${stage}`, `stack ${stack}`].join(' · ');
}

function resultOf(
  where: Where,
  checks: readonly Check[],
  given: Given,
  { style, columns }: Terminal['screen'],
): Result<Check> {
  const faults = faultsIn(checks);
  const isWell = faults.length === 0;
  const hidesOk = columns !== undefined && given.output === 'table' && !isWell && !isSet(given, 'all');
  return {
    json: doctorJson(where, checks),
    names: faults.map(({ code }) => code),
    verdict: style(['bold', isWell ? 'green' : 'red'], verdictOf(checks)),
    columns: COLUMNS,
    wide: WIDE,
    rows: worstFirst(hidesOk ? faults : checks),
    after: hidesOk ? ['not shown: what is ok (--all)'] : [],
  };
}
