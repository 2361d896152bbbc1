import { tableLines } from '../../support/table.ts';
import type { ImportTime } from './import-time.ts';
import type { Missing, Row } from './row.ts';
import { TITLES } from './scenarios.ts';

type Column = { readonly title: string; readonly cell: (row: Row) => string };

/** Every time is in seconds after the event. */
const COLUMNS: readonly Column[] = [
  { title: 'first\nupdate', cell: ({ firstUpdate }) => seconds(firstUpdate) },
  { title: 'last\nupdate', cell: ({ lastUpdate }) => seconds(lastUpdate) },
  { title: 'fleet\nread', cell: ({ fleetRead }) => seconds(fleetRead) },
  { title: 'settled', cell: ({ settled }) => seconds(settled) },
  {
    title: 'least at our\nrate / AWS’s',
    cell: ({ bound }) => `${seconds(bound.configured)} / ${seconds(bound.published)}`,
  },
  { title: 'services\nread', cell: ({ calls }) => count(calls['service-read']) },
  { title: 'revisions\nread', cell: ({ calls }) => count(calls['task-definition-read']) },
  { title: 'updates', cell: ({ calls }) => count(calls['service-modify']) },
  { title: 'other\ncalls', cell: otherCalls },
  { title: 'thrott-\nled', cell: ({ throttled }) => String(throttled) },
  { title: 'invo-\ncations', cell: invocations },
  { title: 'peak\nMB', cell: ({ peakRssMb }) => peakRssMb.toFixed(0) },
  { title: 'missed /\nsurplus', cell: ({ missed, surplus }) => `${missed} / ${surplus}` },
];

const SHOWN_BY_THEMSELVES = ['service-read', 'task-definition-read', 'service-modify'];

/** The figures as aligned lines. A scenario that failed shows why; the whole text was printed when it occurred. */
export function figureLines(rows: readonly (Row | Missing)[]): readonly string[] {
  const cells = rows.map((row) => [
    `${row.affected} of ${row.services}`,
    TITLES[row.method],
    ...('missing' in row ? [row.missing.slice(0, 40)] : COLUMNS.map(({ cell }) => cell(row))),
  ]);
  const head = ['affected', 'method', ...COLUMNS.map(({ title }) => title)];
  return tableLines(cells, { head, align: head.map((_, index) => (index < 2 ? 'left' : 'right')) });
}

/** Three lines that compare the bundle with its SDK clients. */
export function importLines({ node, clients, onChange, clientsAlone, ratio }: ImportTime): readonly string[] {
  const line = (title: string, { importMs, loadedKb, totalKb }: ImportTime['onChange']): string =>
    `${title.padEnd(36)} ${importMs.toFixed(0).padStart(5)} ms   ${loadedKb.toFixed(0).padStart(5)} KB loaded of ${totalKb.toFixed(0)} KB`;
  return [
    line('import of on-change', onChange),
    line(`import of its ${clients.length} SDK clients alone`, clientsAlone),
    `${'ratio'.padEnd(36)} ${ratio.toFixed(2).padStart(5)}      on Node ${node}`,
  ];
}

function seconds(value: number | null): string {
  return value === null ? '–' : value.toFixed(1);
}

function count(calls: number | undefined): string {
  return String(calls ?? 0);
}

function otherCalls({ calls }: Row): string {
  const others = Object.entries(calls).filter(([group]) => !SHOWN_BY_THEMSELVES.includes(group));
  return String(others.reduce((sum, [, n]) => sum + n, 0));
}

function invocations({ invocations: all, failedInvocations: failed }: Row): string {
  return failed === 0 ? String(all) : `${all} (${failed} failed)`;
}
