import { references } from '../../commands/references.ts';
import type { Decision, ReportedReference } from '../../core/model/decision.ts';
import type { NamedService } from '../../core/model/fleet.ts';
import type { Uses } from '../../core/report/uses.ts';
import { isDenial } from '../../pipeline/confirm/foreign.ts';
import type { Session } from '../../runtime/connect-terminal.ts';
import { type CliCommand, type Given, type Terminal, texts } from '../command.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { namedIn, needTarget, resolve } from '../names.ts';
import { printResult, type Result } from '../print.ts';
import type { Column } from '../render/table.ts';
import { MORE_REFER, REFERS_TO_MORE, unreadLines } from '../render/unread.ts';
import { byName, count, nameWithin, resourceName, serviceName, writtenName } from '../render/words.ts';
import { ask, type Question } from '../request.ts';
import { knownServices, needClusters, needOwn, serviceNamed } from '../services.ts';
import { ALL, CLUSTERS, PARAMETER, SERVICE } from './options.ts';

export const uses: CliCommand = {
  name: 'uses',
  alias: 'who',
  summary: 'which services refer to a secret, how, and how they stand; or what a service refers to',
  args: '[secret...]',
  options: [PARAMETER, SERVICE, CLUSTERS, ALL],
  examples: [
    ['uses prod/db', 'every service that refers to prod/db, whatever its label or version'],
    ['who prod/db -o wide', 'the same with ARNs and references as they are written'],
    ['uses --service prod/api', 'the reverse: what prod/api refers to'],
  ],
  async run(args, given, terminal) {
    const named = namedIn(args, given);
    const services = texts(given, 'service');
    needTarget(named, services);
    const ofServices = services.map(serviceNamed);
    const session = await terminal.connect();
    for (const one of services) needOwn(one, session);
    if (services.length > 0) return reverse(ofServices, given, session, terminal);
    await needClusters(given, session);
    terminal.progress.lookFor(await resolve(named, session, 'by-arn'));
    const asked = { secret: named.secrets, parameter: named.parameters, clusters: texts(given, 'clusters') };
    const answer = await usesFor(asked, session);
    const decisions = isTable(given) ? await decisionsFor(asked, session) : [];
    terminal.progress.end();
    const names = [...named.secrets, ...named.parameters].map(writtenName);
    printResult(usesResult(answer, names, decisions, terminal.screen), given, terminal.screen);
    return codeFor(answer);
  },
};

const codeFor = ({ unreadable }: Uses): ExitCode => (unreadable === undefined ? EXIT.done : EXIT.aws);

type Asked = Omit<Question, 'action'>;

const isTable = ({ output }: Given): boolean => output === 'table' || output === 'wide';

async function usesFor(asked: Asked, session: Session): Promise<Uses> {
  const answer = await ask({ action: 'uses', ...asked }, session);
  if ('uses' in answer) return answer;
  throw new TypeError('the answer does not tell uses');
}

/** How the services stand. The fleet has just been read: of it, only those that refer to the resources are read again. */
async function decisionsFor(asked: Asked, session: Session): Promise<readonly Decision[]> {
  try {
    const answer = await ask({ action: 'plan', ...asked }, session);
    return 'decisions' in answer ? answer.decisions : [];
  } catch (error) {
    // What AWS does not describe here is known by its references, and not since when tasks are old.
    if (!isDenial(error)) throw error;
    return [];
  }
}

type Row = {
  readonly name: string;
  readonly how: string;
  readonly now: string;
  readonly wave: string;
  readonly service: string;
  readonly written: string;
};

const COLUMNS: readonly Column<Row>[] = [
  { title: 'SERVICE', cell: ({ name }) => name, least: 16, name: true },
  { title: 'HOW', cell: ({ how }) => how, least: 12 },
  { title: 'NOW', cell: ({ now }) => now, least: 10 },
  { title: 'WAVE', cell: ({ wave }) => wave },
];
const WIDE: readonly Column<Row>[] = [
  { title: 'SERVICE ARN', cell: ({ service }) => service },
  { title: 'AS WRITTEN', cell: ({ written }) => written },
];

