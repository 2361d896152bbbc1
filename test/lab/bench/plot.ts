import { circle, element, polyline, rect, text } from '../../support/svg.ts';
import { type Axis, between, logAxis, type Place, spreadOut } from './drawing.ts';
import type { Row } from './row.ts';
import { METHODS, type Method, TITLES } from './scenarios.ts';

/** An SVG that shows how the cost grows with the fleet: seconds to the last redeploy, and calls, by services. */
export function plotOf(rows: readonly Row[]): string {
  const few = Math.min(...rows.map(({ affected }) => affected));
  const shown = rows.filter(({ affected }) => affected === few);
  const panels = PANELS.map((panel, index) => panelOf(panel, shown, MARGIN + index * (PANEL_WIDTH + MARGIN)));
  const heading = `One rotated secret, ${few} affected services: what it costs in fleets of different sizes`;
  const size = { width: WIDTH, height: HEIGHT };
  const font = { 'font-family': FONT, 'font-size': 13, fill: '#1f2328' };
  const head = { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, ...size, ...font };
  return element('svg', head, [
    rect(0, 0, size, { fill: '#ffffff', stroke: '#d1d9e0', rx: 8 }),
    text(MARGIN, 34, heading, { 'font-size': 17, 'font-weight': 600 }),
    ...panels,
  ]);
}

type Panel = {
  readonly title: string;
  readonly value: (row: Row) => number | null;
  readonly told: (value: number) => string;
  /** The least that a client can reach within our share of the quotas. */
  readonly least?: { readonly title: string; readonly value: (row: Row) => number };
};

const PANELS: readonly Panel[] = [
  {
    title: 'Seconds from the event to the last UpdateService',
    value: ({ lastUpdate }) => lastUpdate,
    told: (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} s`,
    least: { title: 'least for a full read', value: ({ bound }) => bound.configured },
  },
  {
    title: 'API calls until the change is settled',
    value: ({ calls }) => Object.values(calls).reduce((sum, count) => sum + count, 0),
    told: (value) => value.toLocaleString('en'),
  },
];

const FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif";
const GREY = { fill: '#59636e' };
const MARGIN = 28;
const PANEL_WIDTH = 470;
const PLOT = { top: 88, bottom: 372, left: 48, right: 300 };
const WIDTH = MARGIN + PANELS.length * (PANEL_WIDTH + MARGIN);
const HEIGHT = 430;
const LABEL_HEIGHT = 17;
const INSET = 24;

const COLOURS: Readonly<Record<Method, string>> = {
  baseline: '#6e7781',
  cold: '#0969da',
  snapshot: '#1a7f37',
  warm: '#bc4c00',
};
const LEAST_COLOUR = '#8c959f';

type Line = {
  readonly title: string;
  readonly colour: string;
  readonly dashed: boolean;
  readonly points: readonly (readonly [services: number, value: number])[];
};

function panelOf(panel: Panel, rows: readonly Row[], left: number): string {
  const lines = linesOf(panel, rows);
  const all = lines.flatMap(({ points }) => points);
  const up = logAxis(
    all.map(([, value]) => value),
    PLOT.bottom,
    PLOT.top,
  );
  const sizes = [...new Set(all.map(([services]) => services))];
  const across = between(
    Math.min(...sizes),
    Math.max(...sizes),
    left + PLOT.left + INSET,
    left + PLOT.right - INSET,
  );
  return [
    text(left, 64, panel.title, { 'font-weight': 600 }),
    ...up.ticks.flatMap((tick) => tickLine(tick, up, left)),
    ...sizes.map((size) =>
      text(across(size), PLOT.bottom + 22, size.toLocaleString('en'), { ...GREY, 'text-anchor': 'middle' }),
    ),
    text(left + (PLOT.left + PLOT.right) / 2, PLOT.bottom + 43, 'services', {
      ...GREY,
      'text-anchor': 'middle',
    }),
    ...lines.flatMap((line) => drawn(line, across, up)),
    ...labels(panel, lines, up, left + PLOT.right + 12),
  ].join('\n');
}

function linesOf({ value, least }: Panel, rows: readonly Row[]): readonly Line[] {
  // Values below 1 would need another power of ten on the axis and are left out.
  const pointsOf = (some: readonly Row[], read: (row: Row) => number | null) =>
    some
      .flatMap((row) => {
        const y = read(row);
        return y === null || y < 1 ? [] : [[row.services, y] as const];
      })
      .sort(([a], [b]) => a - b);
  const measured = METHODS.map((method) => ({
    title: TITLES[method],
    colour: COLOURS[method],
    dashed: false,
    points: pointsOf(
      rows.filter((row) => row.method === method),
      value,
    ),
  }));
  const bound =
    least === undefined
      ? []
      : [
          {
            title: least.title,
            colour: LEAST_COLOUR,
            dashed: true,
            points: pointsOf(coldest(rows), least.value),
          },
        ];
  return [...bound, ...measured].filter(({ points }) => points.length > 0);
}

/** One row a fleet: one of a client that has to read everything from the start, if there is such a row. */
function coldest(rows: readonly Row[]): readonly Row[] {
  const first = new Map(
    rows.toSorted((a, b) => a.bound.configured - b.bound.configured).map((row) => [row.services, row]),
  );
  return [...first.values()];
}

function tickLine(tick: number, up: Axis, left: number): readonly string[] {
  const y = up.at(tick);
  const grid = { width: PLOT.right - PLOT.left, height: 1 };
  return [
    rect(left + PLOT.left, y, grid, { fill: '#e6eaef' }),
    text(left + PLOT.left - 8, y + 4, tick.toLocaleString('en'), { ...GREY, 'text-anchor': 'end' }),
  ];
}

function drawn({ points, colour, dashed }: Line, across: Place, up: Axis): readonly string[] {
  const places = points.map(([services, value]) => [across(services), up.at(value)] as const);
  const style = dashed ? { 'stroke-width': 1.5, 'stroke-dasharray': '5 4' } : { 'stroke-width': 2.5 };
  return [
    polyline(places, { stroke: colour, 'stroke-linejoin': 'round', 'stroke-linecap': 'round', ...style }),
    ...(dashed ? [] : places.map((place) => circle(place, 4, colour))),
  ];
}

/** Names each line at its end, with its last value. */
function labels(panel: Panel, lines: readonly Line[], up: Axis, x: number): readonly string[] {
  const ends = lines.flatMap(({ title, colour, points }) => {
    const end = points.at(-1);
    return end === undefined ? [] : [{ title, colour, value: end[1], y: up.at(end[1]) + 4 }];
  });
  const heights = spreadOut(
    ends.map(({ y }) => y),
    LABEL_HEIGHT,
    PLOT.bottom,
  );
  return ends.map(({ title, colour, value }, index) =>
    text(x, heights[index] ?? 0, `${title} ${panel.told(value)}`, { fill: colour }),
  );
}
