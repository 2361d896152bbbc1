import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';
import type { Confirmed } from '../../core/follow-up/trigger.ts';
import { type Match, match } from '../../core/match/match.ts';
import { homeOf, parseArn, type ServiceKey } from '../../core/model/arn.ts';
import { about, type Subject, subjectsOf } from '../../core/model/change.ts';
import { type Fleet, namesByCluster, type Service } from '../../core/model/fleet.ts';
import { selects } from '../../core/model/glob.ts';
import { CONCURRENCY } from '../../core/model/limits.ts';
import { waveOf } from '../../core/model/tags.ts';
import { makePlan } from '../../core/plan/plan.ts';
import type { Result } from '../../core/plan/planned.ts';
import { questions } from '../../core/plan/questions.ts';
import { readEvidence } from '../read/evidence.ts';
import { type Early, NOTHING_EARLY } from '../read/scan.ts';
import type { Run } from '../run.ts';
import { applyEarly } from './apply.ts';

/** So long a read may take before what it finds is redeployed ahead of its end. */
const EARLY_AFTER_MS = 3_000;

/** Hinted services that are read together. */
const GROUP = 40;

/** So few are redeployed before the reading of the others begins. */
const HINTS_BEFORE_SCAN = 40;

/** More than this is not looked at before the rest: whoever wrote the snapshot may not mean well. */
const MAX_HINTS = 2_000;

/**
 * Redeploys each service as soon as it is known to be stale: those at which the memory or the snapshot hints first, then
 * those which the read finds on its way. A hint names a service and no more: what it refers to and how old its tasks are is
 * read from ECS before anything is written. Only the first wave goes ahead, and none where a cap needs all to be counted.
 */
export function startEarly(confirmed: Confirmed, run: Run): Early {
  const subjects = allSubjects(confirmed);
  if (subjects.length === 0 || run.policy.maxServices > 0) return NOTHING_EARLY;
  const begun: Promise<void>[] = [];
  const results: Result[] = [];
  const looked = new Set<ServiceKey>();
  const limit = pLimit(CONCURRENCY.earlyParts);
  const over = new AbortController();
  const hurried = { ...run, reading: AbortSignal.any([run.reading, over.signal]) };
  setMaxListeners(0, hurried.reading);

  const take = (part: Fleet): void => {
    const fresh = match(part, subjects, run.policy.pull).filter(
      ({ service }) => waveOf(service) === 0 && !looked.has(service.key),
    );
    for (const { service } of fresh) looked.add(service.key);
    if (fresh.length === 0) return;
    begun.push(
      limit(async () => {
        if (!over.signal.aborted) results.push(...(await redeployPart(part, subjects, fresh, hurried)));
      }),
    );
  };

  const start = async () => {
    try {
      const hinted = await readHinted(confirmed, take, run);
      if (hinted <= HINTS_BEFORE_SCAN) await Promise.all(begun);
    } catch (error) {
      run.journal.error('hints could not be used: the fleet is read all the same', error);
    }
  };

  return {
    onPart: patiently(take, run),
    hintsDone: start(),
    finish: async () => {
      over.abort();
      await Promise.all(begun);
      return results;
    },
  };
}

/** Hands parts on only when the read takes its time: a small fleet is decided upon as a whole. */
function patiently(take: (part: Fleet) => void, { ports: { clock } }: Run): (part: Fleet) => void {
  const begunAt = clock.now();
  const held: Fleet[] = [];
  return (part) => {
    held.push(part);
    if (clock.now() - begunAt > EARLY_AFTER_MS) for (const one of held.splice(0)) take(one);
  };
}

function allSubjects({ changes, notices, scans: readings }: Confirmed): readonly Subject[] {
  return [...subjectsOf({ changes, notices }), ...readings.flatMap(subjectsOf)];
}

/** Answers how many were read. One whom a hint names wrongly, or who cannot be read now, is left to the read of all. */
async function readHinted(confirmed: Confirmed, onPart: (part: Fleet) => void, run: Run): Promise<number> {
  const readings = confirmed.scans.filter(({ remaining: left }) => left === 'all');
  const subjects = allSubjects({ ...confirmed, scans: readings });
  if (subjects.length === 0) return 0;
  const hinted = (await run.fleets.hints(subjects, run)).filter(
    (service) => isSelected(service, run) && isAtHome(service, subjects),
  );
  const limit = pLimit(CONCURRENCY.hintGroups);
  const groups = Array.from({ length: Math.ceil(Math.min(hinted.length, MAX_HINTS) / GROUP) }, (_, i) =>
    hinted.slice(i * GROUP, (i + 1) * GROUP),
  );
  await Promise.all(groups.map((group) => limit(() => readGroup(group, onPart, run))));
  return hinted.length;
}

async function readGroup(
  services: readonly Service[],
  onPart: (part: Fleet) => void,
  run: Run,
): Promise<void> {
  const names = namesByCluster(services.map(({ cluster, name }) => ({ cluster: cluster.arn, name })));
  try {
    onPart(await run.ports.ecs.readThese(names, () => true, run.reading));
  } catch {
    // Whatever it was: the read of all meets it again and says so.
  }
}

/** The configuration, or whoever asks, may have narrowed the clusters since the hint was written. */
function isSelected({ cluster }: Service, { scope: { configured, narrowed } }: Run): boolean {
  return [configured, narrowed].every((globs) => globs.length === 0 || selects(globs, cluster.name));
}

/** Nobody is asked about clusters of another account or Region. */
function isAtHome({ arn }: Service, subjects: readonly Subject[]): boolean {
  const home = homeOf(arn);
  return subjects.some((subject) => {
    const place = parseArn(about(subject).arn);
    return place === undefined || (place.account === home.account && place.region === home.region);
  });
}

/** The same reads, decisions and writes as for the whole fleet; what does not come to a call is decided again with it. */
async function redeployPart(
  fleet: Fleet,
  subjects: readonly Subject[],
  matches: readonly Match[],
  run: Run,
): Promise<readonly Result[]> {
  const { policy, ports: world } = run;
  try {
    const evidence = await readEvidence(questions(matches, policy, world.clock.now()), run);
    const earlier = { failed: new Map(), unseen: new Set<string>() };
    const now = world.clock.now();
    const plan = makePlan({ fleet, subjects, matches, evidence, policy, earlier, now });
    return await applyEarly(plan, run);
  } catch {
    // Nothing has been written: writes fail one by one, and say so in their results.
    return [];
  }
}