function usesResult(
  answer: Uses,
  resources: readonly string[],
  decisions: readonly Decision[],
  { style }: Terminal['screen'],
): Result<Row> {
  const rows = rowsOf(answer, decisions);
  const refer = rows.length === 1 ? 'refers' : 'refer';
  return {
    json: answer,
    names: rows.map(({ name }) => name),
    verdict: style('bold', `${count(rows.length, 'service')} ${refer} to ${resources.join(', ')}`),
    columns: COLUMNS,
    wide: WIDE,
    rows,
    after: [...unreadLines(answer.unreadable, MORE_REFER), ...mentioned(answer), answer.notCovered],
  };
}

function rowsOf({ uses: all }: Uses, decisions: readonly Decision[]): readonly Row[] {
  const decided = new Map(decisions.map((one) => [serviceName(one.service, one.cluster), one]));
  return all
    .map(({ service, cluster, references: named, optedOut }): Row => {
      const name = serviceName(service, cluster);
      const decision = decided.get(name);
      return {
        name,
        how: [...new Set(named.map(howOf))].join(', '),
        now: nowOf(decision, optedOut),
        wave: decision === undefined ? '' : String(decision.wave),
        service,
        written: [...new Set(named.map(({ valueFrom }) => valueFrom))].join(' '),
      };
    })
    .toSorted((a, b) => byName(a.name, b.name));
}

/** Place and form of a reference, and what keeps it from following every rotation. */
function howOf({ place, form, label, versionId }: ReportedReference): string {
  const follows =
    versionId !== null ? ' pinned' : label !== null && label !== 'AWSCURRENT' ? ` ${label}` : '';
  return `${place} by ${form}${follows}`;
}

function nowOf(decision: Decision | undefined, optedOut: boolean): string {
  if (decision === undefined) return optedOut ? 'opted-out' : '';
  return decision.action === 'redeploy' ? 'stale' : (decision.reason ?? '');
}

function mentioned({ mentions = [] }: Uses): readonly string[] {
  const names = [...new Set(mentions.map(({ service, cluster }) => serviceName(service, cluster)))];
  if (names.length === 0) return [];
  return [`read it by themselves, so no redeploy is made for them: ${names.join(', ')}`];
}

async function reverse(
  named: readonly NamedService[],
  given: Given,
  session: Session,
  { screen, progress }: Terminal,
): Promise<ExitCode> {
  const answer = await knownServices(session, () => references(named, session.run));
  session.run.reading.throwIfAborted();
  progress.end();
  printResult(reverseResult(answer, screen), given, screen);
  return codeFor(answer);
}

function reverseResult(answer: Uses, { style }: Terminal['screen']): Result<Reversed> {
  const rows = answer.uses.flatMap(({ service, cluster, references: all }) =>
    all.map((reference) => ({
      ...reference,
      name: resourceOf(reference),
      of: serviceName(service, cluster),
    })),
  );
  const services = answer.uses.map(({ service, cluster }) => serviceName(service, cluster));
  const subject = services.length === 0 ? 'nothing was shown' : services.join(', ');
  const names = [...new Set(rows.map(({ name }) => name))];
  const many = `${count(rows.length, 'reference')} to ${count(names.length, 'resource')}`;
  return {
    json: answer,
    names,
    verdict: style('bold', `${subject}: ${many}`),
    columns: REVERSE,
    wide: AS_WRITTEN,
    rows,
    after: unreadLines(answer.unreadable, REFERS_TO_MORE),
  };
}

/** The name in a reference, without the fields behind the ARN of a secret. */
function resourceOf({ valueFrom, form }: ReportedReference): string {
  const text = valueFrom.replace(/^credentialspec(?:domainless)?:/, '');
  const arn = text.startsWith('arn:') ? text.split(':').slice(0, 7).join(':') : text;
  return form === 'full-arn' ? resourceName(arn) : nameWithin(arn);
}

type Reversed = ReportedReference & { readonly name: string; readonly of: string };

const REVERSE: readonly Column<Reversed>[] = [
  { title: 'REFERS TO', cell: ({ name }) => name, least: 16, name: true },
  { title: 'HOW', cell: howOf, least: 12 },
  { title: 'CONTAINER', cell: ({ container }) => container ?? '', least: 8 },
  { title: 'SERVICE', cell: ({ of }) => of, least: 12, name: true },
];
const AS_WRITTEN: readonly Column<Reversed>[] = [{ title: 'AS WRITTEN', cell: ({ valueFrom }) => valueFrom }];
