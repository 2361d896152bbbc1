import { readdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInstrumenter } from '@stryker-mutator/instrumenter';
import { createInjector } from 'typed-inject';
import type { Mutant } from './assess.ts';

/** The core with every mutant in it. A mutant has no effect unless its id is the active one. */
export type Instrumented = {
  /** The sources by absolute path. */
  readonly sources: ReadonlyMap<string, string>;
  readonly mutants: ReadonlyMap<string, Omit<Mutant, 'status'>>;
};

const FOLDER = 'functions/core';

/** Mutates the named files of the core, or all of them if none is named. A name is a path in the core without `.ts`. */
export async function instrument(names: readonly string[]): Promise<Instrumented> {
  const all = (await readdir(FOLDER, { recursive: true })).filter(
    (file) => file.endsWith('.ts') && (names.length === 0 || names.includes(file.replace('.ts', ''))),
  );
  const files = await Promise.all(
    all.map(async (file) => ({
      name: resolve(FOLDER, file),
      content: await readFile(`${FOLDER}/${file}`, 'utf8'),
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
          file: fileName.slice(fileName.indexOf(FOLDER)),
          line: location.start.line + 1,
          mutator: mutatorName,
          ...textAt(contents.get(fileName) ?? '', location),
          replacement,
        },
      ]),
    ),
  };
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
