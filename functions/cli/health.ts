import { DEFAULT_QUOTA } from '../core/model/limits.ts';
import type { Session } from '../runtime/connect-terminal.ts';
import { FUNCTION_NAMES } from '../runtime/stack.ts';
import { functionOf, installed, resourceOf } from './installed.ts';
import { count, span } from './render/words.ts';

/** Something that is not as it should be, and what to do about it. */
export type Finding = { readonly finding: string; readonly todo: string };

/** How the installed service is, as far as AWS shows it. */
export type Health = {
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly findings: readonly Finding[];
};

const DAY_MS = 86_400_000;
/** How far back the last event and the last sweep are looked for. */
const LOOK_BACK_MS = 14 * DAY_MS;

/** Throws WrongUsage if nothing is installed, and ReadFailed. */
export async function healthOf(session: Session): Promise<Health> {
  const { name, resources } = installed(session);
  const now = session.run.ports.clock.now();
  const [functions, seen, queues, alarms] = await Promise.all([
    functionsOf(session),
    seenLately(session, now),
    queuesOf(session),
    session.monitoring.alarms(
      [...resources].flatMap(([id, alarm]) => (id.endsWith('Alarm') ? [alarm] : [])),
      session.run.reading,
    ),
  ]);
  const ringing = alarms.filter(({ state }) => state === 'ALARM');
  return {
    facts: [
      ['stack', name],
      ...functions.facts,
      ...seen.facts,
      ...queues.facts,
      [
        'alarms',
        ringing.length === 0
          ? `none of ${alarms.length} rings`
          : `${ringing.length} of ${alarms.length} ring`,
      ],
      ['quota', quotaOf(session)],
    ],
    findings: [
      ...functions.findings,
      ...seen.findings,
      ...queues.findings,
      ...ringing.map(({ name: alarm, since, description }) => ({
        finding: `alarm ${alarm} rings for ${span(now - since)}`,
        todo: firstStep(description),
      })),
    ],
  };
}

/** The description of an alarm says what to do first (infra/alarms.yml). */
function firstStep(description: string): string {
  return /\bFirst: (.*)$/s.exec(description)?.[1] ?? description;
}

async function functionsOf(session: Session): Promise<Health> {
  const all = await Promise.all(
    FUNCTION_NAMES.map((name) => session.functions.settings(functionOf(session, name), session.run.reading)),
  );
  const modes = all.map(({ variables }) => variables['MODE'] ?? 'enforce');
  const [first] = all;
  const isOne = new Set(modes).size === 1;
  const mode = isOne ? (modes[0] ?? '') : FUNCTION_NAMES.map((name, i) => `${name} ${modes[i]}`).join(', ');
  return {
    facts: [
      ['mode', mode],
      ['version', `code ${first?.code.slice(0, 8) ?? ''}, changed ${first?.modifiedAt.slice(0, 16) ?? ''}`],
    ],
    findings: [
      ...(isOne
        ? []
        : [{ finding: `the functions have different modes: ${mode}`, todo: 'esr stop, or esr resume' }]),
      ...(isOne && mode === 'observe'
        ? [{ finding: 'the service is stopped: it redeploys nothing', todo: 'esr resume' }]
        : []),
    ],
  };
}

async function seenLately(session: Session, now: number): Promise<Health> {
  const dimensions = { service: 'ecs-secret-redeploy', stage: session.config.stage };
  const own = (name: string) => ({ namespace: 'SecretRedeploy', name, dimensions });
  const sweeps = {
    namespace: 'AWS/Lambda',
    name: 'Invocations',
    dimensions: { FunctionName: functionOf(session, 'on-schedule') },
  };
  const [changes = [], swept = [], throttled = []] = await session.monitoring.sums(
    [own('Changes'), sweeps, own('Throttled')],
    now - LOOK_BACK_MS,
    session.run.reading,
  );
  const ago = (at: number | undefined) =>
    at === undefined ? 'none within 14 days' : `${span(now - at)} ago`;
  const today = throttled.filter(({ at }) => at > now - DAY_MS).reduce((sum, { value }) => sum + value, 0);
  return {
    facts: [
      ['last event', ago(changes[0]?.at)],
      ['last sweep', ago(swept[0]?.at)],
      ['throttled', `${count(today, 'call')} within a day`],
    ],
    findings:
      swept[0] === undefined || now - swept[0].at > DAY_MS
        ? [
            {
              finding: 'no sweep has begun within a day: what no event tells of is not found',
              todo: 'look whether the schedule of on-schedule is enabled; deploying the stack restores it',
            },
          ]
        : [],
  };
}

async function queuesOf(session: Session): Promise<Health> {
  const counted = (id: string) => session.queues.count(resourceOf(session, id), session.run.reading);
  const [changes, fallback, dead, lost] = await Promise.all([
    counted('ChangeQueue'),
    counted('CloudTrailQueue'),
    counted('ChangeDeadLetterQueue'),
    counted('RuleDeadLetterQueue'),
  ]);
  const sum = (of: 'visible' | 'inFlight' | 'delayed') => changes[of] + fallback[of];
  return {
    facts: [
      [
        'under way',
        `${count(sum('visible'), 'message')} due, ${sum('inFlight')} in work, ${sum('delayed')} later`,
      ],
      ['dead letters', `${dead.visible} of the function, ${lost.visible} of the rules`],
    ],
    findings: [
      ...(dead.visible > 0
        ? [
            {
              finding: `${count(dead.visible, 'message')} given up by on-change`,
              todo: 'mend the cause, then esr replay',
            },
          ]
        : []),
      ...(lost.visible > 0
        ? [
            {
              finding: `${count(lost.visible, 'event')} reached no queue`,
              todo: 'look at them (docs/operate.md), then esr redeploy SECRET',
            },
          ]
        : []),
    ],
  };
}

/** How much of what ECS allows the account the service takes at most. */
function quotaOf({ config: { rates } }: Session): string {
  return `reads ${share(rates.readRate, DEFAULT_QUOTA.reads)}, UpdateService ${share(rates.updateRate, DEFAULT_QUOTA.updates)}`;
}

function share(rate: number, quota: number): string {
  return `${Math.round((100 * rate) / quota)} % (${rate} of ${quota} a second)`;
}
