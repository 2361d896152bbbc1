import { ECSClient } from '@aws-sdk/client-ecs';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
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

export type Clients = {
  readonly ecs: ECSClient;
  /** For UpdateService alone: a call whose answer was lost must not be repeated blindly, it has no idempotency token. */
  readonly ecsWrites: ECSClient;
  readonly secretsManager: SecretsManagerClient;
  readonly ssm: SSMClient;
  readonly sqs: SQSClient;
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

export function makeClients(counts: CallCounts): Clients {
  const reads = { maxAttempts: READ_ATTEMPTS, requestHandler };
  const clients = {
    ecs: new ECSClient(reads),
    ecsWrites: new ECSClient({ maxAttempts: 1, requestHandler }),
    secretsManager: new SecretsManagerClient(reads),
    ssm: new SSMClient(reads),
    // The endpoint is the environment's, as everywhere: not the host in the queue's URL.
    sqs: new SQSClient({ ...reads, useQueueUrlAsEndpoint: false }),
  };
  countCalls(clients.ecs, counts);
  countCalls(clients.ecsWrites, counts);
  countCalls(clients.secretsManager, counts);
  countCalls(clients.ssm, counts);
  countCalls(clients.sqs, counts);
  return clients;
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

/** Behind the retry middleware, so that every attempt is seen. */
export function countCalls(client: Countable, counts: CallCounts): void {
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
}
