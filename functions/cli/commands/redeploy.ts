import { type Looked, look } from '../../commands/watch.ts';
import { grouped } from '../../core/model/lists.ts';
import type { Run } from '../../pipeline/run.ts';
import { Denied, type Session } from '../../runtime/connect-terminal.ts';
import { atSamePlace, sameCommand } from '../again.ts';
import { type CliCommand, type Given, isSet, type Terminal, text } from '../command.ts';
import { consents } from '../consent.ts';
import { EXIT, type ExitCode, Interrupted, ServiceFailed, Unread, WrongUsage } from '../exit.ts';
import { type Followed, follow, printEnd, timeoutOf } from '../follow.ts';
import { Here } from '../here.ts';
import { jsonOf, printResult } from '../print.ts';
import { count, some } from '../render/words.ts';
import { exitCodeOf } from '../rows.ts';
import { seenReport } from '../seen-report.ts';
import { knownServices } from '../services.ts';
import { needNames, requestFor, startOf, type Target, targetOf } from '../target.ts';
import { There } from '../there.ts';
import { ALL, AT, CLUSTERS, FORCE, PARAMETER, SERVICE, TIMEOUT, YES } from './options.ts';
import { planResult } from './plan.ts';

export const redeploy: CliCommand = {
  name: 'redeploy',
  alias: 'restart',
  summary: 'redeploys what runs on an old value, and follows it to the end',
  args: '[secret...]',
  options: [
    PARAMETER,
    SERVICE,
    CLUSTERS,
    FORCE,
    AT,
    { flags: '--reason <text>', description: 'why; it goes into the log of the service' },
    {
      flags: '--local',
      description: 'in this process and with your credentials, without the installed service',
    },
    { flags: '--wait', description: 'follow it to the end, as is done on a terminal anyway' },
    { flags: '--detach', description: 'print the id of the request and leave the rest to the service' },
    TIMEOUT,
    YES,
    ALL,
  ],
  examples: [
    [
      'redeploy prod/db',
      'every service that runs on an old value of prod/db, as the installed service does it',
    ],
    ['redeploy --service prod/api', 'exactly this service, opted out or not'],
    ['redeploy prod/db --force --reason "leaked in a ticket"', 'everything that refers to prod/db'],
    ['redeploy prod/db --local', 'where nothing is installed'],
  ],
  async run(args, given, terminal) {
    needNames(args, given);
    needOneWay(given);
    const timeoutMs = timeoutOf(given);
    const session = await terminal.connect();
    needWay(given, session);
    const target = await targetOf(args, given, session, { services: false });
    terminal.progress.lookFor(target.resources);
    const at = text(given, 'at') ?? new Date(session.run.ports.clock.now()).toISOString();
    const request = requestFor('redeploy', target, given, at);
    const start = startOf(request, session.run);
    const first = await knownServices(session, () => look(start.triggers, start.run));
    terminal.progress.end();
    const redeploying = { target, given, terminal, session, request, at, args, first, run: start.run };
    if (given.output === 'table' || given.output === 'wide')
      printResult(planResult(first.report, given, terminal.screen), given, terminal.screen);
    if (first.next.length === 0) return nothingToDo(redeploying);
    if (!(await isWanted(redeploying))) return EXIT.wrong;
    return isSet(given, 'local')
      ? redeployHere(redeploying, timeoutMs)
      : redeployThere(redeploying, timeoutMs);
  },
};

/** One redeploy: what was asked for, and the first look at it. */
type Redeploying = {
  readonly args: readonly string[];
  readonly given: Given;
  readonly terminal: Terminal;
  readonly session: Session;
  readonly target: Target;
  readonly request: object;
  readonly at: string;
  readonly first: Looked;
  readonly run: Run;
};

/** Throws WrongUsage if the options contradict each other: AWS need not be asked for that. */
function needOneWay(given: Given): void {
  if (!isSet(given, 'detach')) return;
  if (isSet(given, 'local'))
    throw new WrongUsage('--detach leaves the rest to the installed service, and --local does without it');
  if (isSet(given, 'wait'))
    throw new WrongUsage('--detach leaves the rest to the service, and --wait follows it');
}

/** Throws WrongUsage if nothing would do it. */
function needWay(given: Given, { stack, config }: Session): void {
  if (stack === undefined && !isSet(given, 'local'))
    throw new WrongUsage(
      `the service is not installed here for stage ${given.stage}: --local redeploys from this terminal`,
    );
  if (config.mode === 'observe')
    throw new WrongUsage(
      atSamePlace(
        'the service is stopped (MODE=observe), so nothing would be redeployed: "esr resume" lets it go on',
        given,
      ),
    );
}

function nothingToDo({ first, given, terminal: { screen } }: Redeploying): ExitCode {
  if (given.output === 'json') screen.print(jsonOf(first.report));
  else screen.note('nothing to do');
  return exitCodeOf([...first.services.values()]);
}

/** More services than this are redeployed only after a question. */
const MANY = 10;

