import { folderOf } from './scopes.ts';

/** One change to one file, and the result of the tests with it. */
export type Mutant = {
  readonly file: string;
  readonly line: number;
  readonly mutator: string;
  /** The line in which the mutant begins, as it is without the mutant. */
  readonly within: string;
  readonly original: string;
  readonly replacement: string;
  readonly status: string;
};

/** A mutant that behaves as the original does, and the reason. It is found by its text, for line numbers change. */
export type Equivalent = Pick<Mutant, 'file' | 'within' | 'original' | 'replacement'> & {
  readonly reason: string;
};

export type Figures = {
  readonly killed: number;
  readonly survived: number;
  /** The number of survivors that no test could kill. */
  readonly equivalent: number;
  /** The percentage of all mutants that were killed; the equivalent ones count as survivors. */
  readonly score: number;
};

export type Assessment = {
  readonly files: ReadonlyMap<string, Figures>;
  /** By the name of a folder of `functions`. */
  readonly folders: ReadonlyMap<string, Figures>;
  /** The survivors that are not in the list of equivalent mutants. */
  readonly survivors: readonly Mutant[];
  readonly explained: readonly { readonly mutant: Mutant; readonly reason: string }[];
  /** Entries of the list of equivalent mutants that name no survivor. */
  readonly wrong: readonly string[];
};

const KILLED = ['Killed', 'Timeout'];
export const SURVIVED: readonly string[] = ['Survived', 'NoCoverage'];

/** Compares the mutants with the list of the equivalent ones. A mutant that could not be run counts as neither. */
export function assess(mutants: readonly Mutant[], equivalents: readonly Equivalent[]): Assessment {
  const reasons = new Map(equivalents.map((one) => [keyOf(one), one.reason]));
  const survived = mutants.filter(({ status }) => SURVIVED.includes(status));
  const figuresOf = (some: readonly Mutant[]): Figures => {
    const killed = some.filter(({ status }) => KILLED.includes(status)).length;
    const alive = some.filter(({ status }) => SURVIVED.includes(status));
    const equivalent = alive.filter((one) => reasons.has(keyOf(one))).length;
    const score = (100 * killed) / Math.max(1, killed + alive.length);
    return { killed, survived: alive.length, equivalent, score };
  };
  const figuresBy = (nameOf: (file: string) => string): ReadonlyMap<string, Figures> => {
    const names = [...new Set(mutants.map(({ file }) => nameOf(file)))].toSorted();
    return new Map(
      names.map((name) => [name, figuresOf(mutants.filter(({ file }) => nameOf(file) === name))]),
    );
  };
  const alive = new Set(survived.map(keyOf));
  const known = new Set(mutants.map(keyOf));
  return {
    files: figuresBy((file) => file),
    folders: figuresBy(folderOf),
    survivors: survived.filter((one) => !reasons.has(keyOf(one))),
    explained: survived.flatMap((mutant) => {
      const reason = reasons.get(keyOf(mutant));
      return reason === undefined ? [] : [{ mutant, reason }];
    }),
    wrong: equivalents
      .filter((one) => !alive.has(keyOf(one)))
      .map(
        (one) =>
          `${one.file}: ${change(one)} in "${one.within}" ${known.has(keyOf(one)) ? 'is killed' : 'does not exist'}`,
      ),
  };
}

/** The place of a mutant and its replacement, in one line. */
export function nameOf(mutant: Mutant): string {
  return `${mutant.file}:${mutant.line} ${mutant.mutator}: ${change(mutant)}`;
}

function change({ original, replacement }: Pick<Mutant, 'original' | 'replacement'>): string {
  return `${oneLine(original)}  →  ${oneLine(replacement)}`;
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ');

/** A mutant by its text, for line numbers change. */
export function keyOf({ file, within, original, replacement }: Omit<Equivalent, 'reason'>): string {
  return JSON.stringify([file, within, original, replacement]);
}
