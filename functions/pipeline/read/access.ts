import pLimit from 'p-limit';
import type {
  AccessFinding,
  KeyFact,
  PresenceFact,
  ResourceFact,
  RoleFact,
  Simulation,
  SimulationFact,
  Unanswered,
} from '../../core/model/access.ts';
import { CONCURRENCY } from '../../core/model/limits.ts';
import { chunks, grouped } from '../../core/model/lists.ts';
import { type AccessFacts, findingsOn } from '../../core/plan/access.ts';
import {
  asNamedBy,
  isRoleElsewhere,
  isShownHere,
  keyAsNamed,
  type RoleNeed,
  simulationKey,
  simulationsFor,
} from '../../core/plan/access-questions.ts';
import { askedAs } from '../../core/plan/needs.ts';
import type { Conditions } from '../../core/plan/obstacles.ts';
import type { StepContext } from '../context.ts';
import type { NeedsAsked } from './needs.ts';

/** The most resources in one call of SimulatePrincipalPolicy. */
const RESOURCES_A_CALL = 25;

const NOT_IN_TIME: Unanswered = { kind: 'unanswered', why: 'AWS has not answered in time' };

/** What speaks against each of the needs, nothing if nothing does, and the ARN of the resource as far as AWS shows it. */
export type AccessByNeed = ReadonlyMap<RoleNeed, NeedAccess>;
type NeedAccess = { readonly arn: string; readonly findings: readonly AccessFinding[] };

/** A run, or a part of its time. */
type Context = StepContext & { readonly needs: NeedsAsked };

/** What was asked in one run about roles and what they may read: each role, each key, and each role with each resource once. */
export class AccessAsked {
  readonly #roles = new Map<string, Promise<RoleFact>>();
  readonly #keys = new Map<string, Promise<KeyFact>>();
  readonly #policies = new Map<string, Promise<PresenceFact>>();
  readonly #versions = new Map<string, Promise<PresenceFact>>();
  readonly #simulated = new Map<string, Promise<SimulationFact>>();
  readonly #limit = pLimit(CONCURRENCY.access);
  #isTold = false;

  async ask(needs: readonly RoleNeed[], run: Context): Promise<AccessByNeed> {
    const askable = needs.filter(isAskable);
    const conditions = await run.needs.ask(askable.filter(isShownHere), run);
    const facts = await Promise.all(
      askable.map(async (need) => {
        const [role, resource] = await Promise.all([
          this.#role(need.role, run),
          this.#resource(need, conditions, run),
        ]);
        return { need, role, resource };
      }),
    );
    const questions = facts.flatMap(({ need, role, resource }) =>
      role.kind === 'gone' ? [] : simulationsFor(need.role, need, resource),
    );
    const answers = await this.#simulate(questions, run);
    const answerTo = (one: Simulation) => answers.get(simulationKey(one)) ?? NOT_IN_TIME;
    const now = run.ports.clock.now();
    const found = new Map<RoleNeed, NeedAccess>(
      facts.map(({ need, role, resource }) => [need, accessOfNeed(need, { role, resource, answerTo, now })]),
    );
    this.#tell([...found.values()], run);
    const unasked = { role: NOT_IN_TIME, resource: NOT_IN_TIME, answerTo, now };
    return new Map(needs.map((need) => [need, found.get(need) ?? accessOfNeed(need, unasked)]));
  }

  /** A missing permission makes the preflight say nothing of any service, and no service shows that. */
  #tell(found: readonly NeedAccess[], { journal }: Context): void {
    const refused = found.flatMap(({ findings }) => findings).find(({ missingAction }) => missingAction);
    if (refused === undefined || this.#isTold) return;
    this.#isTold = true;
    journal.error(
      'cannot ask whether execution roles can read what new tasks need; nothing is decided by it',
      refused.why,
    );
  }

