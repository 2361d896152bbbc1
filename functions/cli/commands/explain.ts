import { explainService } from '../../commands/explain.ts';
import type { ExplainedRule, ExplainedSubject, Explanation } from '../../core/report/explanation.ts';
import { type CliCommand, type Given, isSet, type Terminal } from '../command.ts';
import { EXIT } from '../exit.ts';
import { namedIn, resolve } from '../names.ts';
import { printResult, type Result } from '../print.ts';
import type { Column } from '../render/table.ts';
import { resourceName, serviceName } from '../render/words.ts';
import { newId } from '../request.ts';
import { knownServices, needOwn, serviceNamed } from '../services.ts';
import { PARAMETER } from './options.ts';

export const explain: CliCommand = {
  name: 'explain',
  alias: 'why',
  summary:
    'why a service would be redeployed now, kept waiting or left alone: each rule with the fact it looked at',
  args: '<cluster/service> [secret...]',
  options: [PARAMETER, { flags: '--all', description: 'the rules after the one that decides, too' }],
  examples: [
    ['explain prod/api prod/db', 'why prod/api is treated as it is when prod/db changes'],
    ['why prod/api', 'for everything that prod/api refers to'],
  ],
  async run([service = '', ...args], given, terminal) {
    const named = serviceNamed(service);
    const asked = namedIn(args, given);
    const session = await terminal.connect();
    needOwn(service, session);
    await resolve(asked, session);
    const { run } = session;
    const answer = await knownServices(session, () => explainService(named, asked, newId(), run));
    run.reading.throwIfAborted();
    terminal.progress.end();
    printResult(explanationResult(answer, given, terminal.screen), given, terminal.screen);
    return EXIT.done;
  },
};

type Row = ExplainedRule & { readonly of: string; readonly rule: string; readonly answer: string };

const COLUMNS: readonly Column<Row>[] = [
  { title: 'RULE', cell: ({ rule }) => rule, least: 12 },
  { title: 'SAYS', cell: ({ answer }) => answer },
  { title: 'FACT', cell: ({ fact }) => fact, least: 20, wraps: true },
];
const WIDE: readonly Column<Row>[] = [{ title: 'CHANGE', cell: ({ of }) => of }];

function explanationResult(answer: Explanation, given: Given, { style }: Terminal['screen']): Result<Row> {
  const { service, cluster, subjects } = answer;
  const name = serviceName(service, cluster);
  return {
    json: answer,
    names: [name],
    verdict: style('bold', sentenceOf(answer, name)),
    columns: COLUMNS,
    wide: WIDE,
    rows: subjects.flatMap((subject) => rowsOf(subject, isSet(given, 'all'))),
    after: subjects.length > 1 ? subjects.map(told) : [],
  };
}

function sentenceOf({ decision, because }: Explanation, name: string): string {
  if (decision === null) return `${name} is left alone: ${because}`;
  const { action, reason } = decision;
  if (action === 'redeploy') return `${name} would be redeployed: ${because}`;
  return `${name} ${action === 'wait' ? 'would wait' : 'would be left alone'}, ${reason}: ${because}`;
}

/** The rules in their order, to the one that decides. */
function rowsOf({ arn, rules }: ExplainedSubject, all: boolean): readonly Row[] {
  const deciding = rules.findIndex(({ says }) => says !== null);
  const shown = all || deciding === -1 ? rules : rules.slice(0, deciding + 1);
  return shown.map((rule) => ({
    ...rule,
    of: resourceName(arn),
    rule: rule.reasons.join(', '),
    answer: rule.says === null ? 'no' : 'yes',
  }));
}

const told = ({ arn, verdict: { action, reason } }: ExplainedSubject): string =>
  `${resourceName(arn)}: ${[action, reason].filter(Boolean).join(' ')}`;
