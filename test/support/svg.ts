/** SVG as text: enough for charts and tables. Lengths are pixels. */

export type Box = { readonly width: number; readonly height: number };
export type Point = readonly [x: number, y: number];
export type Attributes = Readonly<Record<string, string | number>>;

export function element(name: string, attributes: Attributes, inside: readonly string[] = []): string {
  const given = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(rounded(value))}"`);
  return `<${name}${given.join('')}${inside.length === 0 ? '/>' : `>${inside.join('')}</${name}>`}`;
}

export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, [escaped(content)]);
}

export function rect(x: number, y: number, { width, height }: Box, attributes: Attributes): string {
  return element('rect', { x, y, width, height, ...attributes });
}

/** Moves what is inside. */
export function group(x: number, y: number, inside: readonly string[], attributes: Attributes = {}): string {
  return element('g', { transform: `translate(${rounded(x)} ${rounded(y)})`, ...attributes }, inside);
}

/** A line through the points, with a dot at each of them. */
export function curve(points: readonly Point[], stroke: string): string {
  const list = points.map(([x, y]) => `${rounded(x)},${rounded(y)}`).join(' ');
  const line = element('polyline', { points: list, fill: 'none', stroke, 'stroke-width': 1.5 });
  return [line, ...points.map((point) => circle(point, 2.5, stroke))].join('');
}

export function circle([cx, cy]: Point, r: number, fill: string): string {
  return element('circle', { cx, cy, r, fill });
}

/** Draws each item in its cell of a grid. */
export function tiles<Item>(
  items: readonly Item[],
  across: number,
  box: Box,
  draw: (item: Item, cell: Box) => readonly string[],
): readonly string[] {
  const cell = { width: box.width / across, height: box.height / Math.ceil(items.length / across) };
  return items.map((item, index) =>
    group((index % across) * cell.width, Math.floor(index / across) * cell.height, draw(item, cell)),
  );
}

/** `1500` as `1.5k`. */
export function short(value: number): string {
  return value >= 10_000 ? `${Number((value / 1000).toFixed(1))}k` : String(Number(value.toFixed(2)));
}

export const escaped = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const rounded = (value: string | number): string =>
  typeof value === 'string' ? value : String(Number(value.toFixed(1)));
