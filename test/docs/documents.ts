import { readdirSync, readFileSync } from 'node:fs';
import { blocksOf, commandsIn } from './markdown.ts';

/** The pages for those who use the service. Paths are relative to the root of the project, where npm runs its scripts. */
export const PAGES: readonly string[] = readdirSync('docs')
  .filter((file) => file.endsWith('.md'))
  .map((file) => `docs/${file}`);

/** Everything that is written for people. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  ...PAGES,
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'functions/README.md',
  'events/README.md',
];

export const read = (path: string): string => readFileSync(path, 'utf8');

export type Command = { readonly page: string; readonly section: string; readonly text: string };

/** Every command line of the front page and the pages, in their order. */
export function documentedCommands(pages: readonly string[] = ['README.md', ...PAGES]): readonly Command[] {
  return pages.flatMap((page) => commandsOf(read(page)).map((command) => ({ page, ...command })));
}

function commandsOf(text: string): readonly Omit<Command, 'page'>[] {
  return blocksOf(text)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ section, text: block }) => commandsIn(block).map((command) => ({ section, text: command })));
}

/** The command of a section, or the one at this place if the section has several. Throws if there is none. */
export function commandOf(page: string, section: string, place = 0): string {
  const command = documentedCommands([page]).filter((one) => one.section === section)[place];
  if (command === undefined)
    throw new Error(`looked for command ${place + 1} under "${section}" in ${page}, which has none there`);
  return command.text;
}
