import { extras } from './judge-deployments.ts';
import type { Run } from './run.ts';
import { type Action, FAULT_KINDS, READS, REFUSALS } from './scenario.ts';
import { movesIn, US } from './truth.ts';

/** The numbers of one run's events, which are added up over many runs. */
export type Counts = Readonly<Record<string, number>>;

/** What happens while changes are under way, by the actions that do it. */
const MEANWHILE: Readonly<Record<string, readonly Action['do'][]>> = {
  'settings changed': ['configure'],
  'versions of the code changed': ['upgrade'],
  'sweeps before the last change had ended': ['sweep'],
  'requests by hand': ['request'],
  'services created': ['create-service'],
  'services deleted': ['delete-service'],
  'services tagged': ['tag', 'retag'],
  'secrets tagged': ['tag-secret'],
  'secrets deleted': ['delete-secret'],
  'secrets restored': ['restore-secret'],
  'secrets made again with the same name': ['recreate-secret'],
};

/** The faults that a campaign must have injected: with a count of 0 it proves nothing about that fault. */
export const INJECTED: readonly string[] = [
  ...FAULT_KINDS.map((kind) => `calls: ${kind}`),
  ...READS.map((operation) => `reads refused: ${operation}`),
  'processes that died before a call',
  'processes that died after a call',
  'invocations with a wrong clock',
  'invocations at the same time as another',
  'events delayed',
  'events duplicated',
  'events reordered',
  'events dropped',
  'messages delivered again after a failure',
  ...[
    'draining',
    'baking',
    'awaiting-approval',
    'tasks-failing',
    'cannot-place',
    'rolled-back',
    'failed',
  ].map((state) => `deployments: ${state}`),
  'deployments refused because five were active',
  ...Object.keys(MEANWHILE),
  'follow-ups written by an earlier version of the code',
  'requests at the same time as another',
  'reads that a later invocation continued',
  'runs with late reads of Secrets Manager',
  'runs with late reads of ECS',
  'runs with a snapshot',
  'runs with 40 services or more',
  'runs with a secret of another account',
  'runs with a secret that may not be described',
];

export function countsOf(run: Run): Counts {
  const { calls, invocations, queues, sim, scenario } = run;
  const faults = FAULT_KINDS.map(
    (kind) => [`calls: ${kind}`, calls.filter(({ fault }) => fault === kind).length] as const,
  );
  const deaths = calls.filter(({ fault }) => fault === 'death');
  const { delayed, duplicated, reordered, dropped } = queues.counts;
  return {
    ...Object.fromEntries(faults),
    ...Object.fromEntries(READS.map((read) => [`reads refused: ${read}`, refusalsOf(run, read)])),
    'processes that died before a call': deaths.filter(({ performed }) => !performed).length,
    'processes that died after a call': deaths.filter(({ performed }) => performed).length,
    'invocations with a wrong clock': invocations.filter(({ skewMs }) => skewMs !== 0).length,
    'invocations at the same time as another': invocations.filter(({ overlapped }) => overlapped).length,
    'events delayed': delayed,
    'events duplicated': duplicated,
    'events reordered': reordered,
    'events dropped': dropped,
    'messages delivered again after a failure': sumOf(invocations.map(({ returned }) => returned.size)),
    ...statesIn(run),
    ...meanwhileIn(run),
    'deployments refused because five were active': refusedIn(run),
    runs: 1,
    services: scenario.services.length,
    changes: movesIn(run).length,
    sweeps: invocations.filter(({ of }) => of === 'on-schedule').length,
    'services healed by sweeps': healedIn(run),
    events: queues.delivered.length,
    invocations: invocations.length,
    messages: sumOf(invocations.map(({ messages }) => messages.length)),
    calls: calls.length,
    redeploys: sim.ledger.deployments.filter(({ by }) => by === US).length,
    'duplicates by simultaneous invocations, one a service at most': sumOf(
      scenario.services.map((plan) => extras(run, plan).filter(({ most }) => most > 0).length),
    ),
  };
}

/** How often AWS refused a read, for good or because a permission was missing. */
function refusalsOf({ calls }: Run, read: string): number {
  return calls.filter(
    ({ operation, fault }) => operation === read && (fault === 'access-denied' || REFUSALS.includes(fault)),
  ).length;
}

function meanwhileIn({ scenario, invocations, queues }: Run): Counts {
  const { actions, resources, settings, crowds = [], services } = scenario;
  const done = Object.entries(MEANWHILE).map(
    ([name, kinds]) => [name, actions.filter((action) => kinds.includes(action.do)).length] as const,
  );
  const requests = invocations.filter(({ of }) => of === 'on-request');
  const size = services.length + sumOf(crowds.map(({ count }) => count));
  return {
    ...Object.fromEntries(done),
    'follow-ups written by an earlier version of the code': queues.counts.rewritten,
    'requests at the same time as another': requests.filter(({ overlapped }) => overlapped).length,
    'reads that a later invocation continued': invocations.filter(({ bodies }) =>
      bodies.some((body) => body.includes('"readings":[')),
    ).length,
    'runs with late reads of Secrets Manager': settings.lagMs > 0 ? 1 : 0,
    'runs with late reads of ECS': settings.ecsLagMs === undefined ? 0 : 1,
    'runs with a snapshot': settings.env['SNAPSHOT_BUCKET'] === undefined ? 0 : 1,
    'runs with 40 services or more': size >= 40 ? 1 : 0,
    'runs with a secret of another account': resources.some(({ foreign }) => foreign) ? 1 : 0,
    'runs with a secret that may not be described': resources.some(({ hidden }) => hidden) ? 1 : 0,
  };
}

export function added(a: Counts, b: Counts): Counts {
  const sum: Record<string, number> = { ...a };
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

/** How often a deployment of each state was seen by the simulator. */
function statesIn({ sim, built }: Run): Counts {
  const counts: Record<string, number> = {};
  for (const arn of built.services.values())
    for (const { state } of sim.statesOf({ arn })) {
      const name = `deployments: ${state}`;
      counts[name] = (counts[name] ?? 0) + 1;
    }
  return counts;
}

/** UpdateService is refused with this code for nothing else, because our calls name only what it takes. */
function refusedIn({ sim }: Run): number {
  return sim.ledger.calls.filter(
    ({ operation, outcome }) => operation === 'UpdateService' && outcome === 'InvalidParameterException',
  ).length;
}

function healedIn({ records }: Run): number {
  return records.filter(({ record }) => record.event === 'service.waiting' && record.reason === 'healing')
    .length;
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
