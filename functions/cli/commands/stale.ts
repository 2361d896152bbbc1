import { reasonHas } from '../../core/plan/reasons.ts';
import type { StaleReport } from '../../core/report/stale-report.ts';
import { type CliCommand, type Given, isSet, type Terminal, texts } from '../command.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { type Named, namedIn, resolve } from '../names.ts';
import { printResult, type Result } from '../print.ts';
import type { Column } from '../render/table.ts';
import { byName, count, resourceName, serviceName, some, span, writtenName } from '../render/words.ts';
import { ask } from '../request.ts';
import { needClusters } from '../services.ts';
import { ALL, CLUSTERS, PARAMETER } from './options.ts';

export const stale: CliCommand = {
  name: 'stale',
  summary: 'who runs on an old value now, since when, and how sure that is',
  args: '[secret...]',
  options: [PARAMETER, CLUSTERS, ALL],
  examples: [
    ['stale', 'every service that runs on an old value of anything it refers to'],
    ['stale prod/db', 'only for the secret prod/db'],
    ["stale -c 'prod-*' -o name", 'their names, one a line, for other commands'],
  ],
  async run(args, given, terminal) {
    const session = await terminal.connect();
    const named = namedIn(args, given);
    await needClusters(given, session);
    terminal.progress.lookFor(await resolve(named, session, 'known'));
    const clusters = texts(given, 'clusters');
    const report = await ask(
      { action: 'stale', secret: named.secrets, parameter: named.parameters, clusters },
      session,
    );
    terminal.progress.end();
    if (!('stale' in report)) throw new TypeError('the answer is no report of stale services');
    printResult(staleResult(report, named, given, terminal.screen), given, terminal.screen);
    return exitCode(report);
  },
};

/** What could not be read may be stale as well: without it nothing is known to be well. */
function exitCode({ stale: { certain, possibly }, complete }: StaleReport): ExitCode {
  if (certain.length + possibly.length > 0) return EXIT.stale;
  return complete ? EXIT.done : EXIT.aws;
}

function staleResult(
  report: StaleReport,
  named: Named,
  given: Given,
  { style }: Terminal['screen'],
): Result<Row> {
  const rows = rowsOf(report, isSet(given, 'all'));
  const old = rows.filter(({ sure }) => sure !== '');
  return {
    json: report,
    names: old.map(({ name }) => name),
    verdict: style(['bold', colourOf(report)], verdictOf(report, named)),
    columns: COLUMNS,
    wide: WIDE,
    rows,
    after: [...leftAlone(report), ...afterOf(report)],
  };
}

type StaleService = StaleReport['stale']['certain'][number];

type Row = {
  readonly service: string;
  readonly name: string;
  readonly what: string;
  readonly since: string;
  /** Empty if the service is not stale. */
  readonly sure: string;
  readonly next: string;
  readonly wave: number;
  readonly arns: string;
};

const COLUMNS: readonly Column<Row>[] = [
  { title: 'SERVICE', cell: ({ name }) => name, least: 16, name: true },
  { title: 'OLD VALUE OF', cell: ({ what }) => what, least: 12 },
  { title: 'SINCE', cell: ({ since }) => since },
  { title: 'SURE', cell: ({ sure }) => sure },
  { title: 'NEXT', cell: ({ next }) => next, least: 10 },
];
const WIDE: readonly Column<Row>[] = [
  { title: 'WAVE', cell: ({ wave }) => String(wave) },
  { title: 'SERVICE ARN', cell: ({ service }) => service },
  { title: 'CHANGED', cell: ({ arns }) => arns },
];

