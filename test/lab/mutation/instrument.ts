import { readdir, readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { createInstrumenter } from '@stryker-mutator/instrumenter';
import { createInjector } from 'typed-inject';
import type { Mutant } from './assess.ts';
import { SCOPES } from './scopes.ts';

/** The files with every mutant in them. A mutant has no effect unless its id is the active one. */
export type Instrumented = {
  /** The sources by absolute path. */
  readonly sources: ReadonlyMap<string, string>;
  readonly mutants: ReadonlyMap<string, Omit<Mutant, 'status'>>;
};

/** Mutates the named files of the scopes, or all of them if none is named. A name is a folder in `functions`, or a file without `.ts`. */
export async function instrument(names: readonly string[]): Promise<Instrumented> {
  const files = await Promise.all(
    (await filesOf(names)).map(async (file) => ({
      name: resolve(file),
      content: await readFile(file, 'utf8'),
      mutate: true,
    })),
  );
  const instrumenter = createInstrumenter(createInjector().provideValue('logger', SILENT));
  const result = await instrumenter.instrument(files, { plugins: null, excludedMutations: [], ignorers: [] });
  const contents = new Map(files.map(({ name, content }) => [name, content]));
  return {
    sources: new Map(result.files.map(({ name, content }) => [name, content])),
    mutants: new Map(
      result.mutants.map(({ id, fileName, mutatorName, replacement, location }) => [
        id,
        {
          file: relative('.', fileName),
          line: location.start.line + 1,
          mutator: mutatorName,
          ...textAt(contents.get(fileName) ?? '', location),
          replacement,
        },
      ]),
    ),
  };
}

async function filesOf(names: readonly string[]): Promise<readonly string[]> {
  const inFolder = async (folder: string) =>
    (await readdir(`functions/${folder}`, { recursive: true })).map((file) => `${folder}/${file}`);
  const folders = SCOPES.flatMap((scope) => scope.folders);
  const all = (await Promise.all(folders.map(inFolder)))
    .flat()
    .filter((file) => file.endsWith('.ts'))
    .toSorted();
  const isOf = (name: string, file: string) => file === `${name}.ts` || file.startsWith(`${name}/`);
  const unknown = names.filter((name) => !all.some((file) => isOf(name, file)));
  if (unknown.length > 0)
    throw new Error(
      `looked in ${folders.join(', ')} for ${unknown.join(', ')}, and found no such folder or file: name it as core/plan or formats/event`,
    );
  return all
    .filter((file) => names.length === 0 || names.some((name) => isOf(name, file)))
    .map((file) => `functions/${file}`);
}

type Position = { readonly line: number; readonly column: number };

/** Lines and columns count from 0. */
function textAt(source: string, { start, end }: { readonly start: Position; readonly end: Position }) {
  const lines = source.split('\n');
  const original = lines
    .slice(start.line, end.line + 1)
    .map((line, i, all) =>
      line.slice(i === 0 ? start.column : 0, i === all.length - 1 ? end.column : undefined),
    )
    .join('\n');
  return { within: (lines[start.line] ?? '').trim(), original };
}

const nothing = (): void => undefined;
const never = (): boolean => false;
const SILENT = {
  isTraceEnabled: never,
  isDebugEnabled: never,
  isInfoEnabled: never,
  isWarnEnabled: never,
  isErrorEnabled: never,
  isFatalEnabled: never,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
};
