import { ECSClient } from '@aws-sdk/client-ecs';
import { StandardRetryStrategy } from '@smithy/core/retry';
import { isThrottled } from './errors.ts';

/** Counts the calls since the counts were last taken; every attempt of the SDK counts as a call. */
export class CallCounts {
  #apiCalls = 0;
  #throttled = 0;

  called(): void {
    this.#apiCalls++;
  }

  /** `action` is the IAM action of the call, such as `ecs:ListTasks`. */
  failed(error: unknown, _action: string): void {
    if (isThrottled(error)) this.#throttled++;
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
  /**
   * For UpdateService only. It has no idempotency token, so a call whose answer was lost must not be repeated blindly.
   */
  readonly ecsWrites: ECSClient;
};

/**
 * Region, credentials and endpoint come from the standard environment. A call fails if no data arrives for 10 s:
 * `requestTimeout` limits the wait for the beginning of the answer, `socketTimeout` every pause within it.
 */
const requestHandler = {
  connectionTimeout: 3_000,
  requestTimeout: 10_000,
  socketTimeout: 10_000,
  throwOnRequestTimeout: true,
};

/** More than the SDK's default of three: other callers share the quotas, and a failed read fails the whole batch. */
const READ_ATTEMPTS = 5;

export const reads = { maxAttempts: READ_ATTEMPTS, requestHandler };

/** For calls that must not be repeated blindly where an answer is lost. */
export const writes = { maxAttempts: 1, requestHandler };

/** The same for calls that one of our token buckets paces. */
export const pacedReads = () => ({ ...reads, retryStrategy: new ExceptThrottling(READ_ATTEMPTS) });

/**
 * The clients of ECS, which every invocation needs. Every other client is made with its first call, so that a cold
 * start does not pay for a client that it may never use.
 */
export function makeEcsClients(counts: CallCounts): EcsClients {
  return {
    ecs: counted(new ECSClient(pacedReads()), counts),
    ecsWrites: counted(new ECSClient(writes), counts),
  };
}

/** Calls `make` at the first use and keeps its result; after a failure the next use calls it again. */
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
 * Repeats transient failures as the SDK does by default, but no throttled call: throttling is a sign to slow down, and
 * the quota (rate-limit/quota.ts) has to see it before the call is repeated.
 */
class ExceptThrottling extends StandardRetryStrategy {
  override refreshRetryTokenForRetry(
    ...[token, error]: Parameters<StandardRetryStrategy['refreshRetryTokenForRetry']>
  ): ReturnType<StandardRetryStrategy['refreshRetryTokenForRetry']> {
    if (error.errorType === 'THROTTLING')
      throw new Error('throttled: the quota repeats the call, not the SDK');
    return super.refreshRetryTokenForRetry(token, error);
  }
}

/** The call as the SDK names it: `ECSClient`, `ListTasksCommand`. */
type Called = { readonly clientName?: string; readonly commandName?: string };

/** The part that the middleware stacks of all clients have in common. */
type Countable = {
  readonly middlewareStack: {
    add(
      middleware: <Output>(
        next: (args: never) => Promise<Output>,
        context: Called,
      ) => (args: never) => Promise<Output>,
      options: { readonly step: 'finalizeRequest'; readonly priority: 'low'; readonly name: string },
    ): void;
  };
};

/** Adds a middleware that counts calls; it runs after the retry middleware, so that it sees every attempt. */
export function counted<Client extends Countable>(client: Client, counts: CallCounts): Client {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      counts.called();
      try {
        return await next(args);
      } catch (error) {
        counts.failed(error, actionOf(context));
        throw error;
      }
    },
    { step: 'finalizeRequest', priority: 'low', name: 'countCalls' },
  );
  return client;
}

function actionOf({ clientName = '', commandName = '' }: Called): string {
  const service = clientName.replace(/Client$/, '').toLowerCase();
  return `${service}:${commandName.replace(/Command$/, '')}`;
}
