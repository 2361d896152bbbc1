import { type Counts, countsOf } from './counts.ts';
import { judge } from './judge.ts';
import { run } from './run.ts';
import type { Scenario } from './scenario.ts';
import type { Violation } from './violation.ts';

/** What a scenario breaks: nothing, if all is well. */
export function replay(scenario: Scenario): Promise<readonly Violation[]> {
  return run(scenario, judge);
}

export function replayCounting(
  scenario: Scenario,
): Promise<{ readonly violations: readonly Violation[]; readonly counts: Counts }> {
  return run(scenario, (done) => ({ violations: judge(done), counts: countsOf(done) }));
}
