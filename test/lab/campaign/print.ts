import { type Counts, INJECTED } from './counts.ts';
import type { Pair } from './pairs.ts';
import type { Shrunk } from './shrink.ts';
import type { Theme } from './themes.ts';
import type { Promised, Violation } from './violation.ts';

/** Prints the smallest failing scenario as a test that can be pasted into found.test.ts. */
export function printFailure(
  seed: number,
  { scenario, violations, tries }: Shrunk,
  theme: Theme | undefined,
): void {
  const first = violations[0];
  const steering = theme === undefined ? '' : ` --theme ${theme}`;
  print(`seed ${seed}: ${violations.map(({ promise, what }) => `${promise}: ${what}`).join('\n  ')}`);
  print(
    `the smallest scenario, after ${tries} tries (repeat with: npm run faults -- --runs 1 --seed ${seed}${steering}):\n`,
  );
  print(`test('${first?.promise ?? 'seed'} (seed ${seed})', async () => {`);
  print(`  expect(await replay(${JSON.stringify(scenario)})).toEqual([]);`);
  print('});\n');
}

/** One line a violation, as soon as it is found: to shrink a scenario may take longer than the campaign. */
export function printViolations(seed: number, violations: readonly Violation[]): void {
  for (const { promise, what } of violations) print(`seed ${seed}: ${promise}: ${what}`);
}

/** `cpuSeconds`: what an average run took of all processors, its judgement included. */
export function printCounts(counts: Counts, violations: readonly Violation[], cpuSeconds: number): void {
  const rows = Object.entries(counts);
  const isInjected = ([name]: readonly [string, number]) => INJECTED.includes(name);
  print('injected:');
  for (const name of INJECTED) print(row(name, counts[name] ?? 0));
  print('seen:');
  for (const [name, count] of rows.filter((one) => !isInjected(one))) print(row(name, count));
  const broken = (promise: Promised) => violations.filter((one) => one.promise === promise).length;
  print(
    row('losses: services left on an old value without a record that explains it', broken('nothing-lost')),
  );
  print(row('duplicates: deployments that no change justified', broken('nothing-doubled')));
  print(`\n${violations.length} violations; ${cpuSeconds.toFixed(2)} CPU seconds per run`);
}

/** Prints the pairs; whether no service had more than one extra deployment, and most pairs had none. */
export function printPairs(measured: readonly { readonly seed: number; readonly pair: Pair }[]): boolean {
  const services = measured.flatMap(({ pair }) => pair.extras);
  const missing = services.filter((extra) => extra < 0).length;
  const byExtras = new Map<number, number>();
  for (const { pair } of measured) {
    const most = Math.max(0, ...pair.extras);
    byExtras.set(most, (byExtras.get(most) ?? 0) + 1);
  }
  const pairsWithout = byExtras.get(0) ?? 0;
  print(`${measured.length} pairs of invocations, ${services.length} services`);
  for (const [extra, pairs] of [...byExtras].toSorted(([a], [b]) => a - b))
    print(row(`pairs in which a service had ${extra} extra deployments, and none had more`, pairs));
  print(row('services with an extra deployment', services.filter((extra) => extra > 0).length));
  print(row('services that were not deployed', missing));
  const worst = measured.find(({ pair }) => pair.extras.some((extra) => extra > 1 || extra < 0));
  if (worst !== undefined) print(`seed ${worst.seed}: ${worst.pair.extras.join()}`);
  return worst === undefined && pairsWithout * 2 > measured.length;
}

function row(name: string, count: number): string {
  return `  ${String(count).padStart(9)}  ${name}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
