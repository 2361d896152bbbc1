/** Which tests judge the mutants of which folders. Names are relative to `functions/` and to `test/`. */
export type Scope = {
  readonly name: string;
  readonly folders: readonly string[];
  /** Folders and files. */
  readonly tests: readonly string[];
};

export const SCOPES: readonly Scope[] = [
  {
    name: 'pure',
    folders: ['core', 'formats'],
    // Where what the tests of the steps decide is the better question, test/README.md names them.
    tests: ['core', 'formats', 'events', 'pipeline/read/access.test.ts', 'commands/hidden-secrets.test.ts'],
  },
  { name: 'steps', folders: ['commands', 'pipeline'], tests: ['commands', 'pipeline'] },
];

/** The percentage of its mutants that the tests of a folder have to kill. */
export const WANTED: ReadonlyMap<string, number> = new Map([
  ['core', 95],
  ['formats', 85],
  ['commands', 85],
  ['pipeline', 85],
]);

/** Tests that look at another process, at the memory or at the clock; and what takes seconds each time: texts of many megabytes, the packaged stack. */
export const LEFT_OUT = [
  'test/commands/memory.test.ts',
  'test/core/match/patterns.test.ts',
  'test/formats/bounds-bytes.test.ts',
  'test/formats/bounds-memory.test.ts',
  'test/formats/packaged-blueprint.test.ts',
];

/** `core` of `functions/core/model/glob.ts`. */
export function folderOf(file: string): string {
  return file.split('/')[1] ?? '';
}
