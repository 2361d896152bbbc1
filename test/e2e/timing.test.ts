import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { parameterChange } from '../support/events.ts';
import { deliver, recordsOf, rotated, type Scene, scene, told, updated } from './scene.ts';

describe.concurrent('between the plan and UpdateService,', () => {
  it.concurrent('a deployment by CI makes the function leave the service alone', async (context) => {
    const stage = await scene(context);
    const { secret, event } = rotated(stage);
    const api = stage.sim.world.service({ name: 'api', secrets: [secret.arn] });
    stage.sim.world.service({ name: 'web', secrets: [secret.arn] });
    beforeRecheck(stage, () => stage.sim.world.deploy(api, { by: 'CI' }));
    expect(await deliver(await stage.lambda(), [event])).toEqual([]);
    expect(updated(stage)).toEqual(['main/web']);
  });

  it.concurrent('a deletion of the service makes the function leave it alone', async (context) => {
    const stage = await scene(context);
    const { secret, event } = rotated(stage);
    stage.sim.world.service({ name: 'api', secrets: [secret.arn] });
    stage.sim.world.service({ name: 'web', secrets: [secret.arn] });
    beforeRecheck(stage, () => {
      stage.sim.act('ecs', 'DeleteService', { cluster: 'main', service: 'api', force: true });
    });
    const lambda = await stage.lambda();
    expect(await deliver(lambda, [event])).toEqual([]);
    expect(updated(stage)).toEqual(['main/web']);
    expect(told(lambda).filter((line) => line.includes('main/api'))).toHaveLength(1);
  });
});

describe.concurrent('a warm process', () => {
  it.concurrent('sees services that began to refer to the parameter after its last read', async (context) => {
    const stage = await scene(context);
    const first = rotated(stage, 20_000, 'first');
    stage.sim.world.service({ name: 'api', secrets: [first.secret.arn] });
    const lambda = await stage.lambda();
    await deliver(lambda, [first.event]);
    await sleep(20);
    stage.sim.world.parameter({ name: '/late' });
    stage.sim.world.service({ name: 'newcomer', secrets: ['/late'], startedAt: Date.now() });
    stage.sim.world.service({ cluster: 'new', name: 'other', secrets: ['/late'], startedAt: Date.now() });
    await sleep(1100);
    const arn = 'arn:aws:ssm:eu-west-1:111122223333:parameter/late';
    const change = parameterChange({ place: stage.place, at: Date.now() }, { arn, name: '/late' });
    expect(await deliver(lambda, [change])).toEqual([]);
    expect(updated(stage)).toEqual(['main/api', 'main/newcomer', 'new/other']);
  });

  it.concurrent('respects an opt-out that is younger than its last read', async (context) => {
    const stage = await scene(context);
    const first = rotated(stage, 20_000, 'first');
    const second = rotated(stage, 30_000, 'second');
    stage.sim.world.service({ name: 'api', secrets: [first.secret.arn] });
    stage.sim.world.service({ name: 'web', secrets: [second.secret.arn] });
    stage.sim.world.service({ cluster: 'whole', name: 'all', secrets: [second.secret.arn] });
    const lambda = await stage.lambda();
    await deliver(lambda, [first.event]);
    const tags = [{ key: 'secret-redeploy:enabled', value: 'false' }];
    const arn = 'arn:aws:ecs:eu-west-1:111122223333';
    stage.sim.act('ecs', 'TagResource', { resourceArn: `${arn}:service/main/web`, tags });
    stage.sim.act('ecs', 'TagResource', { resourceArn: `${arn}:cluster/whole`, tags });
    await deliver(lambda, [second.event]);
    expect(updated(stage)).toEqual(['main/api']);
    expect(told(lambda)).toContain('service.skipped whole/all opted-out');
  });

  it.concurrent('does not describe a revision twice', async (context) => {
    const stage = await scene(context);
    const { secret, event } = rotated(stage, 0);
    stage.sim.world.service({ name: 'api', secrets: [secret.arn] });
    stage.sim.world.service({ name: 'web', secrets: ['/other'] });
    const lambda = await stage.lambda();
    await deliver(lambda, [event]);
    await deliver(lambda, [rotated(stage, 0, 'other').event]);
    expect(stage.sim.ledger.count('ecs', 'DescribeTaskDefinition')).toBe(2);
  });
});

describe.concurrent('an event that matches more than MAX_SERVICES services', () => {
  it.concurrent('redeploys none, and its message succeeds', async (context) => {
    const stage = await scene(context);
    const { secret, event } = rotated(stage);
    for (const name of ['a', 'b', 'c']) stage.sim.world.service({ name, secrets: [secret.arn] });
    stage.sim.world.service({ name: 'd', secrets: [secret.arn], startedAt: Date.now() - 3000 });
    const lambda = await stage.lambda('on-change', { MAX_SERVICES: '2' });
    expect(await deliver(lambda, [event])).toEqual([]);
    expect(stage.updates()).toEqual([]);
    expect(told(lambda)).toEqual([
      'service.skipped main/a over-cap',
      'service.skipped main/b over-cap',
      'service.skipped main/c over-cap',
      'service.skipped main/d already-fresh',
    ]);
  });
});

describe.concurrent('a notice', () => {
  it.concurrent.for(['DeleteSecret', 'gone', 'parameter'])('redeploys nothing: %s', async (how, context) => {
    const stage = await scene(context);
    // What is gone a moment after its event is looked at again; here the event is older than that.
    const { secret, event } = rotated(stage, 70_000);
    const parameter = stage.sim.world.parameter({ name: '/app/key' });
    stage.sim.world.service({ name: 'api', secrets: [secret.arn, '/app/key'] });
    if (how !== 'parameter') {
      const ForceDeleteWithoutRecovery = how === 'gone';
      stage.sim.act('secretsmanager', 'DeleteSecret', { SecretId: secret.arn, ForceDeleteWithoutRecovery });
    } else stage.sim.act('ssm', 'DeleteParameter', { Name: '/app/key' });
    const deletion = parameterChange({ place: stage.place, at: Date.now() }, parameter, {
      operation: 'Delete',
    });
    const lambda = await stage.lambda();
    expect(await deliver(lambda, [how === 'parameter' ? deletion : event])).toEqual([]);
    expect(stage.updates()).toEqual([]);
    expect(recordsOf(lambda, 'change.notice')).toHaveLength(1);
    expect(JSON.stringify(lambda.records())).toContain('service/main/api');
  });
});

/** Acts just before the first recheck: both revisions have been described, and a service is described again. */
function beforeRecheck({ sim }: Scene, act: () => void): void {
  let done = false;
  sim.faults.add({
    service: 'ecs',
    operation: 'DescribeServices',
    kind: 'server-error',
    match: () => {
      if (!done && sim.ledger.count('ecs', 'DescribeTaskDefinition') === 2) {
        done = true;
        act();
      }
      return false;
    },
  });
}
