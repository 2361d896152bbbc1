import { describe, expect, test } from 'vitest';
import type { AwsEvent } from '../simulator/index.ts';
import { type Loop, startLoop } from '../support/loop.ts';
import { metricIn } from '../support/sweeper.ts';

const MINUTE = 60_000;

/** Deletes a parameter, or a secret as CloudTrail reports it, and sends its events as old as they arrive. */
const ENDS: Readonly<Record<string, (loop: Loop, name: string) => void>> = {
  'a parameter that is deleted': ({ sim }, name) => {
    sim.world.parameter({ name });
    sim.act('ssm', 'DeleteParameter', { Name: name });
  },
  'a secret that is scheduled for deletion': ({ sim }, name) => {
    sim.world.secret({ name });
    sim.act('secretsmanager', 'DeleteSecret', { SecretId: name });
  },
  'a secret that is deleted for good': ({ sim }, name) => {
    sim.world.secret({ name });
    sim.act('secretsmanager', 'DeleteSecret', { SecretId: name, ForceDeleteWithoutRecovery: true });
  },
};
/** EventBridge's event of a policy on a parameter. */
const policyEvent = (loop: Loop, type: string): object => ({
  version: '0',
  id: `policy-${type}`,
  source: 'aws.ssm',
  'detail-type': 'Parameter Store Policy Action',
  account: loop.sim.account,
  region: loop.sim.region,
  time: new Date(loop.clock.now()).toISOString(),
  resources: [`arn:aws:ssm:${loop.sim.region}:${loop.sim.account}:parameter/app/licence`],
  detail: { 'policy-type': type, 'parameter-name': '/app/licence', 'action-status': 'Success' },
});

async function end(loop: Loop, kind: string, name = '/app/unused'): Promise<void> {
  const before = loop.sim.events.length;
  ENDS[kind]?.(loop, name);
  const told = loop.sim.events.slice(before).filter(isEnd);
  expect(told).not.toEqual([]);
  loop.clock.advance(2 * MINUTE);
  for (const event of told) loop.send(event);
  await loop.run();
}

const isEnd = ({ detail }: AwsEvent): boolean =>
  Reflect.get(detail, 'operation') === 'Delete' || Reflect.get(detail, 'eventName') === 'DeleteSecret';

/** Records, metrics and own events about a notice. */
const noise = (loop: Loop) => [
  ...loop.told('change.notice'),
  ...metricIn(loop.records, 'Notices'),
  ...loop.sim.ledger.calls.filter(({ operation }) => operation === 'PutEvents'),
];

describe('of a resource that no service refers to, no operator is told', () => {
  test.each(Object.keys(ENDS))('%s', async (kind) => {
    const loop = await startLoop();
    loop.sim.world.service({ name: 'api', secrets: ['/app/other'] });
    await end(loop, kind);
    expect(noise(loop)).toEqual([]);
    expect(loop.told('change.ignored')).toMatchObject([{ level: 'INFO', reason: 'not-referenced' }]);
  });

  test.each(['Expiration', 'ExpirationNotification'])(
    'a parameter with the policy event %s',
    async (type) => {
      const loop = await startLoop();
      loop.send(policyEvent(loop, type));
      await loop.run();
      expect(noise(loop)).toEqual([]);
      expect(loop.told('change.ignored')).toMatchObject([{ reason: 'not-referenced' }]);
    },
  );
});

describe('an operator is told', () => {
  test.each(Object.keys(ENDS))('of %s if a service refers to it', async (kind) => {
    const loop = await startLoop();
    const name = kind.startsWith('a parameter') ? '/app/used' : 'app/used';
    const service = { name: 'api', secrets: [`/aws/reference/secretsmanager/${name}`] };
    loop.sim.world.service(kind.startsWith('a parameter') ? { name: 'api', secrets: [name] } : service);
    await end(loop, kind, name);
    expect(loop.told('change.notice')).toMatchObject([{ servicesTotal: 1 }]);
    expect(metricIn(loop.records, 'Notices')).toEqual([1]);
  });

  test.each(['ListServices', 'DescribeTaskDefinition', 'DescribeServices'])(
    'if %s is refused for a part of the fleet, which may refer to it',
    async (operation) => {
      const loop = await startLoop();
      loop.sim.world.service({ name: 'api', secrets: ['/app/other'] });
      loop.sim.faults.add({
        service: 'ecs',
        operation,
        kind: 'client-error',
        code: 'InvalidParameterException',
        times: Infinity,
      });
      await end(loop, 'a parameter that is deleted');
      expect(loop.told('change.notice')).toMatchObject([{ notice: 'deleted', servicesTotal: 0 }]);
    },
  );

  test('of a rotation that failed, whether or not a service refers to the secret', async () => {
    const loop = await startLoop();
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    loop.send({
      ...policyEvent(loop, 'x'),
      id: 'rotation',
      source: 'aws.secretsmanager',
      'detail-type': 'AWS Service Event via CloudTrail',
      detail: { eventName: 'RotationFailed', additionalEventData: { SecretId: secret.arn } },
    });
    await loop.run();
    expect(loop.told('change.notice')).toMatchObject([{ notice: 'rotation-failed' }]);
  });
});
