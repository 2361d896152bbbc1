import pLimit from 'p-limit';
import { SUFFIXED } from '../../core/match/subject-index.ts';
import type { Unanswered } from '../../core/model/access.ts';
import { CONCURRENCY } from '../../core/model/limits.ts';
import type { ParameterDescription, ParametersFound } from '../../core/model/parameter.ts';
import { mayNameSecret, nameInArn } from '../../core/model/reference.ts';
import type { SecretDescription } from '../../core/model/secret.ts';
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
  readonly #described = new Map<string, Described>();
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

  /** What AWS has shown of something that was asked about, or why it has not; of what is gone it shows nothing. */
  described(need: Need): Described {
    return this.#described.get(askedAs(need)) ?? NOT_ANSWERED;
  }

  #secret(name: string, run: StepContext): Promise<Condition> {
    const condition = this.#secrets.get(name) ?? this.#limit(() => this.#describe(name, run));
    this.#secrets.set(name, condition);
    return condition;
  }

  async #describe(name: string, run: StepContext): Promise<Condition> {
    try {
      const now = run.ports.clock.now();
      const secret = mayNameSecret(name) ? await secretNow(name, run) : undefined;
      if (secret !== undefined) this.#described.set(name, secret);
      return conditionOf(secret, now);
    } catch (error) {
      if (run.reading.aborted) this.#secrets.delete(name);
      else this.#described.set(name, refused(error, 'secretsmanager:DescribeSecret'));
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
      const now = run.ports.clock.now();
      const answer = await run.ports.parameters.describeAll(arns, run.reading);
      for (const one of answer.found) this.#described.set(one.arn, one);
      for (const { arn, why } of answer.refused) this.#described.set(arn, { kind: 'unanswered', why });
      return conditionsOf(arns, answer, now);
    } catch (error) {
      this.#tell(error, run);
      if (run.reading.aborted) return [];
      for (const arn of arns) this.#described.set(arn, refused(error, 'ssm:DescribeParameters'));
      return arns.map((arn) => [arn, UNKNOWN] as const);
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

const NOT_ANSWERED: Unanswered = { kind: 'unanswered', why: 'AWS has not answered in time' };

/** What AWS shows of a secret or a parameter. */
type Described = SecretDescription | ParameterDescription | Unanswered;

function refused(error: unknown, action: string): Unanswered {
  const isDenied = error instanceof Error && 'denied' in error && error.denied === true;
  const why = error instanceof Error ? error.message : String(error);
  return { kind: 'unanswered', why, ...(isDenied && { missingAction: action }) };
}

/**
 * Secrets Manager takes a partial ARN that ends in a hyphen and six characters for a whole one: what it does not find by
 * such an ARN may have the name (functions/README.md, References).
 */
async function secretNow(
  name: string,
  { ports, reading }: StepContext,
): Promise<SecretDescription | undefined> {
  const byArn = await ports.secrets.describe(name, reading);
  const isAmbiguous = byArn === undefined && name.startsWith('arn:') && SUFFIXED.test(name);
  return isAmbiguous ? ports.secrets.describe(nameInArn(name), reading) : byArn;
}

function conditionsOf(
  arns: readonly string[],
  { found, refused: unshown }: ParametersFound,
  now: number,
): Answers {
  const living = new Set(found.map(({ arn }) => arn));
  const unanswered = new Set(unshown.map(({ arn }) => arn));
  return arns.map((arn) => {
    if (living.has(arn)) return [arn, { kind: 'standing' }];
    return [arn, unanswered.has(arn) ? UNKNOWN : { kind: 'gone', problem: 'not-found', seenAt: now }];
  });
}
