import { tableLines } from '../demo/table.ts';
import type { Measured } from './measure.ts';
import { type Item, type Stack, totalOf, type Usage } from './monthly.ts';

/** What was measured of fleets of one size, and what that makes a month. */
export type Size = {
  readonly services: number;
  readonly measured: Measured;
  readonly cold: readonly Item[];
  readonly warm: readonly Item[];
};

export type Assumed = {
  readonly affected: number;
  readonly latencyMs: number;
  readonly rolloutMs: number;
  readonly changesADay: number;
};

/** Two tables, of one change and of a month; in each cell a new environment first, then a warm one. */
export function reportLines(of: readonly Size[], stack: Stack, assumed: Assumed): readonly string[] {
  const { affected, latencyMs, rolloutMs, changesADay } = assumed;
  const head = ['', ...of.map(({ services }) => `${services.toLocaleString('en')} services`)];
  const align = head.map((_, index) => (index === 0 ? 'left' : 'right'));
  const table = (rows: readonly (readonly string[])[]) => tableLines(rows, { head, align });
  return [
    '',
    `One change that redeploys ${affected} services, until it is settled (calls take ${latencyMs} ms, rollouts ${rolloutMs / 1000} s):`,
    'in a new environment | in a warm one',
    ...table(usageRows(of)),
    '',
    `A month with ${changesADay} such changes a day, in US dollars (us-east-1, nothing taken off for free tiers):`,
    'every change in a new environment | in a warm one',
    ...table(billRows(of)),
    '',
    `${stack.metrics} metrics, ${stack.alarmMetrics} alarms, ${stack.logWidgets} log widgets, as packaged. Prices and their sources: test/cost/prices.ts`,
  ];
}

const MEASURES: readonly (readonly [string, (usage: Usage) => number])[] = [
  ['invocations', ({ invocations }) => invocations],
  ['billed seconds', ({ billedMs }) => Math.round(billedMs / 100) / 10],
  ['events delivered to the queues', ({ delivered }) => delivered],
  ['own events', ({ ownEvents }) => ownEvents],
  ['log, KB', ({ logBytes }) => Math.round(logBytes / 100) / 10],
];

function usageRows(of: readonly Size[]): readonly (readonly string[])[] {
  const both = ({ measured: { cold, warm } }: Size, read: (usage: Usage) => number) =>
    `${read(cold).toLocaleString('en')} | ${read(warm).toLocaleString('en')}`;
  const groups = [
    ...new Set(
      of.flatMap(({ measured: { cold, warm } }) => [cold, warm].flatMap(({ calls }) => Object.keys(calls))),
    ),
  ].sort();
  return [
    ...MEASURES.map(([name, read]) => [name, ...of.map((size) => both(size, read))]),
    ...groups.map((group) => [
      `calls: ${group}`,
      ...of.map((size) => both(size, ({ calls }) => calls[group] ?? 0)),
    ]),
  ];
}

function billRows(of: readonly Size[]): readonly (readonly string[])[] {
  const both = (cold: number, warm: number) => `${cold.toFixed(2)} | ${warm.toFixed(2)}`;
  const names = (of[0]?.cold ?? []).map(({ what }) => what);
  return [
    ...names.map((what, index) => [
      what,
      ...of.map(({ cold, warm }) => both(cold[index]?.usd ?? 0, warm[index]?.usd ?? 0)),
    ]),
    ['TOTAL', ...of.map(({ cold, warm }) => both(totalOf(cold), totalOf(warm)))],
  ];
}
