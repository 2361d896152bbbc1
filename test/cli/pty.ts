import { execFile, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Simulator } from '../simulator/index.ts';
import { terminalBundle } from '../support/bundles.ts';
import { ALONE, PERSON } from './terminal.ts';

/** What a terminal shows when a command has ended: both streams, without what live lines have erased. */
export type Pictured = { readonly screen: string; readonly code: number };

/** Keys, by their names in tmux, that are pressed once the terminal shows this. */
export type Pressed = { readonly until: RegExp; readonly keys: readonly string[] };

/** A terminal of this many columns. */
type Terminal = (
  sim: Pick<Simulator, 'env'>,
  columns: number,
  args: readonly string[],
  pressed?: Pressed,
) => Promise<Pictured>;

const ROWS = 60;

/** util-linux has `script -c`, the BSDs another command of the same name. */
export const HAS_SCRIPT = /util-linux/.test(
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '',
);
export const HAS_TMUX = spawnSync('tmux', ['-V'], { encoding: 'utf8' }).status === 0;

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const environmentOf = ({ env }: Pick<Simulator, 'env'>) => ({
  PATH: process.env['PATH'] ?? '',
  TERM: 'xterm-256color',
  LC_ALL: 'C.UTF-8',
  ...ALONE,
  ...env,
  AWS_ACCESS_KEY_ID: PERSON,
});

/** A pseudo-terminal by `script`, whose output this process reads as a terminal would. */
export const inScript: Terminal = async (sim, columns, args) => {
  const command = [process.execPath, await terminalBundle(), ...args].map(quoted).join(' ');
  const line = `stty cols ${columns} rows ${ROWS}; ${command}; echo "exit code $?"`;
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    env: environmentOf(sim),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [bytes] = await Promise.all([buffer(child.stdout), once(child, 'close')]);
  return withCode(shownBy(bytes.toString()));
};

/** A window of tmux, which shows what any terminal would. */
export const inTmux: Terminal = async (sim, columns, args, pressed) => {
  const socket = `esr-${randomUUID()}`;
  const tmux = (...more: readonly string[]) =>
    promisify(execFile)('tmux', ['-L', socket, '-f', '/dev/null', ...more]);
  const variables = Object.entries(environmentOf(sim)).map(([name, value]) => `${name}=${quoted(value)}`);
  const command = [process.execPath, await terminalBundle(), ...args].map(quoted).join(' ');
  // Ctrl-C is for the command, not for the shell that tells how it ended.
  const line = `trap : INT; stty -echoctl; env -i ${variables.join(' ')} ${command}; echo "exit code $?"; sleep 600`;
  await tmux('new-session', '-d', '-x', `${columns}`, '-y', `${ROWS}`, line);
  let waiting = pressed;
  try {
    for (;;) {
      const { stdout } = await tmux('capture-pane', '-p', '-J');
      if (waiting?.until.test(stdout)) {
        await tmux('send-keys', ...waiting.keys);
        waiting = undefined;
      }
      if (/^exit code \d+$/m.test(stdout)) return withCode(stdout);
      await sleep(100);
    }
  } finally {
    await tmux('kill-server');
  }
};

function withCode(text: string): Pictured {
  const [, screen = '', code] = /^(.*)exit code (\d+)\s*$/s.exec(text) ?? [];
  if (code === undefined) throw new Error(`the command has not ended:\n${text}`);
  return { screen, code: Number(code) };
}

const ESC = '\u001B';
/** Colours, the cursor's visibility, synchronized output: nothing of them moves a text. */
const WITHOUT_PLACE = new RegExp(String.raw`${ESC}\[[\d;]*m|${ESC}\[\?\d+[hl]`, 'g');
const PARTS = new RegExp(String.raw`${ESC}\[(\d*)([A-K])|\r\n|\r|[^${ESC}\r]+`, 'g');

type Shown = { readonly lines: string[]; row: number; column: number };

/** What moves the cursor or erases, by its code; `by` is 1 unless the code has a number. */
const MOVES: Readonly<Record<string, (shown: Shown, by: number) => void>> = {
  '\r\n': (shown) => Object.assign(shown, { row: shown.row + 1, column: 0 }),
  '\r': (shown) => Object.assign(shown, { column: 0 }),
  G: (shown) => Object.assign(shown, { column: 0 }),
  A: (shown, by) => Object.assign(shown, { row: shown.row - by }),
  B: (shown, by) => Object.assign(shown, { row: shown.row + by }),
  K: ({ lines, row }) => Object.assign(lines, { [row]: '' }),
  J: ({ lines, row }) => Object.assign(lines, { length: row + 1 }),
};

/** The lines that a terminal shows after these bytes. Throws on a code that log-update does not use. */
export function shownBy(bytes: string): string {
  const shown: Shown = { lines: [''], row: 0, column: 0 };
  for (const [part, number, code = part] of bytes.replaceAll(WITHOUT_PLACE, '').matchAll(PARTS)) {
    const move = MOVES[code];
    if (move !== undefined) move(shown, Number(number || 1));
    else if (part.startsWith(ESC))
      throw new Error(`the terminal of the tests does not know ${JSON.stringify(part)}`);
    else write(part, shown);
    while (shown.lines.length <= shown.row) shown.lines.push('');
  }
  return shown.lines.map((line) => line.trimEnd()).join('\n');
}

function write(text: string, shown: Shown): void {
  const { lines, row, column } = shown;
  const line = (lines[row] ?? '').padEnd(column);
  lines[row] = line.slice(0, column) + text + line.slice(column + text.length);
  shown.column += text.length;
}
