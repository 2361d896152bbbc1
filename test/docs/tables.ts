import { readdirSync } from 'node:fs';
import { ACCESS_CAUSES, CERTAINTIES } from '../../functions/core/model/access.ts';
import { IGNORED_REASONS, NOTICES } from '../../functions/core/model/change.ts';
import { FAILURE_CLASSES, type FailureClass } from '../../functions/core/model/failure.ts';
import { DEPLOYMENT_STATES } from '../../functions/core/model/rollout.ts';
import { ALSO } from '../../functions/core/model/tags.ts';
import { REASONS } from '../../functions/core/plan/reasons.ts';
import { ADVICE, suspicion } from '../../functions/core/report/advice.ts';
import { OwnEvents } from '../../functions/telemetry/own-events.ts';
import { METRICS, METRICS_OF_TRUST, RECORDS } from '../../functions/telemetry/record.ts';
import { templateIn } from '../infra/cloudformation.ts';
import { deniedActions, EVERY_CONDITION, grantedActions, loadRules } from '../infra/template.ts';
import { change } from '../support/build.ts';
import { SITUATIONS } from '../support/preflight-situations.ts';
import { read } from './documents.ts';
import { codesIn, rowsOf, sectionOf, type TableRow } from './markdown.ts';

/** A table of the documents that restates something of the code. */
export type Table = {
  readonly what: string;
  readonly page: string;
  readonly section: string;
  /** The header of the table's first column. */
  readonly header: string;
  /** What a row states, as texts that can be compared. */
  readonly facts: (cells: readonly string[]) => readonly string[];
  /** The same, taken from the code. */
  readonly known: () => readonly string[];
  /** The order of the rows counts, too. */
  readonly ordered?: true;
};

const FUNCTIONS = ['on-change', 'on-request', 'on-schedule'] as const;
const isOfValue = (name: FailureClass) =>
  'suspect' in suspicion({ class: name }, [change()], { tasks: [], deployments: [] });
const firstColumn = ([name = '']: readonly string[]): readonly string[] => codesIn(name);

