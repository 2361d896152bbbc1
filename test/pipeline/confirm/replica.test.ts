import { describe, expect, test } from 'vitest';
import { labelUpdated } from '../../support/events.ts';
import { type Loop, redeploys, startLoop } from '../../support/loop.ts';

const MINUTE = 60_000;
const HERE = { partition: 'aws', region: 'eu-west-1', account: '111122223333' };
const FAR = { ...HERE, region: 'us-east-1' };

/** A secret of another Region, its replica here, and a service for each; the event of the primary. */
async function scene() {
  const loop = await startLoop({ trusts: [HERE.account] });
  const { world } = loop.sim;
  const named = { name: 'prod/db', suffix: 'a1B2c3' };
  const primary = world.secret({ ...named, place: FAR });
  const replica = world.secret(named);
  const use = (name: string, secret: string) =>
    world.service({ name, secrets: [secret], startedAt: loop.clock.now() - 60 * MINUTE });
  use('of-the-primary', primary.arn);
  const services = { ofTheReplica: use('of-the-replica', `${replica.partialArn}:password::`) };
  const { versionId } = loop.sim.rotateSecret(primary.arn);
  const event = labelUpdated({ place: FAR, at: loop.clock.now() }, primary, versionId);
  /** The replica receives the version, without an event that comes here. */
  const replicate = () =>
    loop.sim.act('secretsmanager', 'PutSecretValue', {
      SecretId: replica.arn,
      SecretString: versionId,
      ClientRequestToken: versionId,
    });
  return { loop, event, replicate, replica, services };
}

const redeployed = (loop: Loop) =>
  redeploys(loop).map(({ input }) => String(input['service']).split('/').at(-1) ?? '');

describe('a secret of another Region whose replica is referred to here', () => {
  test('is waited for until the replica has the version; then its services are redeployed, once', async () => {
    const { loop, event, replicate, replica } = await scene();
    loop.forward(event);
    loop.forward({ ...event, id: 'the-same-from-cloudtrail' });
    await loop.run(10 * MINUTE);
    expect(redeployed(loop)).toEqual(['of-the-primary']);
    expect(loop.told('service.waiting')).toMatchObject([{ reason: 'unreadable' }]);
    expect(loop.told('change.received').map(({ arn }) => arn)).toContain(replica.arn);
    replicate();
    await loop.run();
    expect(redeployed(loop)).toEqual(['of-the-primary', 'of-the-replica']);
    expect(loop.sim.staleTasks(replica.arn)).toEqual([]);
    expect(loop.told('change.unsettled')).toEqual([]);
  });

  test('is redeployed at once if the replica has the version already', async () => {
    const { loop, event, replicate } = await scene();
    replicate();
    loop.forward(event);
    await loop.run(MINUTE);
    expect(redeployed(loop).sort()).toEqual(['of-the-primary', 'of-the-replica']);
  });

  test('counts what was deployed while the replica was behind as old, for it has the old value', async () => {
    const { loop, event, replicate, replica, services } = await scene();
    loop.forward(event);
    await loop.run(5 * MINUTE);
    loop.sim.world.deploy(services.ofTheReplica);
    await loop.run(5 * MINUTE);
    replicate();
    expect(loop.sim.staleTasks(replica.arn)).not.toEqual([]);
    await loop.run();
    expect(redeployed(loop)).toEqual(['of-the-primary', 'of-the-replica']);
    expect(loop.sim.staleTasks(replica.arn)).toEqual([]);
  });

  test('is named with its services, as unsettled, if the replica never has the version', async () => {
    const { loop, event } = await scene();
    loop.forward(event);
    await loop.run();
    expect(redeployed(loop)).toEqual(['of-the-primary']);
    expect(loop.told('change.unsettled')).toMatchObject([
      { final: true, waiting: [{ service: expect.stringMatching(/of-the-replica$/) }] },
    ]);
  });

  test.each([
    [HERE.region, 'was promoted to a secret of its own', ['of-the-primary'], []],
    ['ap-south-1', 'belongs to a primary elsewhere', ['of-the-primary'], []],
    [FAR.region, 'is its replica still', ['of-the-primary'], [{ reason: 'unreadable' }]],
  ])('with the primary Region %s %s', async (PrimaryRegion, _, deployed, waiting) => {
    const { loop, event } = await scene();
    loop.sim.faults.add({
      operation: 'DescribeSecret',
      match: ({ SecretId }) => String(SecretId).includes(HERE.region),
      kind: 'altered',
      alter: (body) => ({ ...(body as object), PrimaryRegion }),
      times: Infinity,
    });
    loop.forward(event);
    await loop.run(10 * MINUTE);
    expect(redeployed(loop)).toEqual(deployed);
    expect(loop.told('service.waiting')).toMatchObject(waiting);
    expect(loop.told('service.waiting')).toHaveLength(waiting.length);
  });

  test('concerns nothing here if there is no such replica', async () => {
    const { loop, event, replica } = await scene();
    loop.sim.act('secretsmanager', 'DeleteSecret', {
      SecretId: replica.arn,
      ForceDeleteWithoutRecovery: true,
    });
    loop.forward(event);
    await loop.run();
    expect(redeployed(loop)).toEqual(['of-the-primary']);
    expect(loop.told('change.notice')).toEqual([]);
  });
});
