import { createInterface } from 'node:readline/promises';
import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import { folded } from './render/table.ts';

/** What a command prints to: results on stdout, everything else on stderr. */
export type Screen = {
  /** Columns of the terminal that shows the results; undefined if they go into a pipe or a file. */
  readonly columns: number | undefined;
  /** The terminal that shows progress on lines that change; undefined if none does. */
  readonly live: WriteStream | undefined;
  /** Lines of the result. */
  readonly print: (...lines: readonly string[]) => void;
  /** Lines that are no result: what was used, progress, warnings. */
  readonly note: (...lines: readonly string[]) => void;
  /** The text as stdout shows it: without colour if it is no terminal, or if NO_COLOR is set. */
  readonly style: Style;
  /** Asks the person at the terminal for a line; undefined if there is none to ask. Rejects once the signal is aborted. */
  readonly question: ((text: string, signal: AbortSignal) => Promise<string>) | undefined;
};

export type Style = (format: Parameters<typeof styleText>[0], text: string) => string;

export function screenOf(
  out: WriteStream | NodeJS.WriteStream = process.stdout,
  err: NodeJS.WriteStream = process.stderr,
): Screen {
  return {
    columns: out.isTTY ? out.columns : undefined,
    live: hasColours(err) ? err : undefined,
    print: (...lines) => write(out, lines),
    note: (...lines) =>
      write(
        err,
        lines.flatMap((line) => folded(line, err.isTTY ? err.columns : undefined)),
      ),
    style: (format, text) => (hasColours(out) ? styleText(format, text, { validateStream: false }) : text),
    question: process.stdin.isTTY && err.isTTY ? (text, signal) => asked(text, err, signal) : undefined,
  };
}

async function asked(text: string, output: NodeJS.WriteStream, signal: AbortSignal): Promise<string> {
  // The terminal itself edits the line, so that Ctrl-C reaches the process.
  const lines = createInterface({ input: process.stdin, output, terminal: false });
  try {
    return await lines.question(text, { signal });
  } finally {
    lines.close();
  }
}

function write(stream: NodeJS.WriteStream, lines: readonly string[]): void {
  stream.write(lines.map((line) => `${line}\n`).join(''));
}

/** A terminal that shows colours and can go back to an earlier line; NO_COLOR and TERM=dumb say that it must not. */
function hasColours(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && stream.hasColors();
}
