import { expect, test, vi } from 'vitest';
import { newBoard } from './board.ts';
import { firstRun, joined } from './first-run.ts';
import { runMutants } from './run-mutants.ts';
import type { Suite } from './suite.ts';

/** What the instrumenter makes of a place: it counts that the mutants are passed, and asks which one is active. */
function passing(board: ReturnType<typeof newBoard>) {
  return (id: string): boolean => {
    const { static: loaded, perTest } = board.mutantCoverage;
    const test = board.currentTestId;
    const counts = test === undefined ? loaded : (perTest[test] ?? {});
    if (test !== undefined) perTest[test] = counts;
    Object.assign(counts, { [id]: (counts[id] ?? 0) + 1 });
    return board.activeMutant === id;
  };
}

test('a mutant is killed by a test that reaches it, where it is loaded as well, and one that never ends is stopped', async () => {
  const board = newBoard();
  const isActive = passing(board);
  let evaluations = 0;
  const suite: Suite = () => (file) => {
    evaluations++;
    const constant = isActive('loaded') ? 0 : 1;
    const bodies = [
      () => expect(isActive('killed') || isActive('missed')).toBe(isActive('missed')),
      () => {
        for (let i = 0; i < 3 || isActive('endless'); i++) isActive('survived');
      },
      () => expect(constant).toBe(1),
      () => expect(isActive('survived')).toBe('a test that always fails'),
    ];
    return Promise.resolve(
      bodies.map((body, i) => ({ title: `${file} ${i}`, groups: [], run: async () => body() })),
    );
  };
  const statuses: Record<string, string> = {};
  const mutants = ['killed', 'missed', 'endless', 'survived', 'loaded', 'unreached'].map((id) => ({
    id,
    file: 'functions/x.ts',
  }));
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const recorded = joined([await firstRun(suite, ['test/x.test.ts'], board)]);
  expect(said.mock.calls.join('')).toMatch(/^left out, for it fails without a mutant: test\/x\.test\.ts 3: /);
  const first: typeof recorded = JSON.parse(JSON.stringify(recorded));
  await runMutants(mutants, suite, { 'test/x.test.ts': ['functions/x.ts'] }, first, board, (id, status) => {
    statuses[id] = status;
  });
  expect(statuses).toEqual({
    killed: 'Killed',
    missed: 'Survived',
    endless: 'Timeout',
    survived: 'Survived',
    loaded: 'Killed',
    unreached: 'NoCoverage',
  });
  expect(evaluations, 'only what changes while it is loaded is loaded again').toBe(3);
});
