import { ECSClient } from '@aws-sdk/client-ecs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { Place } from '../../support/events.ts';

/** moto accepts any credentials. */
export const ANYBODY = { accessKeyId: 'testing', secretAccessKey: 'testing' };

/** One Region of moto's account, with the clients that change services and secrets or carry events and messages. */
export type Cloud = {
  readonly endpoint: string;
  readonly place: Place;
  readonly ecs: ECSClient;
  readonly secrets: SecretsManagerClient;
  readonly parameters: SSMClient;
  readonly bus: EventBridgeClient;
  readonly sqs: SQSClient;
};

export function cloudIn(region: string, endpoint: string): Cloud {
  const options = { endpoint, region, credentials: ANYBODY };
  return {
    endpoint,
    place: { partition: 'aws', region, account: '123456789012' },
    ecs: new ECSClient(options),
    secrets: new SecretsManagerClient(options),
    parameters: new SSMClient(options),
    bus: new EventBridgeClient(options),
    sqs: new SQSClient(options),
  };
}
