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

/** A terminal of this many columns. */
type Terminal = (sim: Pick<Simulator, 'env'>, columns: number, args: readonly string[]) => Promise<Pictured>;

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
export const inTmux: Terminal = async (sim, columns, args) => {
  const socket = `esr-${randomUUID()}`;
  const tmux = (...more: readonly string[]) =>
    promisify(execFile)('tmux', ['-L', socket, '-f', '/dev/null', ...more]);
  const variables = Object.entries(environmentOf(sim)).map(([name, value]) => `${name}=${quoted(value)}`);
  const command = [process.execPath, await terminalBundle(), ...args].map(quoted).join(' ');
  const line = `env -i ${variables.join(' ')} ${command}; echo "exit code $?"; sleep 600`;
  await tmux('new-session', '-d', '-x', `${columns}`, '-y', `${ROWS}`, line);
  try {
    for (;;) {
      const { stdout } = await tmux('capture-pane', '-p', '-J');
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

/** Colours, the cursor's visibility, synchronized output: nothing of them moves a text. */
const WITHOUT_PLACE = /\u001B\[[\d;]*m|\u001B\[\?\d+[hl]/g;
const MOVES = /\u001B\[(\d*)([A-K])|\r\n|\r|[^\u001B\r]+/g;

/** The lines that a terminal shows after these bytes. Throws on a code that log-update does not use. */
export function shownBy(bytes: string): string {
  const lines: string[] = [''];
  let row = 0;
  let column = 0;
  for (const [part, number, move] of bytes.replaceAll(WITHOUT_PLACE, '').matchAll(MOVES)) {
    const by = Number(number || 1);
    if (part === '\r\n') [row, column] = [row + 1, 0];
    else if (part === '\r' || move === 'G') column = 0;
    else if (move === 'A') row -= by;
    else if (move === 'B') row += by;
    else if (move === 'K') lines[row] = '';
    else if (move === 'J') lines.length = row + 1;
    else if (move === undefined) {
      const line = (lines[row] ?? '').padEnd(column);
      lines[row] = line.slice(0, column) + part + line.slice(column + part.length);
      column += part.length;
    } else throw new Error(`the terminal of the tests does not know ${JSON.stringify(part)}`);
    while (lines.length <= row) lines.push('');
  }
  return lines.map((line) => line.trimEnd()).join('\n');
}
