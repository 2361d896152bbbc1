import type { Logger } from '@aws-lambda-powertools/logger';
import { describe, expect, test } from 'vitest';
import { parseEvent } from '../../../functions/formats/event.ts';
import { confirm } from '../../../functions/pipeline/confirm/confirm.ts';
import type { StepContext } from '../../../functions/pipeline/context.ts';
import { Journal } from '../../../functions/telemetry/journal.ts';
import { RecordWriter } from '../../../functions/telemetry/record.ts';
import { apiCall, labelUpdated, type RawEvent, serviceEvent } from '../../support/events.ts';
import { type Loop, startLoop } from '../../support/loop.ts';

const MINUTE = 60_000;
const THEIRS = '999900001111';
const HERE = { partition: 'aws', region: 'eu-west-1', account: '111122223333' };
const SECRET = `arn:aws:secretsmanager:eu-west-1:${THEIRS}:secret:shared/key-AbCdEf`;

/** A service here that refers to a secret of another account, as its ARN says. */
async function scene(denied: boolean) {
  const loop = await startLoop();
  loop.sim.world.service({ name: 'api', secrets: [SECRET], startedAt: loop.clock.now() - 60 * MINUTE });
  if (denied)
    loop.sim.faults.add({
      service: 'secretsmanager',
      operation: 'DescribeSecret',
      kind: 'access-denied',
      times: Infinity,
    });
  return loop;
}

const EVENTS: Readonly<Record<string, (loop: Loop, account: string) => RawEvent>> = {
  'Secret Label Updated': (loop, account) =>
    labelUpdated(
      { place: { ...HERE, account }, at: loop.clock.now() },
      { arn: SECRET, name: 'shared/key' },
      'v2',
    ),
  'PutSecretValue by ARN': (loop, account) =>
    apiCall(
      { place: { ...HERE, account }, at: loop.clock.now() },
      'PutSecretValue',
      { secretId: SECRET },
      {},
    ),
  RotationSucceeded: (loop, account) =>
    serviceEvent({ place: { ...HERE, account }, at: loop.clock.now() }, 'RotationSucceeded', SECRET),
};
const left = ({ sim, queueUrl }: Loop) => sim.messagesIn(queueUrl);

describe('an event of another account whose secret may not be described', () => {
  test.each(Object.keys(EVENTS))('is ignored with a warning after one try: %s', async (kind) => {
    const loop = await scene(true);
    loop.send(EVENTS[kind]?.(loop, THEIRS) ?? {});
    expect(await loop.run()).toBe(1);
    expect(left(loop)).toEqual([]);
    expect(loop.told('change.ignored')).toMatchObject([{ level: 'WARN', reason: 'elsewhere', arn: SECRET }]);
    expect(loop.told('change.ignored')[0]?.['why']).toContain('DescribeSecret');
    expect(loop.told('change.notice')).toEqual([]);
  });

  test('does not hold the other messages of its batch', async () => {
    const loop = await scene(true);
    loop.send(EVENTS['Secret Label Updated']?.(loop, THEIRS) ?? {});
    loop.sim.world.parameter({ name: '/app/key' });
    loop.sim.world.service({ name: 'web', secrets: ['/app/key'], startedAt: loop.clock.now() - 60 * MINUTE });
    const before = loop.sim.events.length;
    loop.sim.act('ssm', 'PutParameter', { Name: '/app/key', Value: 'x', Overwrite: true });
    for (const event of loop.sim.events.slice(before)) loop.send(event);
    await loop.run();
    expect(loop.told('service.redeployed')).toMatchObject([{ cluster: 'main' }]);
  });
});

test('a denial for an event of this account that tells too little by itself is tried again: a permission of ours may be missing', async () => {
  const loop = await scene(true);
  const ours = SECRET.replace(THEIRS, HERE.account);
  loop.send(serviceEvent({ place: HERE, at: loop.clock.now() }, 'RotationSucceeded', ours));
  expect(await loop.run(3 * 300_000)).toBeGreaterThan(1);
  expect(loop.told('change.ignored')).toEqual([]);
});

test('any other failure for an event of another account is tried again', async () => {
  const loop = await startLoop();
  loop.sim.faults.add({
    service: 'secretsmanager',
    operation: 'DescribeSecret',
    kind: 'client-error',
    code: 'InvalidRequestException',
    times: Infinity,
  });
  loop.send(EVENTS['Secret Label Updated']?.(loop, THEIRS) ?? {});
  expect(await loop.run(3 * 300_000)).toBeGreaterThan(1);
});

test.each(Object.keys(EVENTS))('where describing is allowed, it is a change here: %s', async (kind) => {
  const loop = await startLoop();
  const event = EVENTS[kind]?.(loop, THEIRS) ?? {};
  const labelsOf = new Map([['v2', ['AWSCURRENT']]]);
  const records = new RecordWriter({ info: () => undefined } as unknown as Logger);
  const run = {
    account: HERE.account,
    hear: () => undefined,
    ports: { clock: loop.clock, secrets: { describe: () => Promise.resolve({ arn: SECRET, labelsOf }) } },
    journal: new Journal(records),
  } as unknown as StepContext;
  const trigger = { kind: 'event', messageId: 'm', redelivered: false } as const;
  const { scans } = await confirm([{ ...trigger, event: parseEvent(JSON.stringify(event)) }], run);
  expect(scans.flatMap(({ scan }) => scan.changes)).toMatchObject([{ arn: SECRET, label: 'AWSCURRENT' }]);
});
