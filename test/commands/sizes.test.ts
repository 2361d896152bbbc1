import type { SQSEvent } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import { onChange } from '../../functions/on-change.ts';
import { readConfig } from '../../functions/runtime/config.ts';
import { connectedHandler } from '../../functions/runtime/handler.ts';
import { anEvent, BODIES } from '../support/hostile-bodies.ts';
import { currentMoved, type Loop, QUICK, startLoop } from '../support/loop.ts';

const DAY = 86_400_000;

/** A handler for batches of any size; the one of the driver takes a hundred messages at a time. */
function handlerOf({ clock, queueUrl }: Loop, env: Readonly<Record<string, string>> = {}) {
  const config = readConfig(['CHANGE_QUEUE_URL'], { CHANGE_QUEUE_URL: queueUrl, ...QUICK, ...env });
  const handle = connectedHandler(config, onChange, {
    now: clock.now,
    sleep: (ms) => Promise.resolve(clock.advance(ms)),
  });
  return async (bodies: readonly string[]) => {
    const records = bodies.map((body, i) => ({ messageId: `${i}`, body }));
    const answer = await handle({ Records: records } as unknown as SQSEvent);
    return answer.batchItemFailures.map(({ itemIdentifier }) => Number(itemIdentifier));
  };
}

const redeployed = (loop: Loop) =>
  loop.sim.ledger.calls.filter(({ operation, outcome }) => operation === 'UpdateService' && outcome === 'ok');

describe('a batch of 10,000 messages', () => {
  test('gives back the messages that are no events, wherever they stand, and does the rest at once', async () => {
    const loop = await startLoop();
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    loop.sim.world.service({ name: 'api', secrets: [secret.arn], startedAt: loop.clock.now() - DAY });
    const event = JSON.stringify(currentMoved(loop.sim, 'prod/db'));
    const broken = ['no JSON', 'a list', 'no resources', 'a follow-up of version 1e308'].map(
      (name) => BODIES[name],
    );
    const bodies = Array.from({ length: 10_000 }, (_, i) => {
      if (i % 100 === 7) return broken[Math.floor(i / 100) % broken.length] ?? '';
      if (i % 2 === 0) return event;
      return JSON.stringify(anEvent({ id: `event-${i}`, source: 'aws.ec2' }));
    });
    const back = await handlerOf(loop)(bodies);
    expect(back).toEqual(bodies.flatMap((_, i) => (i % 100 === 7 ? [i] : [])));
    expect(redeployed(loop)).toHaveLength(1);
    expect(loop.told('change.ignored')).toHaveLength(10_000 - 5_000 - 100);
    expect(loop.told('change.received')).toHaveLength(1);
    expect(loop.sim.ledger.calls.length).toBeLessThan(20);
  });

  test('about as many parameters needs one read of the fleet', async () => {
    const loop = await startLoop();
    const { arn } = loop.sim.world.parameter({ name: '/app/1234' });
    loop.sim.world.service({ name: 'api', secrets: [arn], startedAt: loop.clock.now() - DAY });
    const time = new Date(loop.clock.now()).toISOString();
    const bodies = Array.from({ length: 10_000 }, (_, i) => {
      const resources = [arn.replace('1234', `${i}`)];
      return JSON.stringify(anEvent({ id: `event-${i}`, time, resources }));
    });
    expect(await handlerOf(loop)(bodies)).toEqual([]);
    expect(redeployed(loop)).toHaveLength(1);
    expect(loop.told('change.settled')).toHaveLength(9_999);
    expect(loop.sim.ledger.calls.filter(({ operation }) => operation === 'ListServices')).toHaveLength(1);
  });

  test('about one parameter is one redeploy for each service, recorded with every change', async () => {
    const loop = await startLoop();
    const { arn } = loop.sim.world.parameter({ name: '/app/x' });
    for (let i = 0; i < 3; i++) {
      loop.sim.world.service({ name: `api-${i}`, secrets: [arn], startedAt: loop.clock.now() - DAY });
    }
    const time = new Date(loop.clock.now()).toISOString();
    const bodies = Array.from({ length: 10_000 }, (_, i) =>
      JSON.stringify(anEvent({ id: `event-${i}`, time, resources: [arn] })),
    );
    expect(await handlerOf(loop)(bodies)).toEqual([]);
    expect(redeployed(loop)).toHaveLength(3);
    expect(loop.told('service.redeployed')[0]?.['changeIds']).toHaveLength(10_000);
  });

  test('in a fleet with tags full of wildcards is done to the end', async () => {
    const loop = await startLoop();
    const wild = (unit: string) => unit.repeat(128).slice(0, 256);
    const tags = {
      'secret-redeploy:also': wild('=3F '),
      'secret-redeploy:also-1': wild('event=2A'),
      'secret-redeploy:also-2': wild('=2A=3F'),
    };
    for (let i = 0; i < 20; i++) loop.sim.world.service({ name: `wild-${i}`, tags });
    const time = new Date(loop.clock.now()).toISOString();
    const bodies = Array.from({ length: 10_000 }, (_, i) =>
      JSON.stringify(
        anEvent({
          id: `e-${i}`,
          time,
          resources: [`arn:aws:ssm:eu-west-1:111122223333:parameter/event/${i}`],
        }),
      ),
    );
    expect(await handlerOf(loop)(bodies)).toEqual([]);
    expect(redeployed(loop)).toEqual([]);
  });
});

describe('a batch of the largest messages, which Lambda fills up to 6 MB', () => {
  test('is one redeploy for each service, with two messages about one change, and returns only what is no event', async () => {
    const loop = await startLoop();
    for (const name of ['db', 'other']) {
      const { arn } = loop.sim.world.secret({ name });
      loop.sim.world.service({ name, secrets: [arn], startedAt: loop.clock.now() - DAY });
    }
    const large = (event: object) => JSON.stringify({ ...event, padding: 'x'.repeat(1_000_000) });
    const event = currentMoved(loop.sim, 'db');
    const bodies = [
      large(event),
      large(currentMoved(loop.sim, 'other')),
      'x'.repeat(1_000_000),
      large(event),
    ];
    expect(await handlerOf(loop)([...bodies, large({ ...event, id: 'another' })])).toEqual([2]);
    expect(redeployed(loop)).toHaveLength(2);
    expect(JSON.stringify(loop.records).length).toBeLessThan(20_000);
  });
});

describe('ten thousand clusters', () => {
  test('are selected by globs that make a backtracking matcher hang, and only the selected ones are read', async () => {
    const loop = await startLoop();
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    for (let i = 0; i < 10_000; i++) loop.sim.world.cluster({ name: `${'a'.repeat(240)}-${i}` });
    const cluster = loop.sim.world.cluster({ name: `${'a'.repeat(240)}-b` });
    loop.sim.world.service({
      cluster,
      name: 'api',
      secrets: [secret.arn],
      startedAt: loop.clock.now() - DAY,
    });
    const event = JSON.stringify(currentMoved(loop.sim, 'prod/db'));
    const CLUSTERS = `${'*a'.repeat(100)}*b,!${'a*'.repeat(200)}c`;
    expect(await handlerOf(loop, { CLUSTERS })([event])).toEqual([]);
    expect(redeployed(loop)).toHaveLength(1);
    const operations = loop.sim.ledger.calls.map(({ operation }) => operation);
    expect(operations.filter((one) => one === 'ListClusters').length).toBe(101);
    expect(operations.filter((one) => one === 'ListServices').length).toBe(1);
  });
});
