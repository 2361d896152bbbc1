import { ECSClient } from '@aws-sdk/client-ecs';
import { StandardRetryStrategy } from '@smithy/core/retry';
import { isThrottled } from './errors.ts';

/** How many calls went out since the counts were last taken, each attempt of the SDK's counted. */
export class CallCounts {
  #apiCalls = 0;
  #throttled = 0;

  called(): void {
    this.#apiCalls++;
  }

  answeredThrottled(): void {
    this.#throttled++;
  }

  take(): { readonly apiCalls: number; readonly throttled: number } {
    const counts = { apiCalls: this.#apiCalls, throttled: this.#throttled };
    this.#apiCalls = 0;
    this.#throttled = 0;
    return counts;
  }
}

export type EcsClients = {
  readonly ecs: ECSClient;
  /** For UpdateService alone: a call whose answer was lost must not be repeated blindly, it has no idempotency token. */
  readonly ecsWrites: ECSClient;
};

/**
 * Region, credentials and endpoint come from the standard environment. A call ends if nothing answers for 10 s: the
 * first limit is for the beginning of the answer, the second for every pause within it.
 */
const requestHandler = {
  connectionTimeout: 3_000,
  requestTimeout: 10_000,
  socketTimeout: 10_000,
  throwOnRequestTimeout: true,
};

/** Above the SDK's three: others use the same quotas, and a read that fails costs the whole batch. */
const READ_ATTEMPTS = 5;

export const reads = { maxAttempts: READ_ATTEMPTS, requestHandler };

/** The same for calls that are paced by a bucket of ours. */
export const pacedReads = () => ({ ...reads, retryStrategy: new ExceptThrottling(READ_ATTEMPTS) });

/**
 * The clients of ECS, without which nothing can be decided. Every other one comes with its first call: a cold start does
 * not pay for what it may never need.
 */
export function makeEcsClients(counts: CallCounts): EcsClients {
  return {
    ecs: counted(new ECSClient(pacedReads()), counts),
    ecsWrites: counted(new ECSClient({ maxAttempts: 1, requestHandler }), counts),
  };
}

/** Does it when it is first asked for, and once; a failure is not remembered. */
export function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

/**
 * Repeats what may only have been bad luck, as the SDK does by default, but nothing that AWS throttled: that is a sign to
 * slow down, which the quota has to see first.
 */
class ExceptThrottling extends StandardRetryStrategy {
  override refreshRetryTokenForRetry(
    ...[token, error]: Parameters<StandardRetryStrategy['refreshRetryTokenForRetry']>
  ): ReturnType<StandardRetryStrategy['refreshRetryTokenForRetry']> {
    if (error.errorType === 'THROTTLING') throw new Error('throttled: not repeated here');
    return super.refreshRetryTokenForRetry(token, error);
  }
}

/** What all clients' middleware stacks have in common. */
type Countable = {
  readonly middlewareStack: {
    add(
      middleware: <Output>(next: (args: never) => Promise<Output>) => (args: never) => Promise<Output>,
      options: { readonly step: 'finalizeRequest'; readonly priority: 'low'; readonly name: string },
    ): void;
  };
};

/** Counts behind the retry middleware, so that every attempt is seen. */
export function counted<Client extends Countable>(client: Client, counts: CallCounts): Client {
  client.middlewareStack.add(
    (next) => async (args) => {
      counts.called();
      try {
        return await next(args);
      } catch (error) {
        if (isThrottled(error)) counts.answeredThrottled();
        throw error;
      }
    },
    { step: 'finalizeRequest', priority: 'low', name: 'countCalls' },
  );
  return client;
}