async function isWanted({ first, given, terminal, run }: Redeploying): Promise<boolean> {
  const { redeploy: now, wait: later } = first.report.summary;
  if (now + later <= MANY && !isSet(given, 'force')) return true;
  return consents(`redeploy ${count(now + later, 'service')}`, given, terminal, run.reading);
}

/** By the installed service: this process only looks on. */
async function redeployThere(redeploying: Redeploying, timeoutMs: number): Promise<ExitCode> {
  const { given, terminal, first, run, at } = redeploying;
  const { screen } = terminal;
  const there = await askThere(redeploying);
  const { id } = there;
  if (!isFollowed(given, terminal)) {
    screen.print(given.output === 'json' ? jsonOf({ id, at }) : id);
    return EXIT.done;
  }
  screen.note(`the service redeploys under the id ${id}`);
  try {
    const onLook = (looked: Looked) => there.notice(looked);
    const followed = await follow(first, run, terminal, { timeoutMs, onLook });
    if (given.output === 'json') screen.print(jsonOf(seenReport(first.report, followed.rows, id)));
    if (followed.timedOut) screen.note(atSamePlace('"esr status" says how the service is', given));
    return ended(redeploying, followed);
  } catch (error) {
    if (error instanceof ServiceFailed) throw failedThere(error, there, redeploying);
    screen.noteWhole(`the service goes on by itself; to look on: ${again('watch', redeploying)}`);
    return endedBy(error, redeploying);
  }
}

/** If the answer is lost, the request may have arrived. Throws what `There` throws. */
async function askThere(redeploying: Redeploying): Promise<There> {
  const { request, first, session, run, terminal } = redeploying;
  try {
    return await There.ask(request, first, session, run, terminal.screen);
  } catch (error) {
    if (!(run.reading.reason instanceof Denied))
      terminal.screen.noteWhole(
        `the request may have arrived; sent again it doubles nothing: ${again('redeploy', redeploying)}`,
      );
    throw error;
  }
}

function failedThere(error: ServiceFailed, there: There, redeploying: Redeploying): ServiceFailed {
  const { screen } = redeploying.terminal;
  screen.noteWhole(`its log: ${there.logCommand()}`);
  screen.noteWhole(`once the cause is mended: ${again('redeploy', redeploying)}`);
  return error;
}

function isFollowed(given: Given, { screen: { live, question } }: Terminal): boolean {
  if (isSet(given, 'detach')) return false;
  return isSet(given, 'wait') || live !== undefined || question !== undefined;
}

/** In this process, which must last until the end. */
async function redeployHere(redeploying: Redeploying, timeoutMs: number): Promise<ExitCode> {
  const { request, given, terminal, first, run } = redeploying;
  const { screen } = terminal;
  terminal.goOnUnread();
  const here = new Here(request, run);
  try {
    const followed = await follow(first, run, terminal, { timeoutMs, isOver: () => here.isOver() });
    if (followed.timedOut) await leave(here, redeploying);
    else await here.end();
    if (given.output === 'json') screen.print(jsonOf(await here.answered));
    return refused(here, terminal, ended(redeploying, followed));
  } catch (error) {
    await leave(here, redeploying);
    return endedBy(error, redeploying);
  }
}

/** Something has begun by then, so it is not said that nothing was done. Throws what is no end of the reading. */
function endedBy(error: unknown, { run, terminal }: Redeploying): ExitCode {
  const reason: unknown = run.reading.reason;
  if (reason instanceof Interrupted) return reason.code;
  if (reason instanceof Unread) return EXIT.done;
  if (!(reason instanceof Denied)) throw error;
  terminal.screen.note(`error: the permission ${reason.action} is missing`);
  return EXIT.aws;
}

/** What ECS has begun, it finishes; later waves need a process that begins them. */
async function leave(here: Here, redeploying: Redeploying): Promise<void> {
  await here.stop();
  const { screen } = redeploying.terminal;
  screen.note(
    'what ECS has begun goes on; nothing else begins, and services of later waves keep their old value',
  );
  screen.noteWhole(`to finish it: ${again('redeploy', redeploying)}`);
}

function again(name: 'redeploy' | 'watch', { args, given, at, target }: Redeploying): string {
  const isDated = isSet(given, 'force') || target.services.length > 0 || name === 'redeploy';
  return sameCommand(name, args, given, isDated ? at : undefined);
}

function ended({ given, target, terminal, run }: Redeploying, followed: Followed): ExitCode {
  if (given.output !== 'json') printEnd(followed, target, run.ports.clock.now(), given, terminal);
  return followed.code;
}

/** Says which services ECS refused to redeploy, and why. */
function refused(here: Here, { screen }: Terminal, code: ExitCode): ExitCode {
  const refusals = [...here.refusals()];
  const alike = grouped(refusals, ([, { code: why, message, missingAction }]) =>
    missingAction === undefined ? `${why}: ${message}` : `the permission ${missingAction} is missing`,
  );
  for (const [why, those] of alike) screen.note(`${some(those.map(([key]) => key))}: ${why}`);
  return refusals.length > 0 && code !== EXIT.failed ? EXIT.aws : code;
}