export const TABLES: readonly Table[] = [
  {
    what: 'reasons of decisions',
    page: 'docs/decisions.md',
    section: 'What is decided',
    header: 'decision',
    facts: ([action = '', reason = '']) => [[action, ...codesIn(reason)].join(' ')],
    known: () => [
      'redeploy',
      ...Object.entries(REASONS).map(([reason, { action }]) => `${action} ${reason}`),
    ],
    ordered: true,
  },
  {
    what: 'certainties of the preflight',
    page: 'docs/decisions.md',
    section: 'Whether the execution role can read it',
    header: 'certainty',
    facts: firstColumn,
    known: () => CERTAINTIES,
    ordered: true,
  },
  {
    what: 'causes of the preflight, and how certain they make it',
    page: 'docs/decisions.md',
    section: 'Whether the execution role can read it',
    header: 'cause',
    facts: ([cause = '', certainty = '', what = '']) =>
      [...codesIn(certainty), ...codesIn(what).filter(isCertainty)].map(
        (one) => `${codesIn(cause)[0]} ${one}`,
      ),
    known: certaintiesByCause,
  },
  {
    what: 'states of a deployment',
    page: 'docs/operate.md',
    section: 'What a deployment is doing',
    header: 'state',
    facts: firstColumn,
    known: () => DEPLOYMENT_STATES,
    ordered: true,
  },
  {
    what: 'reasons why an event is ignored',
    page: 'docs/decisions.md',
    section: 'Why an event is ignored',
    header: 'reason',
    facts: firstColumn,
    known: () => IGNORED_REASONS,
  },
  {
    what: 'notices',
    page: 'docs/decisions.md',
    section: 'Notices',
    header: 'notice',
    facts: firstColumn,
    known: () => NOTICES,
    ordered: true,
  },
  {
    what: 'advice',
    page: 'docs/operate.md',
    section: 'Put a bad secret back',
    header: 'advice',
    facts: firstColumn,
    known: () => ADVICE,
    ordered: true,
  },
  {
    what: 'classes of failures, and whether the value may be the cause',
    page: 'docs/operate.md',
    section: 'Put a bad secret back',
    header: 'class',
    facts: ([name = '', , cause = '']) => codesIn(name).map((one) => `${one} ${cause.startsWith('no')}`),
    known: () => FAILURE_CLASSES.map((one) => `${one} ${!isOfValue(one)}`),
    ordered: true,
  },
  {
    what: 'settings, their variables and defaults',
    page: 'docs/configuration.md',
    section: 'Settings',
    header: 'parameter',
    facts: ([parameter = '', variable = '', ofDefault = '']) => [
      [codesIn(parameter)[0] ?? '', codesIn(variable)[0] ?? '', codesIn(ofDefault)[0] ?? ofDefault].join(
        ' | ',
      ),
    ],
    known: settings,
  },
  {
    what: 'variables that the stack sets',
    page: 'docs/configuration.md',
    section: 'Settings',
    header: 'variable',
    facts: firstColumn,
    known: () => {
      const ofParameters = new Set(variables().values());
      return environment().filter((variable) => !ofParameters.has(variable));
    },
  },
  {
    what: 'tags',
    page: 'docs/configuration.md',
    section: 'Tags',
    header: 'tag',
    facts: ([tag = '']) => codesIn(tag).map((key) => key.replace('secret-redeploy:', '')),
    known: tags,
  },
  {
    what: 'permissions',
    page: 'docs/security.md',
    section: 'Permissions, and why',
    header: 'function',
    facts: ([functions = '', actions = '']) =>
      (functions === 'all' ? FUNCTIONS : codesIn(functions)).flatMap((name) =>
        codesIn(actions).map((action) => `${name} ${action}`),
      ),
    known: () =>
      FUNCTIONS.flatMap((name) => grantedActions(name, EVERY_CONDITION).map((action) => `${name} ${action}`)),
  },
  {
    what: 'denied actions',
    page: 'docs/security.md',
    section: 'Permissions, and why',
    header: 'denied',
    facts: firstColumn,
    known: () => [...new Set(FUNCTIONS.flatMap(deniedActions))],
  },
  {
    what: 'records',
    page: 'docs/operate.md',
    section: 'Records',
    header: 'record',
    facts: firstColumn,
    known: () => RECORDS,
  },
  {
    what: 'metrics',
    page: 'docs/operate.md',
    section: 'Metrics',
    header: 'metric',
    facts: firstColumn,
    known: () => [...METRICS, ...METRICS_OF_TRUST],
  },
  {
    what: 'alarms',
    page: 'docs/operate.md',
    section: 'Alarms',
    header: 'alarm',
    facts: firstColumn,
    known: () =>
      ['infra/alarms.yml', 'infra/other-accounts.yml'].flatMap((path) =>
        found(path, /AlarmName: \$\{self:service\}-\$\{sls:stage\}-(\S+)/g),
      ),
  },
  {
    what: 'saved queries',
    page: 'docs/operate.md',
    section: 'Saved queries',
    header: 'query',
    facts: firstColumn,
    known: () => found('infra/queries.yml', /Name: \$\{self:service\}-\$\{sls:stage\}\/(\S+)/g),
  },
  {
    what: 'fields of a request',
    page: 'docs/operate.md',
    section: 'Ask it by hand',
    header: 'field',
    facts: firstColumn,
    known: () => {
      const schema: { readonly properties: object } = JSON.parse(
        read('functions/schema/request.schema.json'),
      );
      return Object.keys(schema.properties);
    },
  },
  {
    what: 'own events and their records',
    page: 'docs/events.md',
    section: 'What it sends',
    header: 'detail-type',
    facts: ([type = '', , record = '']) => [[...codesIn(type), ...codesIn(record)].join(' of ')],
    known: ownEvents,
  },
  {
    what: 'schemas',
    page: 'docs/events.md',
    section: 'What it sends',
    header: 'schema',
    facts: firstColumn,
    known: () => readdirSync('functions/schema'),
  },
  {
    what: 'rules and their queues',
    page: 'docs/deploy.md',
    section: 'What happens the moment I install',
    header: 'rule',
    facts: ([rule = '', , queue = '']) => [[...codesIn(rule), queue.split(',')[0]].join(' to ')],
    known: () =>
      loadRules().map(
        ({ name, queue }) => `${name} to ${queue === 'changes' ? 'ChangeQueue' : 'CloudTrailQueue'}`,
      ),
  },
  {
    what: 'outputs of the stack',
    page: 'docs/deploy.md',
    section: 'What the stack puts out',
    header: 'output',
    facts: firstColumn,
    known: () => [
      ...found('infra/outputs.yml', /^ {2}(\w+):$/gm),
      ...found('infra/other-accounts.yml', /^ {2}(\w+):\n {4}Value:/gm),
    ],
  },
  {
    what: 'parameters of the forwarder',
    page: 'docs/other-accounts.md',
    section: 'Set it up',
    header: 'parameter',
    facts: ([parameter = '', ofDefault = '']) => [[...codesIn(parameter), ...codesIn(ofDefault)].join(' ')],
    known: () =>
      Object.entries(templateIn('infra/forwarder.yml').Parameters).map(([name, { Default }]) =>
        Default === undefined ? name : `${name} ${String(Default)}`,
      ),
    ordered: true,
  },
];

