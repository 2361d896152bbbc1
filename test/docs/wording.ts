import { linksOf, openingOf, sentencesOf } from './markdown.ts';

/** What a page lacks that says at once whether it is the right one. */
export function openingFaults(page: string): readonly string[] {
  const opening = openingOf(page);
  const [, question, answer] = /^\*\*([^*]+\?)\*\*\s+(.+)$/s.exec(opening) ?? [];
  if (question === undefined || answer === undefined)
    return ['the page does not begin with its question, in bold, and the answer'];
  const length = sentencesOf(answer).length;
  return length <= 3 ? [] : [`the answer has ${length} sentences, at most 3 are allowed`];
}

/** Lines in which a service or a process is spoken of as a person. */
export function personsIn(text: string): readonly string[] {
  const persons =
    /\b(?:whoever|whom|somebody|nobody)\b|\b(?:service|function|queue|rule|process|stack|sweep|deployment)s? who\b/i;
  return text.split('\n').filter((line) => persons.test(line));
}

/** The words of a text as `wc -w` counts them. */
export function wordsIn(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length;
}

/** The line on which a text first stands, counted from 1. */
export function lineOf(text: string, wanted: string): number {
  const line = text.split('\n').findIndex((one) => one.startsWith(wanted));
  if (line === -1)
    throw new Error(`looked for a line that begins with "${wanted}", which the text does not have`);
  return line + 1;
}

/** Links of a page that lead nowhere. `anchors` answers the anchors of a file, or undefined if there is none. */
export function deadLinks(
  page: string,
  path: string,
  anchors: (file: string) => ReadonlySet<string> | undefined,
): readonly string[] {
  return linksOf(page).filter((target) => isDead(target, path, anchors));
}

function isDead(
  target: string,
  path: string,
  anchors: (file: string) => ReadonlySet<string> | undefined,
): boolean {
  if (/^[a-z]+:/.test(target)) return !(target.startsWith('https://') && URL.canParse(target));
  const { pathname, hash } = new URL(target, `file:///${path}`);
  const found = anchors(decodeURIComponent(pathname.slice(1)));
  if (found === undefined) return true;
  return hash !== '' && !found.has(decodeURIComponent(hash.slice(1)));
}
