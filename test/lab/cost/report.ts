import { tableLines } from '../../support/table.ts';
import type { Measured } from './measure.ts';
import { type Item, type Stack, totalOf, type Usage } from './monthly.ts';

/** The measurements for fleets of one size, and the monthly bills that follow. */
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

/** Two tables, for one change and for a month. Each cell has the figure of a new environment, then of a warm one. */
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
    `A month with ${changesADay} such changes a day, in US dollars (us-east-1, free tiers not deducted):`,
    'every change in a new environment | in a warm one',
    ...table(billRows(of)),
    '',
    `${stack.metrics} metrics, ${stack.alarmMetrics} alarms, ${stack.logWidgets} log widgets, from the packaged template. Prices and their sources: test/lab/cost/prices.ts`,
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
