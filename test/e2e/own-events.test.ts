import { describe, expect, it } from 'vitest';
import type { Fault } from '../simulator/index.ts';
import { apiCall } from '../support/events.ts';
import { expectMirrored, onceEach, ownEventsOf } from '../support/own-event-mirror.ts';
import { deliver, recordsOf, rotated, type Scene, scene, updated } from './scene.ts';

const ALL = { service: 'events', operation: 'PutEvents', times: Number.POSITIVE_INFINITY };
const toldBy = ({ sim }: Scene) => onceEach(ownEventsOf(sim));
const typesOf = (stage: Scene) => toldBy(stage).map((event) => event['detail-type']);
const callsOf = ({ sim }: Scene) => sim.ledger.count('events', 'PutEvents');

describe.concurrent('the event bus receives', () => {
  it.concurrent('an event for every redeploy and failure, with the changed resource and the ids of the log', async (context) => {
    const { stage, event, secret } = await change(context);
    stage.sim.faults.add({ operation: 'UpdateService', kind: 'access-denied', match: isOf('denied') });
    const lambda = await stage.lambda();
    await deliver(lambda, [event]);
    expectMirrored(toldBy(stage), lambda.records());
    expect(typesOf(stage).sort()).toEqual(['Service Failed', 'Service Redeployed']);
    const service = expect.stringMatching(/service\/main\/(?:api|denied)$/) as string;
    for (const told of toldBy(stage)) {
      expect(told.resources).toEqual([service, secret.arn]);
      expect(told.detail).toMatchObject({ version: 2, mode: 'enforce', changeId: event.id, arn: secret.arn });
    }
  });

  it.concurrent('an event for a deleted secret, with the services that refer to it', async (context) => {
    const stage = await scene(context);
    const secret = stage.sim.world.secret({ name: 'prod/db' });
    stage.sim.world.service({ name: 'api', secrets: [secret.arn] });
    stage.sim.act('secretsmanager', 'DeleteSecret', { SecretId: secret.arn });
    const at = Date.now() - 6000;
    const deleted = apiCall({ place: stage.place, at }, 'DeleteSecret', { secretId: secret.arn });
    const lambda = await stage.lambda('on-change', { MODE: 'observe' });
    await deliver(lambda, [deleted]);
    expectMirrored(toldBy(stage), lambda.records());
    expect(toldBy(stage)).toMatchObject([
      { 'detail-type': 'Resource Deleted', resources: [secret.arn], detail: { servicesTotal: 1 } },
    ]);
  });

  it.concurrent('in observe the events of the log: no redeploy, and a change that is settled at once', async (context) => {
    const { stage, event } = await change(context);
    const lambda = await stage.lambda('on-change', { MODE: 'observe' });
    await deliver(lambda, [event]);
    expectMirrored(toldBy(stage), lambda.records());
    expect(toldBy(stage)).toMatchObject([
      { 'detail-type': 'Change Settled', detail: { mode: 'observe', redeployed: 0, skipped: 2 } },
    ]);
  });

  it.concurrent('an event for each redeploy that a request makes, and none for a request that only reads', async (context) => {
    const { stage, secret } = await change(context);
    const lambda = await stage.lambda('on-request');
    await lambda.invoke({ action: 'uses', secret: secret.arn });
    await lambda.invoke({ action: 'plan', secret: secret.arn });
    await lambda.invoke({ action: 'redeploy', secret: 'no/such/secret' });
    expect(callsOf(stage)).toBe(0);
    await lambda.invoke({ action: 'redeploy', secret: secret.arn });
    expectMirrored(toldBy(stage), recordsOf(lambda, 'service.redeployed'));
    expect(typesOf(stage)).toEqual(['Service Redeployed', 'Service Redeployed']);
  });

  it.concurrent('many redeploys in as few calls as its limits allow', async (context) => {
    const stage = await scene(context);
    const { secret, event } = rotated(stage);
    for (let index = 0; index < 25; index++)
      stage.sim.world.service({ name: `s${index}`, secrets: [secret.arn] });
    const lambda = await stage.lambda();
    await deliver(lambda, [event]);
    expectMirrored(toldBy(stage), lambda.records());
    expect(callsOf(stage)).toBe(3);
  });
});

describe.concurrent('a bus that does not accept events', () => {
  it.concurrent.for<Pick<Fault, 'kind' | 'code'>>([
    { kind: 'access-denied' },
    { kind: 'client-error', code: 'UnknownOperationException' },
    { kind: 'server-error' },
    { kind: 'throttle' },
    { kind: 'reset-before' },
    { kind: 'malformed' },
    { kind: 'hang' },
  ])('does not affect the redeploys and is called at most twice: %j', async (fault, context) => {
    const { stage, event } = await change(context);
    stage.sim.faults.add({ ...ALL, ...fault });
    const lambda = await stage.lambda();
    expect(await deliver(lambda, [event], 270_000)).toEqual([]);
    expect(updated(stage)).toEqual(['main/api', 'main/denied']);
    expect(recordsOf(lambda, 'service.redeployed')).toHaveLength(2);
    expect(callsOf(stage)).toBeLessThanOrEqual(2);
    expect(lambda.output()).toContain('own events were not sent');
  });
});

/** Two stale services. */
async function change(context: Parameters<typeof scene>[0]) {
  const stage = await scene(context);
  const changed = rotated(stage);
  for (const name of ['api', 'denied']) stage.sim.world.service({ name, secrets: [changed.secret.arn] });
  return { stage, ...changed };
}

function isOf(name: string): NonNullable<Fault['match']> {
  return ({ service }) => String(service).endsWith(name);
}
