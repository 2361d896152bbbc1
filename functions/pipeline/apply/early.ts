import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';
import type { OpenScan, Trigger } from '../../core/follow-up/trigger.ts';
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
import { NOTHING_EARLIER } from '../../core/plan/waves.ts';
import { readEvidence } from '../read/evidence.ts';
import type { Early } from '../read/scan.ts';
import type { Run } from '../run.ts';
import { applyEarly } from './apply.ts';

/** A read may take this long before what it finds is redeployed ahead of its end. */
const EARLY_AFTER_MS = 3_000;

/** Hinted services that are read together. */
const GROUP = 40;

/** Up to this many hinted services are redeployed before the reading of the others begins. */
const HINTS_BEFORE_SCAN = 40;

/** More hints than this are left to the read of all: a snapshot may have been tampered with. */
const MAX_HINTS = 2_000;

/** All that makes the main path quick begins here: the snapshot of the fleet is fetched while the triggers are confirmed. */
export function startEarly(triggers: readonly Trigger[], run: Run): Early {
  run.fleets.prefetch(triggers, run);
  return new EarlyRedeploys(run);
}

/**
 * Redeploys each service as soon as it is known to be stale: those at which the cache or the snapshot hints first, then those
 * which the read finds on its way. A hint names a service and no more: what it refers to and how old its tasks are is read
 * from ECS before anything is written. Only the first wave goes early, and none where a cap needs all to be counted.
 */
class EarlyRedeploys implements Early {
  readonly #run: Run;
  readonly #over = new AbortController();
  readonly #limit = pLimit(CONCURRENCY.earlyParts);
  readonly #begun: Promise<void>[] = [];
  readonly #results: Result[] = [];
  /** Services that have been looked at, whatever came of it. */
  readonly #looked = new Set<ServiceKey>();
  /** Parts that wait until the read has taken its time: a small fleet is decided upon as a whole. */
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
      this.#run.journal.error('hints could not be used: the fleet is read all the same', error);
    }
  }

  /** For scans that have not begun; the others know already where to read on. */
  async #hinted(scans: readonly OpenScan[]): Promise<readonly Service[]> {
    const whole = scans.filter(({ scan }) => scan.remaining === 'all');
    const subjects = whole.flatMap(({ scan }) => subjectsOf(scan));
    if (subjects.length === 0) return [];
    const hinted = await this.#run.fleets.hints(subjects, this.#run);
    return hinted.filter((service) => isSelected(service, this.#run) && isAtHome(service, subjects));
  }

  async #readGroups(hinted: readonly Service[]): Promise<void> {
    const limit = pLimit(CONCURRENCY.hintGroups);
    const groups = Array.from({ length: Math.ceil(hinted.length / GROUP) }, (_, i) =>
      hinted.slice(i * GROUP, (i + 1) * GROUP),
    );
    await Promise.all(groups.map((group) => limit(() => this.#readGroup(group))));
  }

  async #readGroup(services: readonly Service[]): Promise<void> {
    const { ports, reading } = this.#run;
    const names = namesByCluster(services.map(({ cluster, name }) => ({ cluster: cluster.arn, name })));
    try {
      this.#take(await ports.ecs.readThese(names, () => true, reading));
    } catch {
      // Whatever it was: the read of all meets it again and says so.
    }
  }

  #take(part: Fleet): void {
    const fresh = match(part, this.#subjects, this.#run.policy.pull).filter(
      ({ service }) => waveOf(service) === 0 && !this.#looked.has(service.key),
    );
    for (const { service } of fresh) this.#looked.add(service.key);
    if (fresh.length > 0) this.#begun.push(this.#limit(() => this.#redeploy(part, fresh)));
  }

  /** The same reads, decisions and writes as for the whole fleet; what does not come to a call is decided again with it. */
  async #redeploy(fleet: Fleet, matches: readonly Match[]): Promise<void> {
    if (this.#over.signal.aborted) return;
    const run = this.#run;
    const { policy, ports } = run;
    try {
      const evidence = await readEvidence(questions(matches, policy, ports.clock.now()), run);
      const subjects = this.#subjects;
      const now = ports.clock.now();
      const plan = makePlan({ fleet, subjects, matches, evidence, policy, earlier: NOTHING_EARLIER, now });
      this.#results.push(...(await applyEarly(plan, run)));
    } catch {
      // Nothing has been written: writes fail one by one, and say so in their results.
    }
  }
}

/** The configuration, or a request, may have narrowed the clusters since the hint was written. */
function isSelected({ cluster }: Service, { scope: { configured, narrowed } }: Run): boolean {
  return [configured, narrowed].every((globs) => globs.length === 0 || selects(globs, cluster.name));
}

/** Clusters of another account or Region are never asked about. */
function isAtHome({ arn }: Service, subjects: readonly Subject[]): boolean {
  const home = homeOf(arn);
  return subjects.some((subject) => {
    const place = parseArn(about(subject).arn);
    return place === undefined || (place.account === home.account && place.region === home.region);
  });
}
