#!/usr/bin/env node
import type { Globals, Terminal } from './cli/command.ts';
import { COMMANDS } from './cli/commands/all.ts';
import { Ending } from './cli/ending.ts';
import type { ExitCode } from './cli/exit.ts';
import { failureOf, withCause } from './cli/failure.ts';
import { whyNone } from './cli/no-credentials.ts';
import { runProgram } from './cli/program.ts';
import { Progress } from './cli/progress.ts';
import { header } from './cli/render/header.ts';
import { type Screen, screenOf } from './cli/screen.ts';
import { REAL_CLOCK } from './runtime/clock.ts';
import { connectTerminal } from './runtime/connect-terminal.ts';

/** The terminal: a command line becomes a command, and its end an exit code. */
process.exitCode = await main(process.argv.slice(2), screenOf());
// What was asked and has not answered (a credential process, a metadata service) keeps no command alive that has ended.
// That a write has failed is told a moment after the write.
process.stdout.write('', () => process.stderr.write('', () => setImmediate(() => process.exit())));

async function main(argv: readonly string[], screen: Screen): Promise<ExitCode> {
  const ending = new Ending();
  const progress = new Progress(screen);
  ending.listen(process.stdout, process.stderr);
  try {
    return await runProgram(COMMANDS, argv, screen, (given) => terminalOf(given, ending, progress, screen));
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
