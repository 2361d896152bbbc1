import { randomUUID } from 'node:crypto';

/** An account and Region. */
export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

export type RawEvent = Readonly<Record<string, unknown>> & { readonly id: string };

interface Envelope {
  readonly place: Place;
  /** Cut to the second, as EventBridge does. */
  readonly at: number;
  readonly id?: string;
}

/** `Secret Label Updated`. */
export function labelUpdated(
  envelope: Envelope,
  secret: { readonly arn: string; readonly name: string },
  versionId: string,
  label = 'AWSCURRENT',
): RawEvent {
  return {
    ...wrap(envelope, 'Secret Label Updated', 'aws.secretsmanager', [secret.arn]),
    detail: { name: secret.name, labelUpdated: label, versionId },
  };
}

/** `Parameter Store Change`. */
export function parameterChange(
  envelope: Envelope,
  parameter: { readonly arn: string; readonly name: string },
  detail: Readonly<Record<string, unknown>> = {},
): RawEvent {
  return {
    ...wrap(envelope, 'Parameter Store Change', 'aws.ssm', [parameter.arn]),
    detail: { operation: 'Update', name: parameter.name, type: 'SecureString', ...detail },
  };
}

/** A call of Secrets Manager as CloudTrail records it. */
export function apiCall(
  envelope: Envelope,
  eventName: string,
  requestParameters: Readonly<Record<string, unknown>>,
  detail: Readonly<Record<string, unknown>> = {},
): RawEvent {
  return {
    ...wrap(envelope, 'AWS API Call via CloudTrail', 'aws.secretsmanager', []),
    detail: {
      ...trail(envelope, eventName),
      userIdentity: { type: 'AssumedRole', accountId: envelope.place.account, accessKeyId: 'ASIAEXAMPLE' },
      sourceIPAddress: '192.0.2.17',
      requestParameters,
      responseElements: null,
      eventType: 'AwsApiCall',
      ...detail,
    },
  };
}

/** An action that Secrets Manager takes by itself, as CloudTrail records it. */
export function serviceEvent(
  envelope: Envelope,
  eventName: string,
  secretArn: string,
  detail: Readonly<Record<string, unknown>> = {},
): RawEvent {
  return {
    ...wrap(envelope, 'AWS Service Event via CloudTrail', 'aws.secretsmanager', []),
    detail: {
      ...trail(envelope, eventName),
      userIdentity: { accountId: envelope.place.account, invokedBy: 'secretsmanager.amazonaws.com' },
      requestParameters: null,
      responseElements: null,
      additionalEventData: { SecretId: secretArn },
      eventType: 'AwsServiceEvent',
      ...detail,
    },
  };
}

function wrap(envelope: Envelope, type: string, source: string, resources: readonly string[]) {
  const { place, at, id = randomUUID() } = envelope;
  return {
    version: '0',
    id,
    'detail-type': type,
    source,
    account: place.account,
    time: second(at),
    region: place.region,
    resources,
  };
}

function trail({ place, at }: Envelope, eventName: string) {
  return {
    eventVersion: '1.11',
    eventTime: second(at),
    eventSource: 'secretsmanager.amazonaws.com',
    eventName,
    awsRegion: place.region,
    readOnly: false,
    managementEvent: true,
    recipientAccountId: place.account,
  };
}

function second(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
