import type { FunctionSettings, Metric, Sum } from '../core/doctor/facts.ts';
import { parseArn } from '../core/model/arn.ts';
import { DEFAULT_QUOTA } from '../core/model/limits.ts';
import { grouped } from '../core/model/lists.ts';
import { REQUIRED, wrongIn } from '../runtime/config.ts';
import type { Session } from '../runtime/connect-terminal.ts';
import { FUNCTION_NAMES, type FunctionName } from '../runtime/stack.ts';
import { countedQueues, functionOf, installed, sumOf } from './installed.ts';
import { DAY_MS, type Health, LOOK_BACK_DAYS, type WrongSettings } from './render/health.ts';

/** Throws WrongUsage if nothing is installed, and ReadFailed. */
export async function healthOf(session: Session): Promise<Health> {
  const { name, resources } = installed(session);
  const now = session.run.ports.clock.now();
  const [functions, trusted, seen, queues, alarms] = await Promise.all([
    functionsOf(session),
    trustedBy(session),
    seenLately(session, now),
    queuesOf(session),
    session.monitoring.alarms(
      [...resources].flatMap(([id, alarm]) => (id.endsWith('Alarm') ? [alarm] : [])),
      session.run.reading,
    ),
  ]);
  const { stage, rates } = session.config;
  return {
    now,
    stack: name,
    stage,
    ...functions,
    ...(trusted && { trusted }),
    ...seen,
    ...queues,
    alarms,
    quota: {
      reads: { rate: rates.readRate, of: DEFAULT_QUOTA.reads },
      updates: { rate: rates.updateRate, of: DEFAULT_QUOTA.updates },
    },
  };
}

async function functionsOf(session: Session): Promise<Pick<Health, 'modes' | 'wrongSettings' | 'function'>> {
  const settings = await Promise.all(
    FUNCTION_NAMES.map((name) => session.functions.settings(functionOf(session, name), session.run.reading)),
  );
  const named = FUNCTION_NAMES.flatMap((name, i) => {
    const one = settings[i];
    return one === undefined ? [] : [[name, one] as const];
  });
  const [onChange = { version: undefined, code: '', modifiedAt: '' }] = settings;
  return { modes: settings.map(modeIn), wrongSettings: wrongSettingsIn(named), function: onChange };
}

/** What is wrong with the settings of functions, once for all that have the same fault. */
export function wrongSettingsIn(
  named: readonly (readonly [name: FunctionName, settings: Pick<FunctionSettings, 'variables'>])[],
): readonly WrongSettings[] {
  const faults = named.flatMap(([name, { variables }]) => {
    const problem = wrongIn(variables, REQUIRED[name]);
    return problem === undefined ? [] : [{ name, problem }];
  });
  return [...grouped(faults, ({ problem }) => problem)].map(([problem, alike]) => ({
    functions: alike.map(({ name }) => name),
    problem,
  }));
}

export const modeIn = (settings: Pick<FunctionSettings, 'variables'> | undefined): string =>
  settings?.variables['MODE']?.trim() || 'enforce';

/** Whose events count besides, and when each told last of a change of a secret. */
async function trustedBy({ config: { trust }, run }: Session): Promise<Health['trusted']> {
  if (trust === undefined) return undefined;
  const last = new Map<string, number | undefined>(trust.accounts.map((account) => [account, undefined]));
  for (const { arn, at } of (await run.heard()) ?? []) {
    const account = parseArn(arn)?.account ?? '';
    const isOther = account !== run.account || trust.accounts.includes(account);
    if (isOther) last.set(account, Math.max(at, last.get(account) ?? 0));
  }
  return {
    organization: trust.organization,
    accounts: [...last].map(([account, lastEvent]) => ({ account, lastEvent })),
  };
}

type Seen = Pick<Health, 'lastEvent' | 'lastSweep' | 'throttled'>;

async function seenLately(session: Session, now: number): Promise<Seen> {
  const metrics = seenBy(session.config.stage, functionOf(session, 'on-schedule'));
  return seenIn(await session.monitoring.sums(metrics, lately(now), session.run.reading), now);
}

/** The metrics that show when the service of a stage was at work last: in the order in which `seenIn` reads their sums. */
export function seenBy(stage: string, onSchedule: string): readonly Metric[] {
  const dimensions = { service: 'ecs-secret-redeploy', stage };
  const own = (name: string) => ({ namespace: 'SecretRedeploy', name, dimensions });
  const sweeps = { namespace: 'AWS/Lambda', name: 'Invocations', dimensions: { FunctionName: onSchedule } };
  return [own('Changes'), sweeps, own('Throttled')];
}

export const lately = (now: number) => ({ since: now - LOOK_BACK_DAYS * DAY_MS, intervalSeconds: 300 });

export function seenIn(
  [changes = [], swept = [], throttled = []]: readonly (readonly Sum[])[],
  now: number,
): Seen {
  return { lastEvent: changes[0]?.at, lastSweep: swept[0]?.at, throttled: withinADay(throttled, now) };
}

const withinADay = (sums: readonly Sum[], now: number): number =>
  sums.filter(({ at }) => at > now - DAY_MS).reduce((total, { value }) => total + value, 0);

async function queuesOf(session: Session): Promise<Pick<Health, 'underWay' | 'deadLetters'>> {
  const [queues, dead, lost] = await Promise.all([
    countedQueues(session, ['ChangeQueue', 'CloudTrailQueue'], 'TrustedQueue'),
    countedQueues(session, ['ChangeDeadLetterQueue'], 'TrustedDeadLetterQueue'),
    countedQueues(session, ['RuleDeadLetterQueue'], 'TrustedRuleDeadLetterQueue'),
  ]);
  return {
    underWay: {
      visible: sumOf(queues, 'visible'),
      inFlight: sumOf(queues, 'inFlight'),
      delayed: sumOf(queues, 'delayed'),
    },
    deadLetters: { function: sumOf(dead, 'visible'), rules: sumOf(lost, 'visible') },
  };
}
