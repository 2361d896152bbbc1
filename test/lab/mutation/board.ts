export type Counts = Readonly<Record<string, number>>;

/**
 * What the instrumented code and the run share, under the name that the instrumented code expects. That code asks which
 * mutant is active wherever a mutant is, so the questions are the steps of a run.
 */
export class Board {
  /** By it the code counts how often mutants are passed; without it, the count is that of the loading. */
  currentTestId: string | undefined;
  readonly mutantCoverage = { static: {} as Counts, perTest: {} as Record<string, Counts> };
  steps = 0;
  #active: string | undefined;
  #limit = Infinity;

  /** Switches a mutant on, or all of them off, for at most so many steps. */
  begin(mutant: string | undefined, limit = Infinity): void {
    this.#active = mutant;
    this.#limit = limit;
    this.steps = 0;
  }

  get isEndless(): boolean {
    return this.steps > this.#limit;
  }

  get activeMutant(): string | undefined {
    this.steps++;
    if (this.isEndless) throw new Error('the mutant makes the test endless');
    return this.#active;
  }
}

export function newBoard(): Board {
  const board = new Board();
  Object.assign(globalThis, { __stryker__: board });
  return board;
}
