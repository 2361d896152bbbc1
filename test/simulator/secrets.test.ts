import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  type FilterNameStringType,
  ListSecretsCommand,
  type ListSecretsCommandInput,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  type SecretsManagerClient,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import type { AwsEvent } from './index.ts';
import { simulate } from './testing.ts';

async function labels(secrets: SecretsManagerClient, SecretId: string) {
  return (await secrets.send(new DescribeSecretCommand({ SecretId }))).VersionIdsToStages;
}

const names = (events: readonly AwsEvent[]) =>
  events.map((event) => event.detail['eventName'] ?? event.detail['labelUpdated']);

describe('staging labels', () => {
  it('move with every new value, and AWSPREVIOUS follows AWSCURRENT', async () => {
    const { sim, secrets } = await simulate();
    const { versionId: first } = sim.world.secret({ name: 'prod/db' });
    const put = (id: string, VersionStages?: string[]) =>
      secrets.send(
        new PutSecretValueCommand({
          SecretId: 'prod/db',
          SecretString: `value of ${id}`,
          ClientRequestToken: id.padEnd(32, '-'),
          ...(VersionStages === undefined ? {} : { VersionStages }),
        }),
      );
    const second = (await put('second')).VersionId ?? '';
    expect(await labels(secrets, 'prod/db')).toEqual({ [first]: ['AWSPREVIOUS'], [second]: ['AWSCURRENT'] });
    const third = (await put('third', ['AWSPENDING', 'canary'])).VersionId ?? '';
    expect(await labels(secrets, 'prod/db')).toEqual({
      [first]: ['AWSPREVIOUS'],
      [second]: ['AWSCURRENT'],
      [third]: ['AWSPENDING', 'canary'],
    });
    const fourth = (await put('fourth')).VersionId ?? '';
    expect(await labels(secrets, 'prod/db')).toEqual({
      [second]: ['AWSPREVIOUS'],
      [third]: ['AWSPENDING', 'canary'],
      [fourth]: ['AWSCURRENT'],
    });
    await put('fourth');
    const versions = await secrets.send(
      new ListSecretVersionIdsCommand({ SecretId: 'prod/db', IncludeDeprecated: true, MaxResults: 3 }),
    );
    expect(versions.Versions?.map(({ VersionId }) => VersionId)).toEqual([first, second, third]);
    const rest = await secrets.send(
      new ListSecretVersionIdsCommand({
        SecretId: 'prod/db',
        IncludeDeprecated: true,
        NextToken: versions.NextToken,
      }),
    );
    expect(rest.Versions?.map(({ VersionId }) => VersionId)).toEqual([fourth]);
    const living = await secrets.send(new ListSecretVersionIdsCommand({ SecretId: 'prod/db' }));
    expect(living.Versions?.map(({ VersionId }) => VersionId)).toEqual([second, third, fourth]);
  });

  it('move back with UpdateSecretVersionStage, which must name the version that loses the label', async () => {
    const { sim, secrets } = await simulate();
    const { versionId: first } = sim.world.secret({ name: 'prod/db' });
    const { versionId: second } = sim.rotateSecret('prod/db');
    const move = (RemoveFromVersionId?: string, MoveToVersionId?: string) =>
      secrets.send(
        new UpdateSecretVersionStageCommand({
          SecretId: 'prod/db',
          VersionStage: 'AWSCURRENT',
          RemoveFromVersionId,
          MoveToVersionId,
        }),
      );
    await expect(move(undefined, first)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await expect(move(second, undefined)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await move(second, first);
    expect(await labels(secrets, 'prod/db')).toEqual({
      [first]: ['AWSCURRENT'],
      [second]: ['AWSPENDING', 'AWSPREVIOUS'],
    });
    expect(sim.events.at(-1)?.detail).toMatchObject({ labelUpdated: 'AWSCURRENT', versionId: first });
  });

  it('emit the native event when they move, except AWSPENDING and AWSPREVIOUS, and not with other edits', async () => {
    const { sim, secrets } = await simulate();
    sim.world.secret({ name: 'prod/db', suffix: 'a1B2c3' });
    const native = () => sim.events.filter((event) => event['detail-type'] === 'Secret Label Updated');
    await secrets.send(new UpdateSecretCommand({ SecretId: 'prod/db', Description: 'new words' }));
    expect(native()).toEqual([]);
    expect(names(sim.events)).toEqual(['UpdateSecret']);
    await secrets.send(
      new PutSecretValueCommand({ SecretId: 'prod/db', SecretString: 'x', VersionStages: ['AWSPENDING'] }),
    );
    expect(native()).toEqual([]);
    await secrets.send(
      new PutSecretValueCommand({ SecretId: 'prod/db', SecretString: 'y', VersionStages: ['blue'] }),
    );
    await secrets.send(new UpdateSecretCommand({ SecretId: 'prod/db', SecretString: 'z' }));
    expect(native().map(({ detail }) => detail['labelUpdated'])).toEqual(['blue', 'AWSCURRENT']);
    expect(native()[0]).toMatchObject({
      version: '0',
      source: 'aws.secretsmanager',
      account: '111122223333',
      region: 'eu-west-1',
      time: '2026-11-22T03:00:00Z',
      resources: ['arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-a1B2c3'],
      detail: { name: 'prod/db' },
    });
  });
});

describe('CloudTrail events', () => {
  it('carry the secret id as the caller typed it, never the value, and an error code if the call failed', async () => {
    const { sim, secrets } = await simulate();
    const { arn, versionId } = sim.world.secret({ name: 'prod/db' });
    await secrets.send(new PutSecretValueCommand({ SecretId: 'prod/db', SecretString: 'hunter2' }));
    const put = sim.events[0];
    expect(put).toMatchObject({ 'detail-type': 'AWS API Call via CloudTrail', resources: [] });
    expect(put?.detail['requestParameters']).toMatchObject({ secretId: 'prod/db' });
    expect(put?.detail['requestParameters']).not.toHaveProperty('versionStages');
    expect(put?.detail['responseElements']).toMatchObject({ arn, name: 'prod/db' });
    await expect(
      secrets.send(
        new UpdateSecretVersionStageCommand({
          SecretId: arn,
          VersionStage: 'AWSCURRENT',
          MoveToVersionId: versionId,
        }),
      ),
    ).rejects.toThrow();
    expect(sim.events.at(-1)?.detail).toMatchObject({
      eventName: 'UpdateSecretVersionStage',
      errorCode: 'InvalidParameterException',
      responseElements: null,
    });
    const everything = JSON.stringify([sim.events, sim.ledger.calls]);
    expect(everything).not.toContain('hunter2');
  });
});

describe('a rotation', () => {
  it('by a Lambda function goes through its steps in order', async () => {
    const { sim } = await simulate();
    const { arn } = sim.world.secret({ name: 'prod/db' });
    const { versionId } = sim.rotateSecret('prod/db');
    expect(names(sim.events)).toEqual([
      'RotateSecret',
      'RotationStarted',
      'PutSecretValue',
      'UpdateSecretVersionStage',
      'AWSCURRENT',
      'RotationSucceeded',
    ]);
    const [, started, put, , native] = sim.events;
    expect(started?.detail).toMatchObject({
      additionalEventData: { SecretId: arn },
      requestParameters: null,
    });
    expect(put?.detail['requestParameters']).toMatchObject({ versionStages: ['AWSPENDING'] });
    expect(native?.detail['versionId']).toBe(versionId);
  });

  it('can be spread over time, and moves AWSCURRENT in the fifth step', async () => {
    const { sim, clock, secrets } = await simulate();
    const { versionId: old } = sim.world.secret({ name: 'prod/db' });
    const { versionId } = sim.rotateSecret('prod/db', { stepMs: 1000 });
    clock.advance(3999);
    expect(await labels(secrets, 'prod/db')).toEqual({ [old]: ['AWSCURRENT'], [versionId]: ['AWSPENDING'] });
    clock.advance(5000);
    const described = await secrets.send(new DescribeSecretCommand({ SecretId: 'prod/db' }));
    expect(described.VersionIdsToStages?.[versionId]).toContain('AWSCURRENT');
    expect(described.LastRotatedDate?.toISOString()).toBe('2026-11-22T03:00:04.000Z');
    expect(described.RotationEnabled).toBe(true);
    expect(sim.events.at(-1)).toMatchObject({
      time: '2026-11-22T03:00:05Z',
      detail: { eventName: 'RotationSucceeded' },
    });
  });

  it('can be driven step by step', async () => {
    const { sim, clock } = await simulate();
    sim.world.secret({ name: 'prod/db' });
    const rotation = sim.prepareRotation('prod/db');
    rotation.begin();
    rotation.createSecret();
    clock.advance(60_000);
    rotation.finishSecret();
    expect(sim.events.at(-1)?.time).toBe('2026-11-22T03:01:00Z');
  });

  it('that the deletion of the secret stops leaves no date of a rotation', async () => {
    const { sim } = await simulate();
    const { arn } = sim.world.secret({ name: 'prod/db' });
    const rotation = sim.prepareRotation('prod/db');
    rotation.createSecret();
    sim.act('secretsmanager', 'DeleteSecret', { SecretId: arn });
    expect(() => rotation.finishSecret()).toThrow('marked for deletion');
    expect(sim.act('secretsmanager', 'DescribeSecret', { SecretId: arn })).toMatchObject({
      LastRotatedDate: undefined,
    });
  });

  it('of a managed secret emits the native event and RotationSucceeded only', async () => {
    const { sim } = await simulate();
    sim.world.secret({ name: 'rds!db-0f1e2d3c' });
    sim.rotateSecret('rds!db-0f1e2d3c');
    expect(names(sim.events)).toEqual(['AWSCURRENT', 'RotationSucceeded']);
  });

  it('that fails before AWSCURRENT moves leaves the old value current', async () => {
    const { sim, secrets } = await simulate();
    const { versionId } = sim.world.secret({ name: 'prod/db' });
    sim.rotateSecret('prod/db', { fails: 'before' });
    expect(names(sim.events)).toEqual([
      'RotateSecret',
      'RotationStarted',
      'PutSecretValue',
      'RotationFailed',
    ]);
    expect(sim.events.at(-1)?.detail).toHaveProperty('errorMessage');
    expect(sim.events.at(-1)?.detail).not.toHaveProperty('errorCode');
    expect((await labels(secrets, 'prod/db'))?.[versionId]).toEqual(['AWSCURRENT']);
  });
});

describe('reads of Secrets Manager', () => {
  it('find a secret by name, partial ARN and full ARN, and no other', async () => {
    const { sim, secrets } = await simulate();
    const { arn, partialArn, name } = sim.world.secret({
      name: 'prod/db',
      suffix: 'a1B2c3',
      tags: { team: 'x' },
    });
    for (const SecretId of [arn, partialArn, name]) {
      const found = await secrets.send(new DescribeSecretCommand({ SecretId }));
      expect(found).toMatchObject({ ARN: arn, Name: name, Tags: [{ Key: 'team', Value: 'x' }] });
    }
    for (const SecretId of ['prod', 'prod/db-a1B2c3', arn.replace('a1B2c3', 'zzzzzz'), arn.toUpperCase()]) {
      await expect(secrets.send(new DescribeSecretCommand({ SecretId }))).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
        message: "Secrets Manager can't find the specified secret.",
      });
    }
  });

  it('refuse a text that can be the name of no secret', async () => {
    const { secrets } = await simulate();
    for (const SecretId of [
      'prod db',
      'rds?db',
      'arn:aws:ssm:eu-west-1:111122223333:parameter/db',
      'prod/db:key',
    ])
      await expect(secrets.send(new DescribeSecretCommand({ SecretId }))).rejects.toMatchObject({
        name: 'ValidationException',
      });
  });

  it('are eventually consistent: a moved label shows only after the lag', async () => {
    const { sim, clock, secrets } = await simulate({ lagMs: 1500 });
    const { versionId: old } = sim.world.secret({ name: 'prod/db' });
    const { versionId } = sim.rotateSecret('prod/db');
    clock.advance(1499);
    expect(await labels(secrets, 'prod/db')).toEqual({ [old]: ['AWSCURRENT'] });
    clock.advance(1);
    expect((await labels(secrets, 'prod/db'))?.[versionId]).toContain('AWSCURRENT');
  });

  it('list secrets in pages', async () => {
    const { sim, secrets } = await simulate();
    for (let i = 0; i < 5; i++) sim.world.secret({ name: `s${i}` });
    const first = await secrets.send(new ListSecretsCommand({ MaxResults: 3 }));
    const second = await secrets.send(new ListSecretsCommand({ MaxResults: 3, NextToken: first.NextToken }));
    expect([...(first.SecretList ?? []), ...(second.SecretList ?? [])].map(({ Name }) => Name)).toEqual([
      's0',
      's1',
      's2',
      's3',
      's4',
    ]);
    await expect(secrets.send(new ListSecretsCommand({ NextToken: 'nonsense' }))).rejects.toMatchObject({
      name: 'InvalidNextTokenException',
    });
  });
});