const isCertainty = (code: string): boolean => CERTAINTIES.some((one) => one === code);

/** How certain the tested situations make each cause. Every cause has a situation, or is one of AWS's silences. */
function certaintiesByCause(): readonly string[] {
  const found = SITUATIONS.flatMap(({ cause, certainty }) => (cause ? [`${cause} ${certainty}`] : []));
  return [...new Set([...found, 'not-shown unknown'])].sort(
    (a, b) =>
      ACCESS_CAUSES.findIndex((one) => a.startsWith(one)) -
      ACCESS_CAUSES.findIndex((one) => b.startsWith(one)),
  );
}

/** The rows of the table on a page. */
export function tableOn(
  page: string,
  { section, header }: Pick<Table, 'section' | 'header'>,
): readonly TableRow[] {
  return rowsOf(sectionOf(page, section), header);
}

/** What a page says too little, too much or twice about the code. */
export function faultsOf(page: string, table: Table): readonly string[] {
  const said = tableOn(page, table).flatMap(({ cells }) => table.facts(cells));
  const known = table.known();
  const faults = [
    ...known.filter((fact) => !said.includes(fact)).map((fact) => `${table.what}: ${fact} is missing`),
    ...said.filter((fact) => !known.includes(fact)).map((fact) => `${table.what}: ${fact} does not exist`),
    ...said
      .filter((fact, at) => said.indexOf(fact) !== at)
      .map((fact) => `${table.what}: ${fact} stands twice`),
  ];
  const isInOrder = table.ordered !== true || said.every((fact, at) => fact === known[at]);
  return faults.length > 0 || isInOrder
    ? faults
    : [`${table.what}: the rows are not in the order of the code`];
}

function found(path: string, name: RegExp): readonly string[] {
  return [...read(path).matchAll(name)].map(([, one = '']) => one);
}

/** The variables of every function, and those that on-change has besides if other accounts are trusted. */
function environment(): readonly string[] {
  return [
    ...found('infra/environment.yml', /^([A-Z_]+):/gm),
    ...found('infra/other-accounts.cjs', /^ +([A-Z_]+): /gm),
  ];
}

/** The variable of each stage parameter that has one. The snapshot's is the name of a bucket. */
function variables(): ReadonlyMap<string, string> {
  const direct = read('infra/environment.yml').matchAll(/^([A-Z_]+): \$\{param:(\w+)\}$/gm);
  return new Map([
    ...[...direct].map(([, variable = '', parameter = '']) => [parameter, variable] as const),
    ['snapshot', 'SNAPSHOT_BUCKET'],
    ['trustedAccounts', 'TRUSTED_ACCOUNTS'],
    ['trustedOrganization', 'TRUSTED_ORGANIZATION'],
  ]);
}

/** A default as the documents show it: what CloudFormation's language says with a term is said in words. */
function inWords(value: string): string {
  if (value === "''" || value === '{ Ref: AWS::NoValue }') return 'none';
  if (value.endsWith(':service/*')) return 'all services of the account and Region';
  return value.replaceAll(/^'|'$/g, '');
}

/** `parameter | variable | default` for each stage parameter. */
function settings(): readonly string[] {
  const parameters = read('infra/params.yml').matchAll(/^ {2}(\w+): (.+?)(?: #.*)?$/gm);
  return [...parameters].map(([, parameter = '', value = '']) => {
    return [parameter, variables().get(parameter) ?? '', inWords(value)].join(' | ');
  });
}

/** The keys of tags that the code reads, without their prefix. */
function tags(): readonly string[] {
  const sources = readdirSync('functions', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const single = sources.flatMap((file) => found(`functions/${file}`, /tags\.get\('([\w-]+)'\)/g));
  return [...new Set([...single, ...ALSO])];
}

/** Which own event each record becomes; a notice becomes one if the resource is gone. */
function ownEvents(): readonly string[] {
  return RECORDS.flatMap((record) => {
    const heard = new OwnEvents('enforce', () => 0);
    heard.hear(record, { notice: 'deleted', source: 'event' });
    return heard.take().map(({ type }) => `${type} of ${record}`);
  });
}
