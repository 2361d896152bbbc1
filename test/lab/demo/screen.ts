import { styleText } from 'node:util';

/** The moving part of the screen: drawn in place on a terminal, printed as an occasional line elsewhere. */
export type Frame = { readonly table: readonly string[]; readonly time: string; readonly line: string };

export type Screen = {
  /** False in a log, which has neither colour nor cursor. */
  readonly live: boolean;
  readonly columns: number;
  /** Prints a line for good. */
  say(line?: string): void;
  /** Shows the present state. */
  show(frame: Frame): void;
  /** Ends the moving part: it is erased on a terminal, and a log gets its last line. */
  release(): void;
};

export type Colour = 'green' | 'yellow' | 'red' | 'dim' | 'bold';
export type Paint = (colour: Colour, text: string) => string;

/** The width of the smallest terminal that the demo is made for, and of a log, which has none. */
const COLUMNS = 80;
/** The least time between two plain lines. */
const PLAIN_EVERY_MS = 1000;

export function openScreen(out: NodeJS.WriteStream = process.stdout): Screen {
  const live = out.isTTY && process.env['TERM'] !== 'dumb';
  return live ? terminal(out) : plainLog(out);
}

/** Colours on a terminal only, and not with NO_COLOR (https://no-color.org). */
export function painter({ live }: Pick<Screen, 'live'>): Paint {
  const colours = live && !process.env['NO_COLOR'];
  return (colour, text) => (colours ? styleText(colour, text) : text);
}

/** The text in lines of at most `columns`, broken at its spaces; all but the first are indented. */
export function wrapped(text: string, columns: number, indent: number): readonly string[] {
  const lines = [''];
  for (const word of text.split(/(?<=\S) /)) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[0] = word;
    else if (line.length + 1 + word.length <= columns) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(`${' '.repeat(indent)}${word}`);
  }
  return lines;
}

function terminal(out: NodeJS.WriteStream): Screen {
  let shown: readonly string[] = [];
  const erase = (): string => (shown.length === 0 ? '' : `\u001b[${shown.length}A\u001b[0J`);
  const draw = (before: string, lines: readonly string[]): void => {
    out.write(`${erase()}${before}${lines.map((line) => `${line}\n`).join('')}`);
    shown = lines;
  };
  return {
    live: true,
    columns: out.columns,
    say: (line = '') => draw(`${line}\n`, shown),
    // A table that is taller than the window cannot be drawn over.
    show({ table, time, line }) {
      const fits = table.length < out.rows;
      draw('', fits ? table : [`${time}  ${line}`.slice(0, out.columns - 1)]);
    },
    release: () => draw('', []),
  };
}

function plainLog(out: NodeJS.WriteStream): Screen {
  let told = { line: '', at: 0 };
  let latest: Frame | undefined;
  const tell = (): void => {
    if (latest === undefined || latest.line === told.line) return;
    out.write(`${latest.time}  ${latest.line}\n`);
    told = { line: latest.line, at: Date.now() };
  };
  return {
    live: false,
    columns: COLUMNS,
    say: (line = '') => void out.write(`${line}\n`),
    show(frame) {
      latest = frame;
      if (Date.now() - told.at >= PLAIN_EVERY_MS) tell();
    },
    release: tell,
  };
}
