import pLimit from 'p-limit';
import { SUFFIXED } from '../../core/match/subject-index.ts';
import { CONCURRENCY } from '../../core/model/limits.ts';
import { nameInArn } from '../../core/model/reference.ts';
import { askedAs, type Need } from '../../core/plan/needs.ts';
import { type Condition, type Conditions, conditionOf } from '../../core/plan/obstacles.ts';
import type { StepContext } from '../context.ts';

/** The most names in one call of DescribeParameters (functions/README.md, Quotas). */
const PARAMETERS_A_CALL = 50;

/**
 * What was asked about the needs of services in one invocation: each secret and each parameter once, from wherever it is
 * asked. A resource about which AWS refuses to answer is not asked about again.
 */
export class NeedsAsked {
  readonly #secrets = new Map<string, Promise<Condition>>();
  readonly #parameters = new Map<string, Condition>();
  readonly #waiting = new Set<string>();
  readonly #limit = pLimit(CONCURRENCY.resources);
  /** One call at a time: what is asked meanwhile goes into the next, because the quota is three calls a second. */
  readonly #inTurn = pLimit(1);
  #isTold = false;

  async ask(needs: readonly Need[], run: StepContext): Promise<Conditions> {
    const ofKind = (kind: Need['target']['kind']) => [
      ...new Set(needs.filter(({ target }) => target.kind === kind).map(askedAs)),
    ];
    const parameters = ofKind('parameter');
    const [secrets] = await Promise.all([
      Promise.all(ofKind('secret').map(async (name) => [name, await this.#secret(name, run)] as const)),
      this.#askParameters(parameters, run),
    ]);
    const found = parameters.map((arn) => [arn, this.#parameters.get(arn) ?? UNKNOWN] as const);
    return new Map([...secrets, ...found]);
  }

  #secret(name: string, run: StepContext): Promise<Condition> {
    const condition = this.#secrets.get(name) ?? this.#limit(() => this.#describe(name, run));
    this.#secrets.set(name, condition);
    return condition;
  }

  async #describe(name: string, run: StepContext): Promise<Condition> {
    try {
      return await secretNow(name, run);
    } catch (error) {
      if (run.reading.aborted) this.#secrets.delete(name);
      this.#tell(error, run);
      return UNKNOWN;
    }
  }

  /** What another caller has asked meanwhile is known when its turn is over. */
  async #askParameters(arns: readonly string[], run: StepContext): Promise<void> {
    for (const arn of arns) this.#waiting.add(arn);
    if (arns.length > 0) await this.#inTurn(() => this.#describeWaiting(run));
  }

  async #describeWaiting(run: StepContext): Promise<void> {
    for (const arn of this.#waiting) if (this.#parameters.has(arn)) this.#waiting.delete(arn);
    while (this.#waiting.size > 0 && !run.reading.aborted) {
      const together = [...this.#waiting].slice(0, PARAMETERS_A_CALL);
      for (const [arn, condition] of await this.#describeTogether(together, run)) {
        this.#waiting.delete(arn);
        this.#parameters.set(arn, condition);
      }
    }
  }

  /** After the end of the time there is no answer: the next caller may have more of it. */
  async #describeTogether(arns: readonly string[], run: StepContext): Promise<Answers> {
    try {
      return await parametersNow(arns, run);
    } catch (error) {
      this.#tell(error, run);
      return run.reading.aborted ? [] : arns.map((arn) => [arn, UNKNOWN] as const);
    }
  }

  #tell(error: unknown, { journal }: StepContext): void {
    if (this.#isTold) return;
    this.#isTold = true;
    journal.error(
      'cannot ask whether everything stands that new tasks need; the services are redeployed without knowing it',
      error,
    );
  }
}

type Answers = readonly (readonly [string, Condition])[];

const UNKNOWN: Condition = { kind: 'unknown' };

/**
 * Secrets Manager takes a partial ARN that ends in a hyphen and six characters for a whole one: what it does not find by
 * such an ARN may have the name (functions/README.md, References).
 */
async function secretNow(name: string, { ports, reading }: StepContext): Promise<Condition> {
  const now = ports.clock.now();
  const byArn = await ports.secrets.describe(name, reading);
  const isAmbiguous = byArn === undefined && name.startsWith('arn:') && SUFFIXED.test(name);
  const found = isAmbiguous ? await ports.secrets.describe(nameInArn(name), reading) : byArn;
  return conditionOf(found, now);
}

async function parametersNow(arns: readonly string[], { ports, reading }: StepContext): Promise<Answers> {
  const now = ports.clock.now();
  const { found, refused } = await ports.parameters.describeAll(arns, reading);
  const living = new Set(found.map(({ arn }) => arn));
  const unanswered = new Set(refused.map(({ arn }) => arn));
  return arns.map((arn) => {
    if (living.has(arn)) return [arn, { kind: 'standing' }];
    return [arn, unanswered.has(arn) ? UNKNOWN : { kind: 'gone', problem: 'not-found', seenAt: now }];
  });
}
