import type { Alarm, FunctionSettings, QueueCount } from '../../core/doctor/facts.ts';
import { FUNCTION_NAMES } from '../../runtime/stack.ts';
import { count, span } from './words.ts';

/** How the installed service is, as far as AWS shows it. Instants are in milliseconds. */
export type Health = {
  readonly now: number;
  readonly stack: string;
  readonly stage: string;
  /** Of on-change, on-request and on-schedule. */
  readonly modes: readonly string[];
  readonly wrongSettings: readonly WrongSettings[];
  readonly function: Pick<FunctionSettings, 'version' | 'code' | 'modifiedAt'>;
  /** Undefined: the events of this account and Region alone count. */
  readonly trusted?: {
    readonly organization: string | undefined;
    readonly accounts: readonly { readonly account: string; readonly lastEvent: number | undefined }[];
  };
  readonly lastEvent: number | undefined;
  readonly lastSweep: number | undefined;
  /** Throttled calls within a day. */
  readonly throttled: number;
  /** Messages of both queues. */
  readonly underWay: Pick<QueueCount, 'visible' | 'inFlight' | 'delayed'>;
  readonly deadLetters: { readonly function: number; readonly rules: number };
  readonly alarms: readonly Alarm[];
  /** How much of what ECS allows the account the service takes at most, in calls a second. */
  readonly quota: { readonly reads: Share; readonly updates: Share };
};
/** What is wrong with the settings of these functions. */
export type WrongSettings = { readonly functions: readonly string[]; readonly problem: string };
type Share = { readonly rate: number; readonly of: number };

export const DAY_MS = 86_400_000;
/** How far back the last event and the last sweep are looked for. */
export const LOOK_BACK_DAYS = 14;

type HealthCode =
  | 'settings-wrong'
  | 'modes-differ'
  | 'stopped'
  | 'no-sweep'
  | 'dead-letters'
  | 'lost-events'
  | 'alarm';

/** Something that is not as it should be, and what to do about it. */
export type Finding = { readonly code: HealthCode; readonly finding: string; readonly todo: string };

/** What is not as it should be. */
export function findingsOf(health: Health): readonly Finding[] {
  return [
    ...ofSettings(health),
    ...ofModes(health),
    ...ofSweeps(health),
    ...ofDeadLetters(health),
    ...ofAlarms(health),
  ];
}

/** A function with a wrong setting rejects every invocation. */
export function ofSettings({ wrongSettings }: Pick<Health, 'wrongSettings'>): readonly Finding[] {
  return wrongSettings.map(({ functions, problem }) => ({
    code: 'settings-wrong',
    finding: `every invocation of ${functions.join(', ')} fails: ${problem}`,
    todo: 'deploy the right values (docs/configuration.md)',
  }));
}

export function ofModes({ modes }: Pick<Health, 'modes'>): readonly Finding[] {
  if (new Set(modes).size > 1)
    return [
      {
        code: 'modes-differ',
        finding: `the functions have different modes: ${modeOf(modes)}`,
        todo: 'esr stop, or esr resume',
      },
    ];
  return modes[0] === 'observe'
    ? [{ code: 'stopped', finding: 'the service is stopped: it redeploys nothing', todo: 'esr resume' }]
    : [];
}

export function ofSweeps({ lastSweep, now }: Pick<Health, 'lastSweep' | 'now'>): readonly Finding[] {
  if (lastSweep !== undefined && now - lastSweep <= DAY_MS) return [];
  return [
    {
      code: 'no-sweep',
      finding: 'no sweep has begun within a day: what no event tells of is not found',
      todo: 'look whether the schedule of on-schedule is enabled; deploying the stack restores it',
    },
  ];
}

export function ofDeadLetters({ deadLetters }: Pick<Health, 'deadLetters'>): readonly Finding[] {
  return [
    ...(deadLetters.function > 0
      ? [
          {
            code: 'dead-letters' as const,
            finding: `${count(deadLetters.function, 'message')} given up by on-change`,
            todo: 'mend the cause, then esr replay',
          },
        ]
      : []),
    ...(deadLetters.rules > 0
      ? [
          {
            code: 'lost-events' as const,
            finding: `${count(deadLetters.rules, 'event')} reached no queue`,
            todo: 'look at them (docs/operate.md), then esr redeploy SECRET',
          },
        ]
      : []),
  ];
}

