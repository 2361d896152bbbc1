import { randomUUID } from 'node:crypto';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { z } from 'zod/mini';
import { apiCall, labelUpdated, parameterChange, type RawEvent, serviceEvent } from '../../support/events.ts';
import type { Cloud } from './cloud.ts';

export type Secret = { readonly name: string; readonly arn: string; readonly versionId: string };

export async function makeSecret({ secrets }: Cloud, name: string): Promise<Secret> {
  const made = await secrets.send(new CreateSecretCommand({ Name: name, SecretString: randomUUID() }));
  const { ARN: arn, VersionId: versionId } = Made.parse(made);
  return { name, arn, versionId };
}
const Made = z.object({ ARN: z.string(), VersionId: z.string() });

/** Creates or overwrites a parameter; answers its ARN. */
export async function makeParameter({ parameters, place }: Cloud, name: string): Promise<string> {
  await parameters.send(
    new PutParameterCommand({ Name: name, Value: randomUUID(), Type: 'SecureString', Overwrite: true }),
  );
  return `arn:${place.partition}:ssm:${place.region}:${place.account}:parameter${name}`;
}

/** The events of a rotation: the native event of Secrets Manager, and those of CloudTrail. */
export type Told = { readonly native: RawEvent; readonly trail: readonly RawEvent[] };

/** Rotates a secret step by step, as a rotation function does. moto sends no events, so the caller must put them. */
export async function rotate({ secrets, place }: Cloud, { name, arn }: Secret): Promise<Told> {
  const id = { SecretId: arn };
  const { VersionIdsToStages: before = {} } = await secrets.send(new DescribeSecretCommand(id));
  const oldVersion = Object.keys(before).find((version) => before[version]?.includes('AWSCURRENT'));
  const newVersion = randomUUID();
  const pending = { ...id, ClientRequestToken: newVersion, VersionStages: ['AWSPENDING'] };
  await secrets.send(new PutSecretValueCommand({ ...pending, SecretString: randomUUID() }));
  const move = { VersionStage: 'AWSCURRENT', MoveToVersionId: newVersion, RemoveFromVersionId: oldVersion };
  await secrets.send(new UpdateSecretVersionStageCommand({ ...id, ...move }));
  const now = { place, at: Date.now() };
  return {
    native: labelUpdated(now, { name, arn }, newVersion),
    trail: [
      apiCall(now, 'RotateSecret', { secretId: name }),
      serviceEvent(now, 'RotationStarted', arn),
      apiCall(now, 'PutSecretValue', {
        secretId: name,
        clientRequestToken: newVersion,
        versionStages: ['AWSPENDING'],
      }),
      apiCall(now, 'UpdateSecretVersionStage', {
        secretId: name,
        versionStage: 'AWSCURRENT',
        moveToVersionId: newVersion,
        removeFromVersionId: oldVersion,
      }),
      serviceEvent(now, 'RotationSucceeded', arn),
    ],
  };
}

/** Puts a new value; answers the event of Parameter Store. */
export async function changeParameter(cloud: Cloud, name: string): Promise<RawEvent> {
  const arn = await makeParameter(cloud, name);
  return parameterChange({ place: cloud.place, at: Date.now() }, { arn, name });
}

const Event = z.object({
  source: z.string(),
  'detail-type': z.string(),
  time: z.string(),
  resources: z.array(z.string()),
  detail: z.record(z.string(), z.unknown()),
});

/**
 * Puts events on the default bus, ten at a time. Unlike AWS, moto accepts any caller as a source aws.*. It gives events
 * ids of its own and delivers them without `account`, which the functions do not need: a name in an event of this bus
 * counts as a name in the account for which DescribeSecret answers.
 */
export async function putOnBus({ bus }: Cloud, events: readonly object[]): Promise<void> {
  for (let at = 0; at < events.length; at += 10) {
    const Entries = events.slice(at, at + 10).map((raw) => {
      const { source, 'detail-type': type, time, resources, detail } = Event.parse(raw);
      return {
        Source: source,
        DetailType: type,
        Time: new Date(time),
        Resources: resources,
        Detail: JSON.stringify(detail),
      };
    });
    const { FailedEntryCount: failed } = await bus.send(new PutEventsCommand({ Entries }));
    if (failed !== 0)
      throw new Error(`put ${Entries.length} events on the bus, which refused ${failed} of them`);
  }
}
