/** A fenced block of code, and the heading under which it stands. */
export type Block = { readonly section: string; readonly language: string; readonly text: string };

const FENCE = /^( *)```(\w*)\n(.*?)^\1```$/gms;

/** The text without fenced blocks and code spans, which hold neither links nor prose. */
function withoutCode(text: string): string {
  return text.replaceAll(FENCE, '').replaceAll(/`[^`\n]*`/g, 'code');
}

export function blocksOf(text: string): readonly Block[] {
  return [...text.matchAll(FENCE)].map((match) => ({
    section: headingBefore(text.slice(0, match.index)),
    language: match[2] ?? '',
    text: match[3] ?? '',
  }));
}

/** Headings in fenced blocks are comments of a shell. */
function headingBefore(text: string): string {
  return [...text.replaceAll(FENCE, '').matchAll(/^#+ (.+)$/gm)].at(-1)?.[1] ?? '';
}

/** The part of a page under a heading, up to the next heading of the same or a higher level. */
export function sectionOf(text: string, heading: string): string {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.replace(/^#+ /, '') === heading && line.startsWith('#'));
  if (start === -1) throw new Error(`looked for the section "${heading}", which the page does not have`);
  const level = levelOf(lines[start] ?? '');
  const length = lines.slice(start + 1).findIndex((line) => levelOf(line) > 0 && levelOf(line) <= level);
  return lines.slice(start, length === -1 ? undefined : start + 1 + length).join('\n');
}

const levelOf = (line: string): number => /^(#+) /.exec(line)?.[1]?.length ?? 0;

/** A row of a table: its line as it stands in the text, and its cells. */
export type TableRow = { readonly line: string; readonly cells: readonly string[] };

/** The rows of the first table in a section whose first column has this header. */
export function rowsOf(section: string, header: string): readonly TableRow[] {
  const lines = section.split('\n');
  const start = lines.findIndex((line) => cellsOf(line)[0] === header);
  if (start === -1)
    throw new Error(`looked for a table whose first column is "${header}", which the section does not have`);
  const rest = lines.slice(start + 2);
  const length = rest.findIndex((line) => !line.trimStart().startsWith('|'));
  return rest.slice(0, length === -1 ? undefined : length).map((line) => ({ line, cells: cellsOf(line) }));
}

function cellsOf(line: string): readonly string[] {
  if (!line.trimStart().startsWith('|')) return [];
  return line
    .trim()
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim());
}

/** The texts of the code spans. */
export function codesIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

/** The anchors that GitHub gives to the headings of a page. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const headings = [...text.replaceAll(FENCE, '').matchAll(/^#+ (.+)$/gm)];
  return new Set(
    headings.map(([, heading = '']) => {
      const slug = slugOf(heading);
      const times = seen.get(slug) ?? 0;
      seen.set(slug, times + 1);
      return times === 0 ? slug : `${slug}-${times}`;
    }),
  );
}

/** Letters, digits, hyphens and underscores stay; a link in a heading counts with its text only. */
function slugOf(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

/** The targets of all links and pictures of a page. */
export function linksOf(text: string): readonly string[] {
  const outside = text.replaceAll(FENCE, '').replaceAll(/`[^`\n]*`/g, 'code');
  return [...outside.matchAll(/\]\(([^)]*)\)/g)].map(([, target = '']) => target);
}

/** The paragraph under the title. */
export function openingOf(text: string): string {
  return (text.split(/\n{2,}/)[1] ?? '').trim();
}

/** The sentences of a text, without code and the targets of links, in which a full stop ends nothing. */
export function sentencesOf(text: string): readonly string[] {
  const prose = withoutCode(text).replaceAll(/\]\([^)]*\)/g, ']');
  return prose.split(/(?<=[.!?])(?:\*\*)?\s+/).filter((sentence) => sentence.trim() !== '');
}

/** The commands of a block of shell: each with its continued lines, without comments. */
export function commandsIn(block: string): readonly string[] {
  const commands: string[] = [];
  let open = '';
  for (const line of block.split('\n')) {
    const code = open === '' || isWhole(open) ? line.replace(/(^|\s+)#\s.*$/, '') : line;
    open = open === '' ? code : `${open}\n${code}`;
    if (!isWhole(open)) continue;
    if (open.trim() !== '') commands.push(open.trim());
    open = '';
  }
  if (open.trim() !== '') throw new Error(`the block ends within a command:\n${open}`);
  return commands;
}

/** Whether no quote, loop or continued line is open. */
function isWhole(text: string): boolean {
  const bare = text.replaceAll(/'[^']*'/g, '');
  const loops = (bare.match(/\bdo$/gm) ?? []).length - (bare.match(/^done\b/gm) ?? []).length;
  return !/['\\]$|&&$|\|$/.test(bare.trimEnd()) && !bare.includes("'") && loops === 0;
}
