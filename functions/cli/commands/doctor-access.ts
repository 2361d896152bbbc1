import { accessOfServices, accessTo } from '../../commands/access.ts';
import { type AccessFinding, CERTAINTIES } from '../../core/model/access.ts';
import type { AccessReport, CheckedReference, CheckedService } from '../../core/report/access-report.ts';
import type { Session } from '../../runtime/connect-terminal.ts';
import { type CliCommand, type Given, type Terminal, texts } from '../command.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { printResult, type Result } from '../print.ts';
import { accessWord, findingLine } from '../render/access.ts';
import type { Column } from '../render/table.ts';
import { MORE_REFER, REFERS_TO_MORE, unreadLines } from '../render/unread.ts';
import { count, resourceName, serviceName, some } from '../render/words.ts';
import { newId } from '../request.ts';
import { knownServices, serviceNamed } from '../services.ts';
import { needNames, type Target, targetOf } from '../target.ts';
import { ALL, CLUSTERS, PARAMETER, SERVICE } from './options.ts';

export const doctorAccess: CliCommand = {
  name: 'access',
  summary: 'whether the execution roles can read a secret, or everything that a service refers to',
  args: '[secret-or-service...]',
  options: [PARAMETER, SERVICE, CLUSTERS, ALL],
  examples: [
    ['doctor access prod/db', 'whether every service that refers to prod/db can read it'],
    ['doctor access prod/api', 'whether prod/api can read everything that its next task needs'],
  ],
  async run(args, given, terminal) {
    needNames(args, given);
    const session = await terminal.connect();
    const target = await targetOf(args, given, session, { services: true });
    terminal.progress.lookFor(target.resources);
    const report = await reportOn(target, given, session);
    session.run.reading.throwIfAborted();
    terminal.progress.end();
    printResult(accessResult(report, target, terminal.screen), given, terminal.screen);
    return codeFor(report);
  },
};

function reportOn(target: Target, given: Given, session: Session): Promise<AccessReport> {
  const { runIfAllowed: run } = session;
  if (target.services.length > 0) {
    const named = target.services.map(serviceNamed);
    return knownServices(session, () => accessOfServices(named, run));
  }
  const narrowed = { ...run, scope: { ...run.scope, narrowed: texts(given, 'clusters') } };
  return accessTo(target, newId(), narrowed);
}

/** What cannot be asked for want of a permission is no good news either. */
function codeFor({ services, unreadable }: AccessReport): ExitCode {
  const findings = services.flatMap(({ references }) => references.flatMap((one) => one.findings));
  const isWell = findings.every(
    ({ certainty, missingAction }) => certainty === 'unknown' && missingAction === undefined,
  );
  return isWell && unreadable === undefined ? EXIT.done : EXIT.stale;
}

type Row = CheckedReference & { readonly name: string };

const COLUMNS: readonly Column<Row>[] = [
  { title: 'SERVICE', cell: ({ name }) => name, least: 16, name: true },
  { title: 'REFERS TO', cell: ({ arn }) => resourceName(arn), least: 12 },
  { title: 'ROLE', cell: ({ role }) => (role ?? 'none').replace(/^.*:role\//, ''), least: 8 },
  { title: 'CAN IT READ', cell: ({ certainty }) => accessWord(certainty) },
];
const WIDE: readonly Column<Row>[] = [
  { title: 'ROLE ARN', cell: ({ role }) => role ?? '' },
  { title: 'AS WRITTEN', cell: ({ valueFrom }) => valueFrom },
];

function accessResult(report: AccessReport, target: Target, { style }: Terminal['screen']): Result<Row> {
  const { services, summary } = report;
  const rows = services
    .flatMap(rowsOf)
    .toSorted((a, b) => CERTAINTIES.indexOf(a.certainty) - CERTAINTIES.indexOf(b.certainty));
  const isWell = summary.cannot + summary['probably-cannot'] === 0;
  return {
    json: report,
    names: services.filter(({ certainty }) => certainty === 'cannot').map(nameOf),
    verdict: style(['bold', isWell ? 'green' : 'red'], verdictOf(report)),
    columns: COLUMNS,
    wide: WIDE,
    rows,
    after: [
      ...new Set(services.flatMap(linesOf)),
      ...unreadLines(report.unreadable, target.services.length > 0 ? REFERS_TO_MORE : MORE_REFER),
      ...readByThemselves(report),
      report.notCovered,
    ],
  };
}

const nameOf = ({ service, cluster }: Pick<CheckedService, 'service' | 'cluster'>): string =>
  serviceName(service, cluster);
const rowsOf = (one: CheckedService): readonly Row[] =>
  one.references.map((reference) => ({ ...reference, name: nameOf(one) }));
const linesOf = (one: CheckedService): readonly string[] =>
  one.references.flatMap(({ findings }) =>
    findings.map((finding: AccessFinding) => findingLine(nameOf(one), finding)),
  );

function readByThemselves({ readByThemselves: those }: AccessReport): readonly string[] {
  const names = those.map(nameOf);
  return names.length === 0
    ? []
    : [`not asked, because the application reads it with its task role: ${some(names)}`];
}

function verdictOf({ services, summary, unreadable }: AccessReport): string {
  if (services.length === 0)
    return unreadable === undefined
      ? 'no execution role has to read it'
      : 'whether an execution role has to read it is not known';
  const parts = [
    summary.cannot > 0 ? `${summary.cannot} cannot read` : '',
    summary['probably-cannot'] > 0 ? `${summary['probably-cannot']} probably cannot` : '',
    summary.unknown > 0 ? `${summary.unknown} unknown` : '',
    summary['nothing-against'] > 0 ? `nothing speaks against ${summary['nothing-against']}` : '',
  ].filter((part) => part !== '');
  return `of ${count(services.length, 'service')}: ${parts.join(', ')}`;
}
