import { type Counts, countsOf } from './counts.ts';
import { judge } from './judge.ts';
import { run } from './run.ts';
import type { Scenario } from './scenario.ts';
import type { Violation } from './violation.ts';

/** The promises that a scenario breaks; none if the functions are correct. */
export function replay(scenario: Scenario): Promise<readonly Violation[]> {
  return run(scenario, judge);
}

export function replayCounting(
  scenario: Scenario,
): Promise<{ readonly violations: readonly Violation[]; readonly counts: Counts }> {
  return run(scenario, (done) => ({ violations: judge(done), counts: countsOf(done) }));
}
