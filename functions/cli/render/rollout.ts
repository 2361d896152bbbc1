import type { Watched } from '../../core/report/watched.ts';
import { type Column, shortened, table } from './table.ts';
import { byName, count, span } from './words.ts';

/** A watched service with the instants that a person sees as seconds, in milliseconds. */
export type Row = Watched & {
  /** When it was seen first, and when it ended. */
  readonly seenAt: number;
  readonly endedAt?: number;
};

const SETTLED: readonly (string | undefined)[] = ['fresh', 'untouched'];
const ORDER = (row: Row): number => {
  if (row.end === 'failed' || row.end === 'left') return 0;
  if (row.end !== undefined) return 3;
  return row.startedAt === undefined ? 2 : 1;
};

/** What is wrong first, then what moves, then what waits, then what is done. */
export function inOrder(rows: readonly Row[]): readonly Row[] {
  return rows.toSorted((a, b) => ORDER(a) - ORDER(b) || a.wave - b.wave || byName(a.key, b.key));
}

/** How long its rollout has taken so far, or took; a service that waits for one has taken no time yet. */
function secondsOf({ startedAt, end, endedAt, seenAt }: Row, now: number): string {
  if (startedAt === undefined) return end === undefined ? span(now - seenAt) : '';
  return end === undefined || endedAt !== undefined ? span((endedAt ?? now) - startedAt) : '';
}

export function stateOf({ state, failure }: Watched): string {
  return failure === undefined ? state : `${state} (${failure.class})`;
}

export const columns = (now: number): readonly Column<Row>[] => [
  { title: 'SERVICE', cell: ({ key }) => key, least: 16, name: true },
  { title: 'WAVE', cell: ({ wave }) => String(wave) },
  { title: 'STATE', cell: stateOf, least: 12 },
  { title: 'NEW', cell: ({ newTasks, desired }) => `${newTasks}/${desired}` },
  { title: 'OLD', cell: ({ oldTasks }) => String(oldTasks) },
  { title: 'TIME', cell: (row) => secondsOf(row, now) },
];

type Size = { readonly width: number; readonly height: number };

/**
 * The lines of one frame: a line for each service as far as the terminal has room for them, the waves, the bar. What is
 * done makes room first.
 */
export function frame(
  rows: readonly Row[],
  now: number,
  beganAt: number,
  { width, height }: Size,
): readonly string[] {
  const below = [...waves(rows), `${bar(rows)} ${tally(rows)} · ${span(now - beganAt)}`];
  const room = Math.max(1, height - below.length - 3);
  const shown = rows.length <= room ? rows : inOrder(rows).slice(0, room);
  const more = rows.length - shown.length;
  const lines = [
    ...table(columns(now), inOrder(shown), width),
    ...(more > 0 ? [`… ${more} more`] : []),
    ...below.map((line) => shortened(line, width)),
  ];
  // The cursor stands on the line below.
  return lines.slice(-Math.max(1, height - 1));
}

/** Where there are several, how far each wave is. */
function waves(rows: readonly Row[]): readonly string[] {
  const numbers = [...new Set(rows.map(({ wave }) => wave))].toSorted((a, b) => a - b);
  if (numbers.length < 2) return [];
  return [
    numbers
      .map((number) => `wave ${number}: ${partOf(rows.filter(({ wave }) => wave === number))}`)
      .join(' · '),
  ];
}

const partOf = (rows: readonly Row[]): string =>
  `${rows.filter(({ end }) => SETTLED.includes(end)).length} of ${rows.length}`;

const CELLS = 20;

function bar(rows: readonly Row[]): string {
  const ended = rows.filter(({ end }) => end !== undefined).length;
  const full = rows.length === 0 ? CELLS : Math.floor((CELLS * ended) / rows.length);
  return `[${'█'.repeat(full)}${'░'.repeat(CELLS - full)}]`;
}

/** How many services are where: `30 of 50 services are fresh · 1 failed · 5 roll out · 14 wait`. */
export function tally(rows: readonly Row[]): string {
  const concerned = rows.filter(({ end }) => end !== 'untouched');
  const of = (isOne: (row: Row) => boolean) => concerned.filter(isOne).length;
  const fresh = of(({ end }) => end === 'fresh');
  const parts = [
    [of(({ end }) => end === 'failed'), 'failed', 'failed'],
    [of(({ end }) => end === 'left'), 'left as it is', 'left as they are'],
    [of(({ end, startedAt }) => end === undefined && startedAt !== undefined), 'rolls out', 'roll out'],
    [of(({ end, startedAt }) => end === undefined && startedAt === undefined), 'waits', 'wait'],
  ] as const;
  const verb = fresh === 1 ? 'is' : 'are';
  return [
    `${fresh} of ${count(concerned.length, 'service')} ${verb} fresh`,
    ...parts
      .filter(([number]) => number > 0)
      .map(([number, one, several]) => `${number} ${number === 1 ? one : several}`),
  ].join(' · ');
}

/** What one line says of a service whose state is another one than before. */
export function transition(row: Row, now: number): string {
  const { key, newTasks, desired, oldTasks, startedAt } = row;
  const tasks = startedAt === undefined ? '' : `, ${newTasks}/${desired} new, ${oldTasks} old`;
  const time = startedAt === undefined ? '' : `, ${secondsOf(row, now)}`;
  return `${new Date(now).toISOString().slice(11, 19)} ${key}: ${stateOf(row)}${tasks}${time}`;
}