export function ofAlarms({ alarms, now }: Pick<Health, 'alarms' | 'now'>): readonly Finding[] {
  return alarms
    .filter(({ state }) => state === 'ALARM')
    .map(({ name, since, description }) => ({
      code: 'alarm' as const,
      finding: `alarm ${name} rings for ${span(now - since)}`,
      todo: firstStep(description),
    }));
}

/** The description of an alarm says what to do first (infra/alarms.yml). */
function firstStep(description: string): string {
  return /\bFirst: (.*)$/s.exec(description)?.[1] ?? description;
}

function modeOf(modes: readonly string[]): string {
  const [first = ''] = modes;
  return new Set(modes).size === 1
    ? first
    : FUNCTION_NAMES.map((name, i) => `${name} ${modes[i]}`).join(', ');
}

/** What is known of the service, a line each. */
export function factsOf(health: Health): readonly (readonly [name: string, value: string])[] {
  const { stack, stage, modes, now, throttled, underWay, deadLetters, alarms, quota } = health;
  const ringing = alarms.filter(({ state }) => state === 'ALARM').length;
  const ago = (at: number | undefined) => lastSeen(at, now);
  return [
    ['stack', stack],
    ['stage', stage],
    ['mode', modeOf(modes)],
    ['version', versionOf(health)],
    ['last event', ago(health.lastEvent)],
    ['last sweep', ago(health.lastSweep)],
    ...trustedIn(health),
    [
      'under way',
      `${count(underWay.visible, 'message')} due, ${underWay.inFlight} in work, ${underWay.delayed} later`,
    ],
    ['alarms', `${ringing === 0 ? 'none' : ringing} of ${alarms.length} ${ringing > 1 ? 'ring' : 'rings'}`],
    ['dead letters', `${deadLetters.function} of the function, ${deadLetters.rules} of the rules`],
    ['quota', `reads ${shareOf(quota.reads)}, UpdateService ${shareOf(quota.updates)}`],
    ['throttled', `${count(throttled, 'call')} within a day`],
  ];
}

/** One line for each trusted account. */
function trustedIn({ trusted, now }: Health): readonly (readonly [name: string, value: string])[] {
  if (trusted === undefined) return [];
  const { organization, accounts } = trusted;
  return [
    ...(organization === undefined ? [] : [['trusted', `organization ${organization}`] as const]),
    ...accounts.map(({ account, lastEvent }) => {
      const last =
        lastEvent === undefined ? 'no event of a secret yet' : `last event ${span(now - lastEvent)} ago`;
      return ['trusted', `${account}, ${last}`] as const;
    }),
  ];
}

export function lastSeen(at: number | undefined, now: number): string {
  return at === undefined ? `none within ${LOOK_BACK_DAYS} days` : `${span(now - at)} ago`;
}

function versionOf({ function: { version = 'unknown', code, modifiedAt } }: Health): string {
  return `${version}, code ${code.slice(0, 8)}, changed ${modifiedAt.slice(0, 16)}`;
}

function shareOf({ rate, of }: Share): string {
  return `${Math.round((100 * rate) / of)} % (${rate} of ${of} a second)`;
}

/** The same for other programs (functions/schema/status.schema.json). */
export function healthJson(health: Health, findings: readonly Finding[]): object {
  const { stack, stage, modes, throttled, underWay, deadLetters, alarms, quota } = health;
  const { version = null, code, modifiedAt } = health.function;
  return {
    stack,
    stage,
    modes: Object.fromEntries(FUNCTION_NAMES.map((name, i) => [name, modes[i]])),
    version,
    code,
    changedAt: instant(Date.parse(modifiedAt)),
    ...(health.trusted && { trusted: trustedJson(health.trusted) }),
    lastEvent: instant(health.lastEvent),
    lastSweep: instant(health.lastSweep),
    underWay: { due: underWay.visible, inWork: underWay.inFlight, later: underWay.delayed },
    deadLetters,
    alarms: alarms.map(({ name, state, since }) => ({ name, state, since: instant(since) })),
    quota,
    throttled,
    findings,
  };
}

function trustedJson({ organization, accounts }: NonNullable<Health['trusted']>): object {
  return {
    organization: organization ?? null,
    accounts: accounts.map(({ account, lastEvent }) => ({ account, lastEvent: instant(lastEvent) })),
  };
}

function instant(at: number | undefined): string | null {
  return at === undefined || Number.isNaN(at) ? null : new Date(at).toISOString();
}