describe('the list of secrets', () => {
  const namesOf = async (secrets: SecretsManagerClient, input: ListSecretsCommandInput) =>
    (await secrets.send(new ListSecretsCommand(input))).SecretList?.map(({ Name }) => Name);

  it('leaves out secrets that are scheduled for deletion unless asked for them', async () => {
    const { sim, secrets } = await simulate();
    for (const name of ['a', 'b']) sim.world.secret({ name });
    await secrets.send(new DeleteSecretCommand({ SecretId: 'a' }));
    expect(await namesOf(secrets, {})).toEqual(['b']);
    const all = await secrets.send(new ListSecretsCommand({ IncludePlannedDeletion: true }));
    expect(all.SecretList?.map(({ Name, DeletedDate }) => [Name, DeletedDate instanceof Date])).toEqual([
      ['a', true],
      ['b', false],
    ]);
  });

  it('is filtered by prefixes, each of which ! negates', async () => {
    const { sim, secrets } = await simulate();
    sim.world.secret({ name: 'prod/db', description: 'Orders', tags: { team: 'x' } });
    sim.world.secret({ name: 'prod/api', description: 'Basket' });
    sim.world.secret({ name: 'test/db' });
    const by = (Key: FilterNameStringType, ...Values: string[]) =>
      namesOf(secrets, { Filters: [{ Key, Values }] });
    expect(await by('name', 'prod/')).toEqual(['prod/db', 'prod/api']);
    expect(await by('name', 'PROD/')).toEqual([]);
    expect(await by('name', 'prod/db', 'test')).toEqual(['prod/db', 'test/db']);
    expect(await by('name', '!prod/')).toEqual(['test/db']);
    expect(await by('description', 'orders')).toEqual(['prod/db']);
    expect(await by('tag-key', 'te')).toEqual(['prod/db']);
    await expect(by('name', ...Array.from({ length: 11 }, String))).rejects.toMatchObject({
      name: 'ValidationException',
    });
    await expect(by('primary-region', 'eu')).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('can be read 100 times a second, and the list of versions 50 times', async () => {
    const { sim, secrets } = await simulate();
    sim.world.secret({ name: 'a' });
    const passed = async (send: () => Promise<unknown>) => {
      const answers = await Promise.allSettled(Array.from({ length: 120 }, send));
      return answers.filter(({ status }) => status === 'fulfilled').length;
    };
    expect(await passed(() => secrets.send(new ListSecretsCommand({})))).toBe(100);
    expect(await passed(() => secrets.send(new ListSecretVersionIdsCommand({ SecretId: 'a' })))).toBe(50);
  });
});

describe('the deletion of a secret', () => {
  it('can be cancelled within the recovery window, and is final after it', async () => {
    const { sim, clock, secrets } = await simulate();
    const { arn } = sim.world.secret({ name: 'prod/db' });
    const remove = () =>
      secrets.send(new DeleteSecretCommand({ SecretId: 'prod/db', RecoveryWindowInDays: 7 }));
    const describeIt = () => secrets.send(new DescribeSecretCommand({ SecretId: 'prod/db' }));
    await remove();
    expect((await describeIt()).DeletedDate).toBeInstanceOf(Date);
    await expect(
      secrets.send(new PutSecretValueCommand({ SecretId: 'prod/db', SecretString: 'x' })),
    ).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await expect(
      secrets.send(new CreateSecretCommand({ Name: 'prod/db', SecretString: 'x' })),
    ).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await secrets.send(new RestoreSecretCommand({ SecretId: 'prod/db' }));
    expect((await describeIt()).DeletedDate).toBeUndefined();
    await remove();
    clock.advance(8 * 86_400_000);
    await expect(describeIt()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    const again = await secrets.send(new CreateSecretCommand({ Name: 'prod/db', SecretString: 'x' }));
    expect(again.ARN).not.toBe(arn);
    expect((await describeIt()).ARN).toBe(again.ARN);
  });
});
