import { type Looked, watch } from '../commands/watch.ts';
import type { Run } from '../pipeline/run.ts';
import { atSamePlace } from './again.ts';
import type { Given, Terminal } from './command.ts';
import { EXIT, type ExitCode, WrongUsage } from './exit.ts';
import { printResult } from './print.ts';
import { reasonLines } from './render/reasons.ts';
import { columns, frame, inOrder, type Row, tally, transition } from './render/rollout.ts';
import { exitCodeOf, Rows } from './rows.ts';
import type { LiveLines } from './screen.ts';
import { subjectOf, type Target, unusedOf } from './target.ts';

/** How often the seconds of live lines move. */
const TICK_MS = 1_000;
const ROWS = 24;
const COLUMNS = 80;

/** How following ended. `timedOut`: something still waits. */
export type Followed = { readonly rows: readonly Row[]; readonly code: ExitCode; readonly timedOut: boolean };

export type FollowOptions = {
  readonly timeoutMs: number;
  /** Something that acts while it is followed has ended: the next look is the last. */
  readonly isOver?: () => boolean;
  /** Told of each look but the first; what it throws ends the following. */
  readonly onLook?: (looked: Looked) => Promise<void>;
};

/** Follows from the first look to the end: live lines on a terminal, elsewhere a line for each transition. */
export async function follow(
  first: Looked,
  run: Run,
  { screen, progress }: Terminal,
  { timeoutMs, isOver = () => false, onLook }: FollowOptions,
): Promise<Followed> {
  progress.giveWay();
  const { clock } = run.ports;
  const shown = new Picture(screen, first.at, () => clock.now());
  try {
    shown.add(first);
    let last = first;
    let wasOver = false;
    const lastAt = first.at + timeoutMs;
    for await (const looked of watch(first, run, lastAt)) {
      shown.add(looked);
      last = looked;
      await onLook?.(looked);
      // This look began after the end, and so it shows what was done last.
      if (wasOver) return { rows: shown.rows(), code: exitCodeOf(shown.rows()), timedOut: false };
      wasOver = isOver();
      if (clock.now() >= lastAt) break;
    }
    const timedOut = last.next.length > 0;
    return {
      rows: shown.rows(),
      code: timedOut ? codeAtTimeout(shown.rows()) : exitCodeOf(shown.rows()),
      timedOut,
    };
  } catch (error) {
    shown.leave();
    throw error;
  } finally {
    shown.end();
  }
}

/** A failure is known whatever else still goes on. */
function codeAtTimeout(rows: readonly Row[]): ExitCode {
  return exitCodeOf(rows) === EXIT.failed ? EXIT.failed : EXIT.timedOut;
}

/** What a person sees while it goes on. */
class Picture {
  readonly #screen: Terminal['screen'];
  readonly #live: LiveLines | undefined;
  readonly #rows = new Rows();
  readonly #beganAt: number;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(screen: Terminal['screen'], beganAt: number, now: () => number) {
    this.#screen = screen;
    this.#beganAt = beganAt;
    this.#now = now;
    this.#live = screen.liveLines();
    this.#timer = this.#live && setInterval(() => this.#draw(), TICK_MS).unref();
  }

  rows(): readonly Row[] {
    return this.#rows.all();
  }

  add(looked: Looked): void {
    const changed = this.#rows.add(looked);
    if (this.#live !== undefined) this.#draw();
    // What was fresh before is counted at the end, and nothing happens to it.
    else this.#screen.note(...changed.filter(isNews).map((row) => transition(row, looked.at)));
  }

  #draw(): void {
    const { live } = this.#screen;
    const size = { width: live?.columns ?? COLUMNS, height: live?.rows ?? ROWS };
    this.#live?.(frame(this.#rows.all(), this.#now(), this.#beganAt, size).join('\n'));
  }

  /** The last frame makes room for the result. */
  end(): void {
    clearInterval(this.#timer);
    this.#live?.clear();
    this.#live?.done();
  }

  /** The last frame stays: there will be no result. */
  leave(): void {
    this.#live?.done();
  }
}

const isNews = ({ end, endedAt }: Row): boolean =>
  endedAt !== undefined || (end !== 'fresh' && end !== 'untouched');

/** What became of it, in one sentence, and the services at which to look. */
export function printEnd(
  { rows, timedOut }: Followed,
  target: Target,
  now: number,
  given: Given,
  { screen }: Terminal,
): void {
  const wrong = inOrder(rows).filter(({ end }) => end !== 'fresh' && end !== 'untouched');
  const verdict = `${subjectOf(target)}: ${rows.length === 0 ? unusedOf(target) : tally(rows)}`;
  const result = {
    json: { services: inOrder(rows).map(withInstants), timedOut },
    names: wrong.map(({ key }) => key),
    verdict: screen.style(['bold', wrong.length === 0 ? 'green' : 'red'], verdict),
    columns: columns(now),
    wide: [{ title: 'SERVICE ARN', cell: ({ service }: Row) => service ?? '' }],
    rows: wrong,
    after: [
      ...reasonLines(rows).map((line) => (typeof line === 'string' ? atSamePlace(line, given) : line)),
      ...(timedOut ? ['not everything has ended: the time for waiting is over'] : []),
    ],
  };
  printResult(result, given, screen);
}

/** Instants as every report shows them. */
function withInstants({ seenAt, startedAt, endedAt, until, ...row }: Row): object {
  const instants = Object.entries({ seenAt, startedAt, endedAt, until }).flatMap(([name, at]) =>
    at === undefined ? [] : [[name, new Date(at).toISOString()] as const],
  );
  return { ...row, ...Object.fromEntries(instants) };
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** `90s`, `10m`, `1h`, in milliseconds. Throws WrongUsage. */
export function timeoutOf({ timeout }: Given): number {
  const [, number, unit] = /^(\d{1,6})(s|m|h)$/.exec(String(timeout)) ?? [];
  if (number === undefined || unit === undefined)
    throw new WrongUsage(`--timeout ${String(timeout)}: expected a time such as 90s, 10m or 1h`);
  return Number(number) * (UNITS[unit] ?? 0);
}
