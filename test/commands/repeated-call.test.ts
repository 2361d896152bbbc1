import { describe, expect, test } from 'vitest';
import { z } from 'zod/mini';
import type { AwsEvent } from '../simulator/index.ts';
import { type Loop, startLoop } from '../support/loop.ts';

const MINUTE = 60_000;
const Described = z.object({ VersionIdsToStages: z.record(z.string(), z.unknown()) });
const TOKEN = 'a-token-that-a-script-repeats-01';

/** Calls Secrets Manager and answers the event by which CloudTrail reports the call. */
function call({ sim }: Loop, operation: string, input: object): AwsEvent {
  const before = sim.events.length;
  sim.act('secretsmanager', operation, { SecretId: 'prod/db', ...input });
  const event = sim.events.slice(before).find((one) => one['detail-type'] === 'AWS API Call via CloudTrail');
  if (event === undefined) throw new Error(`expected an event of CloudTrail about ${operation}, found none`);
  return event;
}

/** CloudTrail's queue delays by two minutes; no native event arrives. */
async function through(loop: Loop, event: AwsEvent): Promise<number> {
  loop.clock.advance(2 * MINUTE);
  loop.send(event);
  await loop.run();
  return loop.sim.ledger.calls.filter(({ operation }) => operation === 'UpdateService').length;
}

async function scene() {
  const loop = await startLoop();
  const secret = loop.sim.world.secret({ name: 'prod/db' });
  loop.sim.world.service({ name: 'api', secrets: [secret.arn], startedAt: loop.clock.now() - 60 * MINUTE });
  return loop;
}

describe('through CloudTrail only,', () => {
  test('the same PutSecretValue with the same token ten minutes later restarts no service again', async () => {
    const loop = await scene();
    const put = { ClientRequestToken: TOKEN, SecretString: 'new' };
    expect(await through(loop, call(loop, 'PutSecretValue', put))).toBe(1);
    loop.clock.advance(10 * MINUTE);
    expect(await through(loop, call(loop, 'PutSecretValue', put))).toBe(1);
    expect(loop.told('change.settled')).toHaveLength(2);
  });

  test('another value with another token ten minutes later restarts the service again', async () => {
    const loop = await scene();
    const first = { ClientRequestToken: TOKEN, SecretString: 'new' };
    await through(loop, call(loop, 'PutSecretValue', first));
    loop.clock.advance(10 * MINUTE);
    const second = { ClientRequestToken: `${TOKEN}-2`, SecretString: 'newer' };
    expect(await through(loop, call(loop, 'PutSecretValue', second))).toBe(2);
  });

  test('a label that goes to the new version and back again restarts the service each time', async () => {
    const loop = await scene();
    const described = Described.parse(
      loop.sim.act('secretsmanager', 'DescribeSecret', { SecretId: 'prod/db' }),
    );
    const [before] = Object.keys(described.VersionIdsToStages);
    await through(loop, call(loop, 'PutSecretValue', { ClientRequestToken: TOKEN, SecretString: 'new' }));
    loop.clock.advance(10 * MINUTE);
    const back = { VersionStage: 'AWSCURRENT', MoveToVersionId: before, RemoveFromVersionId: TOKEN };
    expect(await through(loop, call(loop, 'UpdateSecretVersionStage', back))).toBe(2);
  });
});