  #role(arn: string, run: Context): Promise<RoleFact> {
    return this.#once(this.#roles, arn, run, () => run.ports.access.role(arn, run.reading));
  }

  async #resource(need: RoleNeed, conditions: Conditions, run: Context): Promise<ResourceFact> {
    if (!isShownHere(need)) return { kind: 'elsewhere', arn: need.target.id };
    if (conditions.get(askedAs(need))?.kind === 'gone') return { kind: 'gone' };
    const seen = run.needs.described(need);
    if ('kind' in seen) return seen;
    const { arn, keyId } = seen;
    if (!('labelsOf' in seen)) {
      const policy = { kind: seen.mayHavePolicy ? 'present' : 'none' } as const;
      return { kind: 'parameter', arn, policy, key: await this.#key(keyId, need, run) };
    }
    const { labelsOf, lastChangedAt: changedAt = 0 } = seen;
    const [policy, key, version] = await Promise.all([
      this.#once(this.#policies, arn, run, () => run.ports.access.secretPolicy(arn, run.reading)),
      this.#key(keyId, need, run),
      this.#version(arn, need, labelsOf, run),
    ]);
    return { kind: 'secret', arn, labelsOf, changedAt, policy, key, ...(version && { version }) };
  }

  async #key(keyId: string | undefined, need: RoleNeed, run: Context): Promise<KeyFact | undefined> {
    const named = keyAsNamed(keyId, need);
    if (named?.kind !== 'ask') return named;
    const ask = () => run.ports.access.key(named.id, run.reading);
    return asNamedBy(named.id, await this.#once(this.#keys, named.id, run, ask));
  }

  /** DescribeSecret shows every version that has a label; only another one is asked for. */
  async #version(
    arn: string,
    { target: { versionId } }: RoleNeed,
    labelsOf: ReadonlyMap<string, readonly string[]>,
    run: Context,
  ): Promise<PresenceFact | undefined> {
    if (versionId === null || labelsOf.has(versionId)) return undefined;
    return this.#once(this.#versions, `${arn} ${versionId}`, run, () =>
      run.ports.access.secretVersion(arn, versionId, run.reading),
    );
  }

  async #simulate(
    questions: readonly Simulation[],
    run: Context,
  ): Promise<ReadonlyMap<string, SimulationFact>> {
    const distinct = new Map(questions.map((one) => [simulationKey(one), one]));
    const unasked = [...distinct].flatMap(([key, one]) => (this.#simulated.has(key) ? [] : [one]));
    const alike = grouped(unasked, (one) => simulationKey({ ...one, resource: '' }));
    for (const group of alike.values())
      for (const some of chunks(group, RESOURCES_A_CALL)) this.#simulateTogether(some, run);
    const answered = [...distinct.keys()].map(async (key) => {
      const answer = await (this.#simulated.get(key) ?? NOT_IN_TIME);
      return [key, answer] as const;
    });
    return new Map(await Promise.all(answered));
  }

  #simulateTogether(questions: readonly Simulation[], run: Context): void {
    const [first, ...others] = questions;
    if (first === undefined) return;
    const asking = this.#limit(() => run.ports.access.simulate([first, ...others], run.reading));
    for (const one of questions)
      void this.#once(this.#simulated, simulationKey(one), run, async () => {
        return (await asking).get(one.resource) ?? NOT_IN_TIME;
      });
  }

  /** What was not answered in time is asked again by the next caller, who may have more of it. */
  #once<Fact extends { readonly kind: string }>(
    known: Map<string, Promise<Fact | Unanswered>>,
    key: string,
    { reading }: Context,
    ask: () => Promise<Fact | Unanswered>,
  ): Promise<Fact | Unanswered> {
    const before = known.get(key);
    if (before !== undefined) return before;
    const asking = ask().then((fact) => {
      if (fact.kind !== 'unanswered' || !reading.aborted) return fact;
      known.delete(key);
      return NOT_IN_TIME;
    });
    known.set(key, asking);
    return asking;
  }
}

function accessOfNeed(need: RoleNeed, facts: AccessFacts): NeedAccess {
  const { resource } = facts;
  return { arn: 'arn' in resource ? resource.arn : need.target.id, findings: findingsOn(need, facts) };
}

type Askable = RoleNeed & { readonly role: string };

/** Nothing can be asked about a role that is not known, or belongs to another account. */
function isAskable(need: RoleNeed): need is Askable {
  return typeof need.role === 'string' && !isRoleElsewhere(need.role, need);
}
