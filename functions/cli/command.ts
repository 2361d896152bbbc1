import type { Session } from '../runtime/connect-terminal.ts';
import type { ExitCode } from './exit.ts';
import type { Progress } from './progress.ts';
import type { Screen } from './screen.ts';

/** How results are printed. `json` is the report of the service for the same request. */
export const FORMATS = ['table', 'wide', 'json', 'name'] as const;
export type Format = (typeof FORMATS)[number];

/** What every command has besides its own options. */
export type Globals = {
  readonly output: Format;
  readonly stage: string;
  readonly stack?: string;
  readonly region?: string;
  readonly profile?: string;
};

/** The options of a command line, as `commander` names them: `--no-wait` is `wait: false`. */
export type Given = Globals & { readonly [option: string]: unknown };

/** What a command runs with. */
export type Terminal = {
  readonly screen: Screen;
  readonly progress: Progress;
  /** Aborted when the command is to end. */
  readonly signal: AbortSignal;
  /**
   * Finds out where it is, and says so; the first call to AWS. `stack`: the command is about the installed service, and
   * decides nothing by its settings, so that it works where these are wrong, too.
   */
  connect(by?: 'settings' | 'stack'): Promise<Session>;
  /** From now on the command goes on to its end although what it prints is not read. */
  goOnUnread(): void;
};

export type CliOption = {
  /** As `commander` writes them: `-c, --clusters <globs>`. */
  readonly flags: string;
  readonly description: string;
  readonly preset?: string;
  /** It can be given several times; every value counts. */
  readonly many?: true;
};

/** One command. A new one is a file in commands/ and a line in commands/all.ts. */
export type CliCommand = {
  readonly name: string;
  /** An everyday word for the same. */
  readonly alias?: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** As `commander` writes arguments: `[secret...]`. */
  readonly args: string;
  readonly options: readonly CliOption[];
  readonly examples: readonly (readonly [line: string, answers: string])[];
  /** Commands of its own, which stand behind its name: `doctor credentials`. */
  readonly commands?: readonly CliCommand[];
  /** Absent: one of its own commands has to be named. */
  run?(args: readonly string[], given: Given, terminal: Terminal): Promise<ExitCode>;
};

/** An option that takes a text; undefined if it is not given. */
export function text(given: Given, option: string): string | undefined {
  const value = given[option];
  return typeof value === 'string' ? value : undefined;
}

/** An option that may be given several times; empty if it is not given. */
export function texts(given: Given, option: string): readonly string[] {
  const value = given[option];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

export function isSet(given: Given, option: string): boolean {
  return given[option] === true;
}
