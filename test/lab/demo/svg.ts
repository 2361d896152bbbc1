/** SVG as text: enough for charts and tables. Lengths are pixels. */

export type Box = { readonly width: number; readonly height: number };

type Attributes = Readonly<Record<string, string | number>>;

export function element(name: string, attributes: Attributes, inside: readonly string[] = []): string {
  const given = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(rounded(value))}"`);
  return `<${name}${given.join('')}${inside.length === 0 ? '/>' : `>${inside.join('')}</${name}>`}`;
}

export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, [escaped(content)]);
}

export const escaped = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Shortens a text to this many characters; an ellipsis marks a shortened one. */
export function shortened(content: string, length: number): string {
  return content.length <= length ? content : `${content.slice(0, Math.max(0, length - 1))}…`;
}

/** `1500` as `1.5k`, for axes and large numbers. */
export function shortNumber(value: number): string {
  if (value >= 10_000) return `${Number((value / 1000).toFixed(1))}k`;
  return String(Number(value.toFixed(value < 10 ? 2 : 0)));
}

const rounded = (value: string | number): string =>
  typeof value === 'string' ? value : String(Number(value.toFixed(1)));
