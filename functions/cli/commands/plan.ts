import type { Decision } from '../../core/model/decision.ts';
import { reasonHas } from '../../core/plan/reasons.ts';
import type { Report } from '../../core/report/report.ts';
import type { Session } from '../../runtime/connect-terminal.ts';
import { type CliCommand, type Given, isSet, type Terminal, text, texts } from '../command.ts';
import { EXIT } from '../exit.ts';
import { namedIn, needTarget, resolve, withoutDescription } from '../names.ts';
import { printResult, type Result } from '../print.ts';
import { accessWord, findingLine } from '../render/access.ts';
import type { Column } from '../render/table.ts';
import { count, resourceName, serviceName, span } from '../render/words.ts';
import { ask } from '../request.ts';
import { knownServices, needClusters, needOwn, serviceNamed } from '../services.ts';
import { needWellFormed } from '../target.ts';
import { ALL, AT, CLUSTERS, FORCE, PARAMETER, PREFLIGHT, SERVICE } from './options.ts';

export const plan: CliCommand = {
  name: 'plan',
  summary: 'what a redeploy would do now, and why; nothing is changed',
  args: '[secret...]',
  options: [PARAMETER, SERVICE, CLUSTERS, FORCE, AT, PREFLIGHT, ALL],
  examples: [
    ['plan prod/db', 'what is stale for the current value of prod/db'],
    ['plan prod/db --force', 'everything that refers to prod/db and is older than now'],
    ['plan prod/db --preflight', 'the same, and whether the execution roles can read what new tasks need'],
    ['plan --service prod/api', 'exactly this service, opted out or not'],
  ],
  async run(args, given, terminal) {
    const named = namedIn(args, given);
    const services = texts(given, 'service');
    needTarget(named, services);
    for (const one of services) serviceNamed(one);
    needWellFormed(given);
    const connected = await terminal.connect();
    const session = isSet(given, 'preflight') ? withPreflight(connected) : connected;
    for (const one of services) needOwn(one, session);
    await needClusters(given, session);
    terminal.progress.lookFor(await resolve(named, session, withoutDescription(given)));
    const force = isSet(given, 'force');
    const asked = {
      action: 'plan',
      secret: named.secrets,
      parameter: named.parameters,
      services,
      clusters: texts(given, 'clusters'),
      force,
      at: text(given, 'at') ?? (force ? new Date().toISOString() : undefined),
    } as const;
    const report = await knownServices(session, () => ask(asked, session));
    terminal.progress.end();
    if (!('decisions' in report)) throw new TypeError('the answer is no plan');
    printResult(planResult(report, given, terminal.screen), given, terminal.screen);
    return EXIT.done;
  },
};

/** The settings of the stack, and at least the question whether the execution roles can read what new tasks need. */
function withPreflight(session: Session): Session {
  const { run } = session;
  const preflight = run.policy.preflight === 'off' ? 'warn' : run.policy.preflight;
  return { ...session, run: { ...run, policy: { ...run.policy, preflight } } };
}

/** The plan in every format. */
export function planResult(report: Report, given: Given, { style }: Terminal['screen']): Result<Row> {
  const { decisions, notices } = report;
  const told = decisions.filter((one) => isSet(given, 'all') || isWorthTelling(one));
  const hidden = decisions.filter((one) => !told.includes(one));
  return {
    json: report,
    names: decisions.filter(({ action }) => action === 'redeploy').map((one) => rowOf(one).name),
    verdict: style('bold', verdictOf(report, isSet(given, 'force'))),
    columns: decisions.some(({ access }) => access !== undefined) ? [...COLUMNS, ACCESS] : COLUMNS,
    wide: WIDE,
    rows: told.map(rowOf),
    after: [
      ...told.flatMap(findingsIn),
      ...notices.map(({ arn, notice }) => `${resourceName(arn)}: ${notice}`),
      ...notShown(hidden),
    ],
  };
}

/** What happens to a service, or that it stays on its old value. */
function isWorthTelling({ action, reason, obstacles }: Decision): boolean {
  return (
    action !== 'skip' ||
    obstacles !== undefined ||
    reasonHas('leavesStale', reason) ||
    reasonHas('alarms', reason)
  );
}

type Row = {
  readonly name: string;
  readonly action: string;
  readonly reason: string;
  readonly access: string;
  readonly wave: number;
  readonly service: string;
  readonly references: string;
};

function rowOf({ service, cluster, action, reason, wave, references, ...besides }: Decision): Row {
  const { obstacles, access, interrupts } = besides;
  const warnings = [
    ...(obstacles ?? []).map(({ problem, arn }) => `${resourceName(arn)} ${problem}`),
    ...(interrupts ? ['stops every task first'] : []),
  ];
  return {
    name: serviceName(service, cluster),
    action,
    reason: [...(reason === null ? [] : [reason]), ...warnings].join(', '),
    access: accessWord(access?.certainty),
    wave,
    service,
    references: [...new Set(references.map(({ valueFrom }) => valueFrom))].join(' '),
  };
}

/** What speaks against the execution role reading what it refers to. */
function findingsIn({ service, cluster, access }: Decision): readonly string[] {
  return (access?.findings ?? []).map((one) => findingLine(serviceName(service, cluster), one));
}

const ACCESS: Column<Row> = { title: 'ROLE', cell: ({ access }) => access };
const COLUMNS: readonly Column<Row>[] = [
  { title: 'SERVICE', cell: ({ name }) => name, least: 16, name: true },
  { title: 'PLAN', cell: ({ action }) => action },
  { title: 'REASON', cell: ({ reason }) => reason, least: 16 },
  { title: 'WAVE', cell: ({ wave }) => String(wave) },
];
const WIDE: readonly Column<Row>[] = [
  { title: 'SERVICE ARN', cell: ({ service }) => service },
  { title: 'REFERENCES', cell: ({ references }) => references },
];

function verdictOf({ changes, summary }: Report, isForced: boolean): string {
  const { matched, redeploy, wait, skip } = summary;
  const resources = changes.filter(({ kind }) => kind !== 'service');
  const names = [...new Set(resources.map(({ arn }) => resourceName(arn)))];
  const [youngest] = resources.map(({ changedAt }) => changedAt).toSorted((a, b) => (a < b ? 1 : -1));
  const when = youngest === undefined ? '' : `${names.join(', ')} ${sinceWhen(youngest, names, isForced)}: `;
  if (matched === 0) return `${when}no service refers to ${names.length > 1 ? 'any of them' : 'it'}`;
  return `${when}${redeploy} of ${count(matched, 'service')} would be redeployed, ${wait} would wait, ${skip} would be left alone`;
}

/** By force it does not matter when the value changed: the instant is that of the request. */
function sinceWhen(instant: string, names: readonly string[], isForced: boolean): string {
  if (isForced) return `by force, for every task from before ${instant}`;
  return `changed ${names.length > 1 ? 'last ' : ''}${span(Date.now() - Date.parse(instant))} ago`;
}

function notShown(hidden: readonly Decision[]): readonly string[] {
  if (hidden.length === 0) return [];
  const counts = new Map<string, number>();
  for (const { reason } of hidden) counts.set(reason ?? '', (counts.get(reason ?? '') ?? 0) + 1);
  return [`not shown: ${[...counts].map(([reason, many]) => `${many} ${reason}`).join(', ')} (--all)`];
}
