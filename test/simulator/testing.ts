import { ECSClient } from '@aws-sdk/client-ecs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { onTestFinished } from 'vitest';
import {
  createClock,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
  type VirtualClock,
} from './index.ts';

/** The real SDK clients, pointed at an endpoint; they do not retry. */
export interface Clients {
  readonly ecs: ECSClient;
  readonly secrets: SecretsManagerClient;
  readonly ssm: SSMClient;
  readonly sqs: SQSClient;
  readonly s3: S3Client;
  readonly events: EventBridgeClient;
  readonly iam: IAMClient;
  destroy(): void;
}

/** Clients of one account. */
export function clientsFor(target: { readonly endpoint: string; readonly region: string }): Clients {
  const options = {
    ...target,
    maxAttempts: 1,
    credentials: { accessKeyId: 'TESTING', secretAccessKey: 'testing' },
  };
  const [ecs, secrets, ssm, sqs, s3, events, iam] = [
    new ECSClient(options),
    new SecretsManagerClient(options),
    new SSMClient(options),
    new SQSClient(options),
    new S3Client({ ...options, forcePathStyle: true }),
    new EventBridgeClient(options),
    new IAMClient(options),
  ] as const;
  return {
    ecs,
    secrets,
    ssm,
    sqs,
    s3,
    events,
    iam,
    destroy() {
      for (const client of [ecs, secrets, ssm, sqs, s3, events, iam]) client.destroy();
    },
  };
}

/** A simulator on a virtual clock with clients, closed when the test ends. */
export async function simulate(
  options: SimulatorOptions = {},
): Promise<{ readonly sim: Simulator; readonly clock: VirtualClock } & Clients> {
  const clock = createClock();
  const sim = await startSimulator({ now: clock.now, seed: 1, ...options });
  const clients = clientsFor(sim);
  onTestFinished(async () => {
    clients.destroy();
    await sim.close();
  });
  return { sim, clock, ...clients };
}
