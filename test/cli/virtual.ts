import type { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import { createLogUpdate } from 'log-update';
import { vi } from 'vitest';
import type { Globals, Terminal } from '../../functions/cli/command.ts';
import { COMMANDS } from '../../functions/cli/commands/all.ts';
import { Interrupted } from '../../functions/cli/exit.ts';
import { failureOf } from '../../functions/cli/failure.ts';
import { runProgram } from '../../functions/cli/program.ts';
import { Progress } from '../../functions/cli/progress.ts';
import type { Screen } from '../../functions/cli/screen.ts';
import type { Ports } from '../../functions/ports.ts';
import { connectTerminal } from '../../functions/runtime/connect-terminal.ts';
import { actAs, type Loop } from '../support/loop.ts';
import { PERSON, type Ran } from './terminal.ts';

export type VirtualOptions = {
  /** What the person answers to a question; undefined: there is no terminal to ask on. */
  readonly answers?: string;
  /** Receives each frame as lines; undefined: nothing can show live lines. */
  readonly onFrame?: (lines: readonly string[]) => void;
  /** Presses Ctrl-C when this is called. */
  readonly onStart?: (interrupt: () => void) => void;
  /** Wraps the ports, to see what is read. */
  readonly watch?: (ports: Ports) => Ports;
};

/**
 * Runs a command in the process of the test and in simulated time, in which the functions of the loop go on as well:
 * whenever the terminal waits, they handle what is due.
 */
export async function esrIn(loop: Loop, args: readonly string[], options: VirtualOptions = {}): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const live = options.onFrame && liveStream(options.onFrame);
  const screen: Screen = {
    columns: options.onFrame === undefined ? undefined : 200,
    live,
    liveLines: () => live && createLogUpdate(live),
    noteWhole: (line) => void err.push(line),
    print: (...lines) => void out.push(...lines),
    note: (...lines) => void err.push(...lines),
    style: (_, text) => text,
    question:
      options.answers === undefined
        ? undefined
        : (text) => {
            err.push(text);
            return Promise.resolve(options.answers ?? '');
          },
  };
  const ending = new AbortController();
  options.onStart?.(() => ending.abort(new Interrupted()));
  const progress = new Progress({ ...screen, liveLines: () => undefined });
  actAsPerson();
  try {
    const code = await runProgram(COMMANDS, args, screen, (given) =>
      terminalOf(given, loop, screen, progress, ending, options),
    );
    return { out: text(out), err: text(err), code };
  } catch (error) {
    const { sentence, code } = failureOf(error, ending.signal.reason);
    return {
      out: text(out),
      err: text([...err, ...(sentence === undefined ? [] : [`error: ${sentence}`])]),
      code,
    };
  } finally {
    progress.end();
    actAs('on-change');
  }
}

const actAsPerson = () => vi.stubEnv('AWS_ACCESS_KEY_ID', PERSON);

const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

function terminalOf(
  { stage, stack: name }: Globals,
  loop: Loop,
  screen: Screen,
  progress: Progress,
  ending: AbortController,
  { watch = (ports) => ports }: VirtualOptions,
): Terminal {
  const sleep = async (ms: number) => {
    actAs('on-change');
    await loop.run(ms);
    actAsPerson();
  };
  return {
    screen,
    progress,
    signal: ending.signal,
    goOnUnread: () => undefined,
    connect: () =>
      connectTerminal(
        { region: undefined, profile: undefined },
        { stage, name },
        {
          clock: { now: loop.clock.now, sleep },
          warn: (message) => screen.note(`warning: ${message}`),
          ending,
          bySettings: true,
          watch,
        },
      ),
  };
}

/** A terminal whose width is never the same, so that each frame is written as a whole. */
function liveStream(onFrame: (lines: readonly string[]) => void): WriteStream {
  let reads = 0;
  const stream = {
    isTTY: true,
    rows: 1_000,
    get columns() {
      return 200 + (reads++ % 100);
    },
    write(written: string) {
      const lines = stripVTControlCharacters(written).split('\n').slice(0, -1);
      if (lines.length > 0) onFrame(lines);
      return true;
    },
  };
  return stream as unknown as WriteStream;
}
