import { tableLines } from '../../support/table.ts';
import type { Reason } from './log.ts';
import type { Colour, Frame, Paint } from './screen.ts';
import type { Sighting } from './watch.ts';

type Looks = { readonly paint: Paint; readonly columns: number; readonly time: string };
type Cell = { readonly sign: string; readonly text: string; readonly colour: Colour };

/** Two cells fit into a terminal of 80 columns. */
const NAME_WIDTH = 11;
const CELL_WIDTH = 2 + NAME_WIDTH + 24;

/** The fleet as it is now. `reasonFor` gives the reason why a service is left alone, once one is known. */
export function frameOf(
  sightings: readonly Sighting[],
  reasonFor: (serviceArn: string) => Reason | undefined,
  { paint, columns, time }: Looks,
): Frame {
  const cells = sightings.map((one) => {
    const { sign, text, colour } = cellOf(one, reasonFor(one.member.arn));
    return paint(colour, `${sign} ${one.member.name.padEnd(NAME_WIDTH)}${text}`);
  });
  const summary = summaryOf(sightings);
  const across = Math.max(1, Math.floor((columns - 2) / CELL_WIDTH));
  const down = Math.ceil(cells.length / across);
  const rows = cells.slice(0, down).map((_, row) => cells.filter((__, index) => index % down === row));
  const widths = Array.from({ length: across }, () => CELL_WIDTH);
  return {
    table: ['', ...tableLines(rows, { widths }), '', paint('bold', `${time}  ${summary}`)],
    time,
    line: `${summary}${rollingIn(sightings)}`,
  };
}

function cellOf(one: Sighting, reason: Reason | undefined): Cell {
  const { stale, affected, deployments } = one;
  if (affected && stale === 0) return { sign: '✔', text: 'fresh', colour: 'green' };
  if (deployments.length > 0) return { sign: '◐', text: progressOf(one), colour: 'yellow' };
  if (reason?.waits === true) return { sign: '…', text: reason.code, colour: 'yellow' };
  if (reason !== undefined) return { sign: '–', text: reason.code, colour: 'dim' };
  if (stale > 0) return { sign: '✖', text: 'old value', colour: 'red' };
  return { sign: ' ', text: one.running === 0 ? 'no tasks' : 'current', colour: 'dim' };
}

function progressOf(one: Sighting): string {
  const renewed = renewedOf(one);
  return `${'▰'.repeat(renewed)}${'▱'.repeat(one.desired - renewed)} ${renewed} of ${one.desired} new`;
}

function renewedOf({ desired, running, stale }: Sighting): number {
  return Math.max(0, Math.min(desired, running - stale));
}

function summaryOf(sightings: readonly Sighting[]): string {
  if (!sightings.some(({ affected }) => affected)) return 'nothing has changed yet';
  const meant = sightings.filter(({ member }) => member.expect !== 'left-alone');
  const old = meant.filter(({ stale }) => stale > 0);
  const rolling = old.filter(isRolling);
  const fresh = meant.filter(({ affected, stale }) => affected && stale === 0);
  return `fresh ${fresh.length} of ${meant.length}, rolling ${rolling.length}, stale ${old.length - rolling.length}`;
}

/** Names the services that are rolling, for a screen without the table. */
function rollingIn(sightings: readonly Sighting[]): string {
  const rolling = sightings.filter(isRolling);
  if (rolling.length === 0) return '';
  const shown = rolling.slice(0, 2).map((one) => `${one.member.name} ${renewedOf(one)}/${one.desired}`);
  return `  [${shown.join(', ')}${rolling.length > shown.length ? ', …' : ''}]`;
}

function isRolling({ deployments, stale }: Sighting): boolean {
  return deployments.length > 0 && stale > 0;
}
