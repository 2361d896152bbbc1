import { setMaxListeners } from 'node:events';
import { type Answer, answer } from '../commands/answer.ts';
import { execute } from '../commands/redeploy.ts';
import type { ServiceKey } from '../core/model/arn.ts';
import type { CallError } from '../core/model/outcome.ts';
import { triggersIn } from '../formats/follow-up.ts';
import { NeedsAsked } from '../pipeline/read/needs.ts';
import type { Run } from '../pipeline/run.ts';
import type { Ecs } from '../ports.ts';
import { MemoryQueue } from './queue.ts';
import { newId } from './request.ts';

/** How soon what was redeployed is looked at again; the queue of the service has more time. */
const FIRST_S = 5;

/**
 * A redeploy in this process: what on-request does with the request, and then what on-change does with each message, on a
 * queue in memory.
 */
export class Here {
  /** The answer of the service to the request. Rejects as it does. */
  readonly answered: Promise<Answer>;
  readonly #ended: Promise<void>;
  readonly #stopping = new AbortController();
  readonly #refusals = new Map<ServiceKey, CallError>();
  readonly #queue: MemoryQueue;
  readonly #run: Run;
  #isOver = false;

  constructor(request: object, run: Run) {
    const reading = AbortSignal.any([run.reading, this.#stopping.signal]);
    setMaxListeners(0, reading);
    this.#queue = new MemoryQueue(run.ports.clock);
    this.#run = {
      ...run,
      ports: { ...run.ports, ecs: this.#noting(run.ports.ecs), queue: this.#queue },
      follow: { ...run.follow, firstSeconds: Math.min(run.follow.firstSeconds, FIRST_S) },
      reading,
    };
    const circumstances = { requestId: newId(), mode: 'enforce', quiet: run.journal } as const;
    this.answered = answer(request, circumstances, this.#fresh());
    this.#ended = this.answered
      .then(() => this.#follow())
      .finally(() => {
        this.#isOver = true;
      });
    // `end` tells of a failure; until it is called, the failure is not unhandled.
    this.#ended.catch(() => undefined);
  }

  /** Nothing more will happen. */
  isOver(): boolean {
    return this.#isOver;
  }

  /** The services that ECS refused to redeploy. */
  refusals(): ReadonlyMap<ServiceKey, CallError> {
    return this.#refusals;
  }

  /** Begins nothing more, and waits for the answers of the calls that are under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#ended.catch(() => undefined);
  }

  /** Rejects with what went wrong. */
  end(): Promise<void> {
    return this.#ended;
  }

  async #follow(): Promise<void> {
    const { clock } = this.#run.ports;
    for (let due = this.#queue.nextDue(); due !== undefined; due = this.#queue.nextDue()) {
      if (this.#run.reading.aborted) return;
      const wait = due - clock.now();
      if (wait > 0) await clock.sleep(wait, this.#run.reading);
      else await this.#handle();
    }
  }

  async #handle(): Promise<void> {
    const messages = this.#queue.take();
    const triggers = messages.flatMap(({ body, id }) => triggersIn(body, id));
    const result = await execute(triggers, 'enforce', this.#fresh());
    if (!('failure' in result) || this.#run.reading.aborted) return;
    const again = messages.map((message) => this.#queue.again(message));
    if (!again.every(Boolean)) throw result.failure;
  }

  /** What was asked about the needs of services counts for one invocation. */
  #fresh(): Run {
    return { ...this.#run, needs: new NeedsAsked() };
  }

  #noting(ecs: Ecs): Ecs {
    return {
      ...ecs,
      forceNewDeployment: async (service) => {
        const outcome = await ecs.forceNewDeployment(service);
        if (outcome?.result === 'failed') this.#refusals.set(service.key, outcome.error);
        else this.#refusals.delete(service.key);
        return outcome;
      },
    };
  }
}
