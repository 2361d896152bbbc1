import { atSamePlace } from '../again.ts';
import type { CliCommand } from '../command.ts';
import { EXIT } from '../exit.ts';
import { healthOf } from '../health.ts';
import { printResult } from '../print.ts';
import { type Finding, factsOf, findingsOf, healthJson } from '../render/health.ts';
import { count } from '../render/words.ts';
import { ALL } from './options.ts';

export const status: CliCommand = {
  name: 'status',
  summary: 'how the installed service is, and what to do about each finding',
  args: '',
  options: [ALL],
  examples: [
    ['status', 'stage, mode, version, last event and sweep, what is under way, alarms, dead letters, quota'],
    ['status -o name', 'what is wrong, one code a line'],
  ],
  async run(_, given, terminal) {
    const { screen, progress } = terminal;
    const health = await healthOf(await terminal.connect('stack'));
    progress.end();
    const findings = findingsOf(health).map((one) => ({ ...one, todo: atSamePlace(one.todo, given) }));
    const isWell = findings.length === 0;
    const verdict = isWell ? 'the service works' : count(findings.length, 'finding');
    const result = {
      json: healthJson(health, findings),
      names: findings.map(({ code }) => code),
      verdict: screen.style(['bold', isWell ? 'green' : 'red'], verdict),
      columns: [
        { title: 'FINDING', cell: ({ finding }: Finding) => finding, least: 24, wraps: true },
        { title: 'WHAT TO DO', cell: ({ todo }: Finding) => todo, least: 24, wraps: true },
      ] as const,
      wide: [],
      rows: findings,
      after: factsOf(health).map(([name, value]) => `${name.padEnd(12)}  ${value}`),
    };
    printResult(result, given, screen);
    return isWell ? EXIT.done : EXIT.stale;
  },
};
