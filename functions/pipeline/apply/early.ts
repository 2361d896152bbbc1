import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';
import type { OpenScan, Trigger } from '../../core/follow-up/trigger.ts';
import { type Match, match } from '../../core/match/match.ts';
import { homeOf, parseArn, type ServiceKey } from '../../core/model/arn.ts';
import { about, type Subject, subjectsOf } from '../../core/model/change.ts';
import { type Fleet, namesByCluster, type Service } from '../../core/model/fleet.ts';
import { selects } from '../../core/model/glob.ts';
import { CONCURRENCY } from '../../core/model/limits.ts';
import { chunks } from '../../core/model/lists.ts';
import { waveOf } from '../../core/model/tags.ts';
import { makePlan } from '../../core/plan/plan.ts';
import type { Result } from '../../core/plan/planned.ts';
import { questions } from '../../core/plan/questions.ts';
import { NOTHING_EARLIER } from '../../core/plan/waves.ts';
import { readEvidence } from '../read/evidence.ts';
import { readObstacles } from '../read/obstacles.ts';
import type { Early } from '../read/scan.ts';
import type { Run } from '../run.ts';
import { applyEarly } from './apply.ts';

/** When a read takes longer than this, the services it finds are redeployed before it ends. */
const EARLY_AFTER_MS = 3_000;

/** How many hinted services are read together. */
const GROUP = 40;

/** Up to this many hinted services are redeployed before the read of the fleet begins. */
const HINTS_BEFORE_SCAN = 40;

/** Hints beyond this number are left to the read of the fleet, because a snapshot may have been tampered with. */
const MAX_HINTS = 2_000;

/** Starts what makes the main path fast; the snapshot of the fleet is fetched while the triggers are confirmed. */
export function startEarly(triggers: readonly Trigger[], run: Run): Early {
  run.fleets.prefetch(triggers, run);
  return new EarlyRedeploys(run);
}

/**
 * Redeploys each service as soon as it is known to be stale: first the services that the cache or the snapshot hints
 * at, then the services that the read of the fleet finds. A hint only names a service: its references and the age of
 * its tasks are read from ECS before anything is written. Only wave 0 is redeployed early, and no service if a cap
 * requires a count of all.
 */
class EarlyRedeploys implements Early {
  readonly #run: Run;
  readonly #over = new AbortController();
  readonly #limit = pLimit(CONCURRENCY.earlyParts);
  readonly #begun: Promise<void>[] = [];
  readonly #results: Result[] = [];
  /** Services that have been looked at, with any result. */
  readonly #looked = new Set<ServiceKey>();
  /** Parts held back until the read takes longer than EARLY_AFTER_MS: a small fleet is decided as a whole. */
  readonly #held: Fleet[] = [];
  #subjects: readonly Subject[] = [];
  #beganAt = 0;
  #hintsDone: Promise<void> = Promise.resolve();

  constructor(run: Run) {
    const reading = AbortSignal.any([run.reading, this.#over.signal]);
    setMaxListeners(0, reading);
    this.#run = { ...run, reading };
  }

  begin(scans: readonly OpenScan[]): void {
    const { policy, ports } = this.#run;
    if (policy.maxServices > 0) return;
    this.#subjects = scans.flatMap(({ scan }) => subjectsOf(scan));
    this.#beganAt = ports.clock.now();
    this.#hintsDone = this.#takeHinted(scans);
  }

  onPart(part: Fleet): void {
    if (this.#subjects.length === 0) return;
    this.#held.push(part);
    const isSlow = this.#run.ports.clock.now() - this.#beganAt > EARLY_AFTER_MS;
    if (isSlow) for (const one of this.#held.splice(0)) this.#take(one);
  }

  hintsDone(): Promise<void> {
    return this.#hintsDone;
  }

  async finish(): Promise<readonly Result[]> {
    this.#over.abort();
    await Promise.all(this.#begun);
    return this.#results;
  }

  async #takeHinted(scans: readonly OpenScan[]): Promise<void> {
    try {
      const hinted = await this.#hinted(scans);
      await this.#readGroups(hinted.slice(0, MAX_HINTS));
      if (hinted.length <= HINTS_BEFORE_SCAN) await Promise.all(this.#begun);
    } catch (error) {
      this.#run.journal.error('cannot use the hints; the whole fleet is read without them', error);
    }
  }

  /** The hinted services, for scans that have not begun; the other scans already know their remaining clusters. */
  async #hinted(scans: readonly OpenScan[]): Promise<readonly Service[]> {
    const whole = scans.filter(({ scan }) => scan.remaining === 'all');
    const subjects = whole.flatMap(({ scan }) => subjectsOf(scan));
    if (subjects.length === 0) return [];
    const hinted = await this.#run.fleets.hints(subjects, this.#run);
    return hinted.filter((service) => isSelected(service, this.#run) && isAtHome(service, subjects));
  }

  async #readGroups(hinted: readonly Service[]): Promise<void> {
    const limit = pLimit(CONCURRENCY.hintGroups);
    await Promise.all(chunks(hinted, GROUP).map((group) => limit(() => this.#readGroup(group))));
  }

  async #readGroup(services: readonly Service[]): Promise<void> {
    const { ports, reading } = this.#run;
    const names = namesByCluster(services.map(({ cluster, name }) => ({ cluster: cluster.arn, name })));
    try {
      this.#take(await ports.ecs.readThese(names, () => true, reading));
    } catch {
      // The read of the whole fleet meets the same error and reports it.
    }
  }

  #take(part: Fleet): void {
    const fresh = match(part, this.#subjects, this.#run.policy.pull).filter(
      ({ service, hits }) =>
        waveOf(service) === 0 &&
        !this.#looked.has(service.key) &&
        hits.every(({ guess }) => guess === undefined),
    );
    for (const { service } of fresh) this.#looked.add(service.key);
    if (fresh.length > 0) this.#begun.push(this.#limit(() => this.#redeploy(part, fresh)));
  }

  /**
   * Reads, decides and writes as for the whole fleet. Services without a final result are decided again with the fleet.
   */
  async #redeploy(fleet: Fleet, matches: readonly Match[]): Promise<void> {
    if (this.#over.signal.aborted) return;
    const run = this.#run;
    const { policy, ports } = run;
    try {
      const evidence = await readEvidence(questions(matches, policy, ports.clock.now()), run);
      const subjects = this.#subjects;
      const now = ports.clock.now();
      const input = { fleet, subjects, matches, evidence, policy, earlier: NOTHING_EARLIER, now };
      const obstacles = await readObstacles(makePlan(input).redeploys, fleet, [], run);
      // Without an answer there is no redeploy yet: it is asked once more for the whole fleet.
      if (run.reading.aborted) return;
      this.#results.push(...(await applyEarly(makePlan({ ...input, obstacles }), run)));
    } catch {
      // Nothing has been written: a write that fails does not throw, its result says so.
    }
  }
}

/** The configuration may have been narrowed since the hint was written, and a request may narrow the clusters, too. */
function isSelected({ cluster }: Service, { scope: { configured, narrowed } }: Run): boolean {
  return [configured, narrowed].every((globs) => globs.length === 0 || selects(globs, cluster.name));
}

/** Clusters of another account or Region are never read. */
function isAtHome({ arn }: Service, subjects: readonly Subject[]): boolean {
  const home = homeOf(arn);
  return subjects.some((subject) => {
    const place = parseArn(about(subject).arn);
    return place === undefined || (place.account === home.account && place.region === home.region);
  });
}