/** The stale services, those for certain first; with `all`, every service that refers to what is asked about. */
function rowsOf(
  { stale: { certain, possibly }, decisions, changes }: StaleReport,
  all: boolean,
): readonly Row[] {
  const changeOf = new Map(changes.map((change) => [change.changeId, change]));
  const sure = new Map<string, StaleService & { readonly how: string }>([
    ...possibly.map((one) => [keyOf(one), { how: 'possibly', ...one }] as const),
    ...certain.map((one) => [keyOf(one), { how: 'certain', ...one }] as const),
  ]);
  const rows = decisions.map((decision): Row => {
    const found = sure.get(keyOf(decision));
    const about = (found?.changeIds ?? decision.changeIds).flatMap((id) => changeOf.get(id) ?? []);
    const [oldest] = about.map(({ changedAt }) => Date.parse(changedAt)).toSorted((a, b) => a - b);
    return {
      service: decision.service,
      name: serviceName(decision.service, decision.cluster),
      what: [...new Set(about.map(({ arn }) => resourceName(arn)))].join(', '),
      since: oldest === undefined || found === undefined ? '' : span(Date.now() - oldest),
      sure: found?.how ?? '',
      next: decision.action === 'redeploy' ? 'redeploy' : `${decision.action} ${decision.reason}`,
      wave: decision.wave,
      arns: about.map(({ arn }) => arn).join(' '),
    };
  });
  const order = ['certain', 'possibly', ''];
  return rows
    .filter((row) => all || row.sure !== '')
    .toSorted((a, b) => order.indexOf(a.sure) - order.indexOf(b.sure) || byName(a.name, b.name));
}

const keyOf = ({ service, cluster }: { readonly service: string; readonly cluster: string }) =>
  serviceName(service, cluster);

function verdictOf(report: StaleReport, { secrets, parameters }: Named): string {
  const {
    stale: { certain, possibly },
    changes,
    summary,
  } = report;
  const many = certain.length + possibly.length;
  const [first] = changes;
  const names = [...secrets, ...parameters];
  const isOne = names.length === 1 && first !== undefined;
  const subject = isOne
    ? `${resourceName(first.arn)} changed ${span(Date.now() - Date.parse(first.changedAt))} ago: `
    : '';
  const doubt = possibly.length === 0 ? '' : `, ${certain.length} for certain`;
  if (isUnknown(report)) return `whether a service runs on an old value of ${whatever(names)} is not known`;
  if (summary.matched === 0) return `${subject}no service refers to ${isOne ? 'it' : whatever(names)}`;
  if (many === 0) return `${subject}none of ${count(summary.matched, 'service')} runs on an old value`;
  return `${subject}${many} of ${count(summary.matched, 'service')} still ${many === 1 ? 'runs' : 'run'} on ${isOne ? 'the' : 'an'} old value${doubt}`;
}

function whatever([first, ...others]: readonly string[]): string {
  if (first === undefined) return 'a secret or a parameter';
  return others.length === 0 ? writtenName(first) : 'any of them';
}

/** That nothing was found says something only where everything was looked at. */
function isUnknown({ summary, complete, unchecked }: StaleReport): boolean {
  return summary.matched === 0 && (!complete || unchecked > 0);
}

function colourOf(report: StaleReport): 'red' | 'yellow' | 'green' {
  const { certain, possibly } = report.stale;
  if (certain.length + possibly.length > 0) return 'red';
  return isUnknown(report) ? 'yellow' : 'green';
}

/** Services that nothing redeploys: whether their tasks are old was not asked. */
function leftAlone({ decisions, stale: { certain, possibly } }: StaleReport): readonly string[] {
  const known = new Set([...certain, ...possibly].map(keyOf));
  const left = decisions.filter((one) => reasonHas('leavesStale', one.reason) && !known.has(keyOf(one)));
  const names = left.map((one) => `${keyOf(one)} (${one.reason})`);
  return names.length === 0
    ? []
    : [`may run on an old value, too, and nothing redeploys them: ${some(names)}`];
}

function afterOf({ complete, left, unchecked, hidden = [], notices }: StaleReport): readonly string[] {
  const others = unchecked - hidden.length;
  return [
    ...notices.map(({ arn, notice }) => `${resourceName(arn)}: ${notice}`),
    ...(complete ? [] : [`not everything could be read${left.length > 0 ? `: ${left.join(', ')}` : ''}`]),
    ...hidden.map(({ arn, lastEvent }) => `${arn} is not described here, ${heardOf(lastEvent)}`),
    ...(others === 0
      ? []
      : [`not checked, because AWS does not show them here: ${count(others, 'resource')}`]),
  ];
}

/** What is known of a secret that AWS does not describe. */
function heardOf(lastEvent: string | undefined): string {
  return lastEvent === undefined
    ? 'and no event has told of it: whether its services are fresh is not known'
    : `and an event told of it ${span(Date.now() - Date.parse(lastEvent))} ago: only what is older is known to be stale`;
}
