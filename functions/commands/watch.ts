import pMap from 'p-map';
import { awaitsAny, begin, type FollowUp } from '../core/follow-up/follow-up.ts';
import { type Progress, progressOf } from '../core/follow-up/progress.ts';
import type { Trigger } from '../core/follow-up/trigger.ts';
import type { ServiceKey } from '../core/model/arn.ts';
import { REQUEST } from '../core/model/change.ts';
import { type NamedService, primaryOf, type Service } from '../core/model/fleet.ts';
import { CONCURRENCY } from '../core/model/limits.ts';
import type { Planned, Result } from '../core/plan/planned.ts';
import { adviceIn, type Explained } from '../core/report/advice.ts';
import type { Report } from '../core/report/report.ts';
import { type Watched, watchedIn } from '../core/report/watched.ts';
import { notExecuted } from '../pipeline/apply/apply.ts';
import { explainer, MAX_EXPLAINED } from '../pipeline/follow-up/explain.ts';
import { NeedsAsked } from '../pipeline/read/needs.ts';
import { NOTHING_EARLY } from '../pipeline/read/scan.ts';
import type { Run } from '../pipeline/run.ts';
import { decide, reported } from './decide.ts';
import { readNamed } from './references.ts';

/** What one look shows of everything that waits. */
export type Looked = {
  /** When the look ended. */
  readonly at: number;
  readonly services: ReadonlyMap<ServiceKey, Watched>;
  /** The report of `plan` at this look. */
  readonly report: Report;
  /** What to look at the next time; nothing, if nothing waits any more. */
  readonly next: readonly Trigger[];
  /** Why rollouts fail, as far as it was asked up to now. */
  readonly reasons: Reasons;
};

/** Why the tasks of a service fail in a state, and what helps. */
type Reasons = ReadonlyMap<ServiceKey, Partial<Explained> & { readonly of: string }>;

/**
 * Looks once, and decides as the service would without doing anything. Throws ReadFailed, and what the reading was aborted
 * with.
 */
export async function look(
  triggers: readonly Trigger[],
  run: Run,
  known: Reasons = new Map(),
): Promise<Looked> {
  const decided = await decide(triggers, NOTHING_EARLY, run);
  run.reading.throwIfAborted();
  if ('failure' in decided) throw decided.failure;
  const { observed, plan } = decided;
  const planned = [...plan.redeploys, ...plan.others];
  const results = planned.map((one): Result => ({ planned: one, decision: one.decision }));
  const now = run.ports.clock.now();
  const progress = observed.sights.map(({ attempt, unread, overdue }) =>
    progressOf(attempt, results, observed.seen, now, { unread, overdue }),
  );
  const result = reported(decided, notExecuted(plan, 'plan', run), []);
  if ('failure' in result) throw result.failure;
  const services = watchedIn(planned, progress);
  const reasons = await reasonsFor(services, planned, progress, known, run);
  run.reading.throwIfAborted();
  return {
    at: now,
    services: withReasons(services, reasons),
    reasons,
    report: result.report,
    next: progress
      .map(({ followUp }) => followUp)
      .filter(awaitsAny)
      .map(asTrigger),
  };
}

const asTrigger = (followUp: FollowUp): Trigger => ({ kind: 'follow-up', messageId: '', followUp });

const UNPLACED = 'cannot-place';
const FAILING: readonly string[] = ['tasks-failing', UNPLACED];

const isFailing = ({ end, state }: Watched): boolean => end === 'failed' || FAILING.includes(state);

