import { createInterface } from 'node:readline/promises';
import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import { createLogUpdate } from 'log-update';
import { folded } from './render/table.ts';

/** What a command prints to: results on stdout, everything else on stderr. */
export type Screen = {
  /** Columns of the terminal that shows the results; undefined if they go into a pipe or a file. */
  readonly columns: number | undefined;
  /** The terminal that shows progress on lines that change; undefined if none does. */
  readonly live: WriteStream | undefined;
  /** Lines that change, on that terminal. What else is printed there takes their place until they are drawn again. */
  readonly liveLines: () => LiveLines | undefined;
  /** Lines of the result. */
  readonly print: (...lines: readonly string[]) => void;
  /** Lines that are no result: what was used, progress, warnings. */
  readonly note: (...lines: readonly string[]) => void;
  /** The same for a line that a person copies: it is never folded. */
  readonly noteWhole: (line: string) => void;
  /** The text as stdout shows it: without colour if it is no terminal, or if NO_COLOR is set. */
  readonly style: Style;
  /** Asks the person at the terminal for a line; undefined if there is none to ask. Rejects once the signal is aborted. */
  readonly question: ((text: string, signal: AbortSignal) => Promise<string>) | undefined;
};

/** Shows a text in the place of the one before, until it is cleared, or done and stays. */
export type LiveLines = ReturnType<typeof createLogUpdate>;

export type Style = (format: Parameters<typeof styleText>[0], text: string) => string;

export function screenOf(
  out: WriteStream | NodeJS.WriteStream = process.stdout,
  err: NodeJS.WriteStream = process.stderr,
): Screen {
  const live = widthOf(err) !== undefined && hasColours(err) ? err : undefined;
  const drawn: LiveLines[] = [];
  const liveLines = () => {
    if (live === undefined) return undefined;
    const lines = createLogUpdate(live);
    drawn.push(lines);
    return lines;
  };
  const say = (stream: NodeJS.WriteStream, lines: readonly string[]) => {
    if (stream.isTTY) for (const one of drawn) one.clear();
    stream.write(lines.map((line) => `${line}\n`).join(''));
  };
  return {
    get columns() {
      return widthOf(out);
    },
    live,
    liveLines,
    print: (...lines) => say(out, lines),
    note: (...lines) =>
      say(
        err,
        lines.flatMap((line) => folded(line, widthOf(err))),
      ),
    noteWhole: (line) => say(err, [line]),
    style: (format, text) => (hasColours(out) ? styleText(format, text, { validateStream: false }) : text),
    question: process.stdin.isTTY && err.isTTY ? (text, signal) => asked(text, err, signal) : undefined,
  };
}

/** A terminal that does not know its size says 0. */
function widthOf({ isTTY, columns }: Pick<WriteStream, 'isTTY' | 'columns'>): number | undefined {
  return isTTY && columns > 0 ? columns : undefined;
}

async function asked(text: string, output: NodeJS.WriteStream, signal: AbortSignal): Promise<string> {
  // The terminal itself edits the line, so that Ctrl-C reaches the process.
  const lines = createInterface({ input: process.stdin, output, terminal: false });
  // Ctrl-D ends the input without an answer.
  const unanswered = new Promise<undefined>((resolve) => {
    lines.once('close', () => resolve(undefined));
  });
  try {
    const answer = await Promise.race([lines.question(text, { signal }), unanswered]);
    if (answer === undefined) output.write('\n');
    return answer ?? '';
  } finally {
    lines.close();
  }
}

/** A terminal that shows colours and can go back to an earlier line; NO_COLOR and TERM=dumb say that it must not. */
function hasColours(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && stream.hasColors();
}
