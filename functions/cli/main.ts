import { REAL_CLOCK } from '../runtime/clock.ts';
import { connectTerminal } from '../runtime/connect-terminal.ts';
import type { CliCommand, Globals, Terminal } from './command.ts';
import type { Ending } from './ending.ts';
import type { ExitCode } from './exit.ts';
import { failureOf, withCause } from './failure.ts';
import { whyNone } from './no-credentials.ts';
import { runProgram } from './program.ts';
import { Progress } from './progress.ts';
import { header } from './render/header.ts';
import type { Screen } from './screen.ts';

/** Runs a command line. Whatever ends it becomes an exit code and, where there is something to say, a sentence on stderr. */
export async function main(
  commands: readonly CliCommand[],
  argv: readonly string[],
  screen: Screen,
  ending: Ending,
): Promise<ExitCode> {
  const progress = new Progress(screen);
  try {
    return await runProgram(commands, argv, screen, (given) => terminalOf(given, ending, progress, screen));
  } catch (error) {
    progress.end();
    const { signal } = ending.controller;
    const { sentence, code } = await withCause(failureOf(error, signal.reason), () => whyNone(signal));
    if (sentence !== undefined) screen.note(`error: ${sentence}`);
    return code;
  } finally {
    progress.end();
  }
}

function terminalOf(given: Globals, ending: Ending, progress: Progress, screen: Screen): Terminal {
  return {
    screen,
    progress,
    signal: ending.controller.signal,
    goOnUnread: () => ending.goOnUnread(),
    async connect(by = 'settings') {
      const { region, profile, stage, stack: name } = given;
      const connection = {
        clock: REAL_CLOCK,
        warn: (message: string) => screen.note(`warning: ${message}`),
        ending: ending.controller,
        bySettings: by === 'settings',
        watch: progress.watch.bind(progress),
      };
      const session = await connectTerminal({ region, profile }, { stage, name }, connection);
      screen.note(header(session, given));
      return session;
    },
  };
}