/** Asks once for each service and each state in which its tasks fail, and for some services only in one look. */
async function reasonsFor(
  services: Looked['services'],
  planned: readonly Planned[],
  progress: readonly Progress[],
  known: Reasons,
  run: Run,
): Promise<Reasons> {
  const asked = planned
    .flatMap((one) => {
      const seen = services.get(one.service.key);
      return seen !== undefined && isFailing(seen) && known.get(seen.key)?.of !== seen.state
        ? [{ ...one, seen }]
        : [];
    })
    .slice(0, MAX_EXPLAINED);
  const answers = await pMap(
    asked,
    async ({ service, seen, decision: { changeIds } }) => {
      const concerned = progress.filter(({ followUp }) => changeIds.includes(followUp.changeId));
      const explain = explainer(
        concerned.flatMap(({ followUp }) => followUp.changes),
        run,
      );
      const explained = seen.state === UNPLACED ? adviceIn(UNPLACED) : await explain(service);
      return [seen.key, { of: seen.state, ...explained }] as const;
    },
    { concurrency: CONCURRENCY.stoppedTasks },
  );
  return new Map([...known, ...answers]);
}

function withReasons(services: Looked['services'], reasons: Reasons): Looked['services'] {
  return new Map(
    [...services].map(([key, seen]) => {
      const { of, ...explained } = reasons.get(key) ?? {};
      return [key, of === seen.state ? { ...seen, ...explained } : seen];
    }),
  );
}

/** The least time between two looks; after a long one it is twice as long as that one took. */
const LOOK_MS = 3_000;
/** How long what was asked about the needs of services counts. */
const NEEDS_MS = 30_000;

/**
 * Looks again, from ECS alone, until nothing waits. The first look may have been made before. Ends by throwing when the
 * reading is aborted. `lastAt`: the look after this instant is the last that is wanted.
 */
export async function* watch(
  first: Looked,
  run: Run,
  lastAt = Number.POSITIVE_INFINITY,
): AsyncGenerator<Looked, void> {
  const { clock } = run.ports;
  let looked = first;
  let asked = { needs: run.needs, at: first.at };
  for (let pause = LOOK_MS; looked.next.length > 0; ) {
    await clock.sleep(Math.min(pause, Math.max(0, lastAt - clock.now())), run.reading);
    const began = clock.now();
    if (began - asked.at > NEEDS_MS) asked = { needs: new NeedsAsked(), at: began };
    looked = await look(looked.next, { ...run, needs: asked.needs }, looked.reasons);
    pause = Math.max(LOOK_MS, 2 * (clock.now() - began));
    yield looked;
  }
}

/**
 * What is looked at to follow the youngest rollout of each of these services, also one by CI. Throws NoSuchService and ReadFailed.
 */
export async function youngestRollouts(
  named: readonly NamedService[],
  run: Run,
): Promise<readonly Trigger[]> {
  const { services } = await readNamed(named, run);
  return Promise.all(services.map((service) => rolloutOf(service, run)));
}

async function rolloutOf(service: Service, run: Run): Promise<Trigger> {
  const { arn, key, cluster, name } = service;
  const changedAt = (await beginOf(service, run)) - 1;
  const change = {
    changeId: key,
    kind: 'service',
    arn,
    changedAt,
    source: REQUEST,
    optedOut: false,
  } as const;
  const open = { cluster: cluster.arn, name, deploymentId: null, ours: false, lastLogged: '' };
  return asTrigger({ ...begin(key, [change], run.ports.clock.now()), hop: 1, open: [open] });
}

/** A service deployment and the deployment that it makes begin within this time. */
const TOGETHER_MS = 2_000;
/** The longest time that a deployment may have taken until it was rolled back. */
const LONGEST_MS = 48 * 3_600_000;

/** A rollback replaces PRIMARY: the service deployment that failed began before it. */
async function beginOf(service: Service, { ports, reading }: Run): Promise<number> {
  const began = primaryOf(service)?.createdAt ?? 0;
  const question = { service, deploymentsSince: began - LONGEST_MS, askTasks: false } as const;
  const { serviceDeployments = [] } = await ports.ecs.answer(question, reading);
  const youngest = Math.max(0, ...serviceDeployments.map(({ createdAt }) => createdAt));
  return youngest === 0 || Math.abs(youngest - began) <= TOGETHER_MS ? began : youngest;
}
