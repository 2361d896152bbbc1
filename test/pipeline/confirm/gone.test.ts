import { describe, expect, test } from 'vitest';
import { currentMoved, type Loop, startLoop } from '../../support/loop.ts';

const DAY = 86_400_000;

const redeployed = (loop: Loop) =>
  loop.sim.ledger.calls
    .filter(({ operation, outcome }) => operation === 'UpdateService' && outcome === 'ok')
    .map(({ input }) =>
      String((input as { service?: string }).service)
        .split('/')
        .at(-1),
    );
const sorted = (names: readonly (string | undefined)[]) =>
  names.toSorted((a = '', b = '') => a.localeCompare(b));

const act = (loop: Loop, operation: string, input: object) =>
  loop.sim.act('secretsmanager', operation, input as Record<string, unknown>);

/** The events since `from` of which `isOne` holds. */
const eventsSince = (loop: Loop, from: number, isOne: (event: Loop['sim']['events'][number]) => boolean) =>
  loop.sim.events.slice(from).filter(isOne);
const named = (name: string) => (event: object) => JSON.stringify(event).includes(`"eventName":"${name}"`);

function serviceOf(loop: Loop, name: string, secrets: readonly string[]) {
  return loop.sim.world.service({ name, secrets, startedAt: loop.clock.now() - DAY });
}

describe('a secret that looks gone a moment after its event', () => {
  test('was restored and rotated: it is looked at again and redeployed', async () => {
    const loop = await startLoop({ lagMs: 5_000 });
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    serviceOf(loop, 'api', [secret.arn]);
    act(loop, 'DeleteSecret', { SecretId: secret.arn });
    loop.clock.advance(60_000);
    act(loop, 'RestoreSecret', { SecretId: secret.arn });
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await loop.run();
    expect(redeployed(loop)).toEqual(['api']);
    expect(loop.told('change.notice')).toEqual([]);
    expect(loop.told('change.settled')).toMatchObject([{ redeployed: 1 }]);
  });

  test('is looked at again after one ResourceNotFound, too', async () => {
    const loop = await startLoop();
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    serviceOf(loop, 'api', [secret.arn]);
    loop.send(currentMoved(loop.sim, 'prod/db'));
    loop.sim.faults.add({
      operation: 'DescribeSecret',
      kind: 'client-error',
      code: 'ResourceNotFoundException',
    });
    await loop.run();
    expect(redeployed(loop)).toEqual(['api']);
    expect(loop.told('change.notice')).toEqual([]);
  });

  test('is gone after a minute', async () => {
    const loop = await startLoop();
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    serviceOf(loop, 'api', [secret.arn]);
    const event = currentMoved(loop.sim, 'prod/db');
    act(loop, 'DeleteSecret', { SecretId: secret.arn, ForceDeleteWithoutRecovery: true });
    loop.send(event);
    await loop.run(30_000);
    expect(loop.told('change.notice')).toEqual([]);
    await loop.run();
    expect(loop.told('change.notice')).toMatchObject([{ notice: 'not-found' }]);
    expect(redeployed(loop)).toEqual([]);
  });
});

describe('a late deletion of what exists again', () => {
  test('of a parameter does not take the rotation of a secret away from its service', async () => {
    const loop = await startLoop();
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    loop.sim.world.parameter({ name: '/app/key' });
    serviceOf(loop, 'api', [secret.arn, '/app/key']);
    const from = loop.sim.events.length;
    loop.sim.act('ssm', 'DeleteParameter', { Name: '/app/key' });
    loop.clock.advance(90_000);
    loop.sim.act('ssm', 'PutParameter', { Name: '/app/key', Value: 'x', Type: 'String' });
    const deletion = eventsSince(loop, from, (event) => JSON.stringify(event).includes('"Delete"'));
    expect(deletion).not.toEqual([]);
    for (const event of deletion) loop.send(event);
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await loop.run();
    expect(redeployed(loop)).toEqual(['api']);
    expect(loop.told('change.notice')).toEqual([]);
    expect(loop.told('change.ignored')).toMatchObject([{ reason: 'restored' }]);
  });

  test('of a parameter that does not exist is a notice, and asks once for a whole batch', async () => {
    const loop = await startLoop();
    for (let i = 0; i < 30; i++) loop.sim.world.parameter({ name: `/app/${i}` });
    serviceOf(loop, 'api', ['/app/1']);
    const from = loop.sim.events.length;
    for (let i = 0; i < 30; i++) loop.sim.act('ssm', 'DeleteParameter', { Name: `/app/${i}` });
    for (const event of eventsSince(loop, from, (one) => one['detail-type'] === 'Parameter Store Change'))
      loop.send(event);
    await loop.run();
    expect(loop.told('change.notice').map(({ arn }) => arn)).toContainEqual(
      expect.stringContaining('/app/1'),
    );
    expect(loop.sim.ledger.count('ssm', 'DescribeParameters')).toBe(1);
  });

  test('of a secret, by force, beside its creation under the same name, redeploys who refers to the name', async () => {
    const loop = await startLoop();
    const secret = loop.sim.world.secret({ name: 'db' });
    serviceOf(loop, 'partial', [secret.partialArn]);
    serviceOf(loop, 'through', ['/aws/reference/secretsmanager/db']);
    serviceOf(loop, 'full', [secret.arn]);
    const from = loop.sim.events.length;
    act(loop, 'DeleteSecret', { SecretId: secret.arn, ForceDeleteWithoutRecovery: true });
    act(loop, 'CreateSecret', {
      Name: 'db',
      SecretString: 'x',
      ClientRequestToken: 'the-first-version-of-the-new-secret',
    });
    for (const event of eventsSince(
      loop,
      from,
      (one) => named('DeleteSecret')(one) || named('CreateSecret')(one),
    ))
      loop.send(event);
    await loop.run();
    expect(sorted(redeployed(loop))).toEqual(['partial', 'through']);
    expect(loop.told('change.notice')).toMatchObject([{ notice: 'not-found' }]);
    expect(loop.told('service.skipped')).toMatchObject([{ reason: 'secret-gone' }]);
  });
});
