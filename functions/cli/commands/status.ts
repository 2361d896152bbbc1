import type { CliCommand } from '../command.ts';
import { EXIT } from '../exit.ts';
import { type Finding, healthOf } from '../health.ts';
import { printResult } from '../print.ts';
import { count } from '../render/words.ts';

export const status: CliCommand = {
  name: 'status',
  summary: 'how the installed service is, and what to do about each finding',
  args: '',
  options: [],
  examples: [['status', 'mode, version, last event and sweep, what is under way, alarms, dead letters']],
  async run(_, given, terminal) {
    const { screen, progress } = terminal;
    const session = await terminal.connect();
    const { facts, findings } = await healthOf(session);
    progress.end();
    const isWell = findings.length === 0;
    const verdict = isWell ? 'the service works' : count(findings.length, 'finding');
    const result = {
      json: { ...Object.fromEntries(facts), findings },
      names: findings.map(({ finding }) => finding),
      verdict: screen.style(['bold', isWell ? 'green' : 'red'], verdict),
      columns: [
        { title: 'FINDING', cell: ({ finding }: Finding) => finding, least: 24 },
        { title: 'WHAT TO DO', cell: ({ todo }: Finding) => todo, least: 24 },
      ],
      wide: [],
      rows: findings,
      after: facts.map(([name, value]) => `${name.padEnd(12)}  ${value}`),
    };
    printResult(result, given, screen);
    return isWell ? EXIT.done : EXIT.stale;
  },
};
