import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { apiCall, labelUpdated, parameterChange, type RawEvent, serviceEvent } from '../support/events.ts';
import { openIn, takeAll } from './queue.ts';
import { deliver, recordsOf, rotated, type Scene, scene, told, updated } from './scene.ts';

const MINUTE = 60_000;

describe.concurrent('an event that comes twice', () => {
  it.concurrent('in one batch leads to one deployment', async (context) => {
    const { stage, event } = await fleetOfThree(context);
    expect(await deliver(await stage.lambda(), [event, event])).toEqual([]);
    expect(updated(stage)).toEqual(['main/api', 'main/web', 'main/worker']);
  });

  it.concurrent('in two batches, to the same process or to a new one, leads to no second deployment', async (context) => {
    const { stage, event } = await fleetOfThree(context);
    const lambda = await stage.lambda();
    await deliver(lambda, [event]);
    await deliver(lambda, [event]);
    expect(await deliver(await stage.lambda(), [event])).toEqual([]);
    expect(updated(stage)).toEqual(['main/api', 'main/web', 'main/worker']);
  });

  it.concurrent('finds its services already fresh once their rollouts have ended', async (context) => {
    const { stage, event } = await fleetOfThree(context, { rolloutMs: 100 });
    await deliver(await stage.lambda(), [event]);
    await sleep(500);
    const later = await stage.lambda();
    expect(await deliver(later, [event])).toEqual([]);
    expect(told(later)).toEqual([
      'service.skipped main/api already-fresh',
      'service.skipped main/web already-fresh',
      'service.skipped main/worker already-fresh',
    ]);
  });
});

describe.concurrent('the native and the CloudTrail event of one rotation', () => {
  const cases = [
    { cloudTrail: 'RotationSucceeded', later: 0 },
    { cloudTrail: 'RotationSucceeded', later: 1 },
    { cloudTrail: 'UpdateSecretVersionStage', later: 0 },
    { cloudTrail: 'UpdateSecretVersionStage', later: 1 },
    { cloudTrail: 'PutSecretValue', later: 1 },
  ] as const;
  const orders = ['native first', 'CloudTrail first', 'one batch'] as const;

  it.concurrent.for(cases.flatMap((item) => orders.map((order) => ({ ...item, order }))))(
    'lead to one deployment: $cloudTrail $later s later, $order',
    async ({ cloudTrail, later, order }, context) => {
      const stage = await scene(context);
      // The change is so young that the first redeploy waits until its deployment is younger than both records.
      const { secret, versionId, at, event } = rotated(stage, 0);
      stage.sim.world.service({ name: 'api', secrets: [secret.arn], desired: 2 });
      const trail = cloudTrailOf(stage, cloudTrail, secret.arn, versionId, at + later * 1000);
      const batches = {
        'native first': [[event], [trail]],
        'CloudTrail first': [[trail], [event]],
        'one batch': [[event, trail]],
      }[order];
      for (const batch of batches) expect(await deliver(await stage.lambda(), batch)).toEqual([]);
      expect(updated(stage)).toEqual(['main/api']);
      expect(stage.updates()[0]?.at).toBeGreaterThanOrEqual(at + 2999);
    },
  );
});

describe.concurrent('when several changes affect a service,', () => {
  it.concurrent('ten of them in one batch lead to one deployment of each service', async (context) => {
    const stage = await scene(context);
    const changes = Array.from({ length: 10 }, (_, index) => rotated(stage, 6000 + index * 500, `s${index}`));
    const arns = changes.map(({ secret }) => secret.arn);
    for (let index = 0; index < 10; index++) {
      stage.sim.world.service({ name: `all-${index}`, secrets: arns });
      stage.sim.world.service({ name: `two-${index}`, secrets: arns.slice(index, index + 2) });
    }
    const lambda = await stage.lambda();
    expect(
      await deliver(
        lambda,
        changes.map(({ event }) => event),
      ),
    ).toEqual([]);
    expect(new Set(updated(stage)).size).toBe(20);
    expect(updated(stage)).toHaveLength(20);
    expect(recordsOf(lambda, 'change.received')).toHaveLength(10);
  });

  it.concurrent('three writes of one parameter lead to one deployment', async (context) => {
    const stage = await scene(context);
    const parameter = stage.sim.world.parameter({ name: '/app/key', modifiedAt: Date.now() - 8000 });
    stage.sim.world.service({ name: 'api', secrets: ['/app/key'] });
    const events = [12_000, 10_000, 8000].map((ago) =>
      parameterChange({ place: stage.place, at: Date.now() - ago }, parameter),
    );
    await deliver(await stage.lambda(), events);
    expect(updated(stage)).toEqual(['main/api']);
  });

  it.concurrent('a service that follows one of two moved labels is reported for the change of that label', async (context) => {
    const stage = await scene(context);
    const at = Date.now() - 6000;
    const labels = ['AWSCURRENT', 'BLUE'];
    const secret = stage.sim.world.secret({
      versions: [{ id: 'v2', createdAt: at, labels }],
      lastChangedAt: at,
    });
    stage.sim.world.service({ name: 'empty', desired: 0, secrets: [`${secret.arn}::BLUE:`] });
    stage.sim.world.service({ name: 'cd', controller: 'CODE_DEPLOY', secrets: [`${secret.arn}::BLUE:`] });
    stage.sim.world.service({ name: 'green', secrets: [`${secret.arn}::GREEN:`] });
    const asked = { secretId: secret.arn, clientRequestToken: 'v2', versionStages: labels };
    const lambda = await stage.lambda();
    await deliver(lambda, [apiCall({ place: stage.place, at }, 'PutSecretValue', asked)]);
    expect(told(lambda)).toEqual([
      'service.skipped main/cd unsupported-controller',
      'service.skipped main/empty no-tasks',
      'service.skipped main/green label-not-moved',
    ]);
  });

  it.concurrent('a rollback of the label after a redeploy is a change of its own', async (context) => {
    const stage = await scene(context, { rolloutMs: 100 });
    const { secret, event } = rotated(stage, 20_000);
    const service = stage.sim.world.service({
      name: 'api',
      secrets: [secret.arn],
      startedAt: Date.now() - 15_000,
    });
    const first = await stage.lambda();
    await deliver(first, [event]);
    expect(told(first)).toEqual(['service.skipped main/api already-fresh']);
    const old = await versionWith(stage, secret.arn, 'AWSPREVIOUS');
    stage.sim.act('secretsmanager', 'UpdateSecretVersionStage', {
      SecretId: secret.arn,
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: old,
      RemoveFromVersionId: secret.versionId,
    });
    const native = nativeEvents(stage);
    expect(native).toHaveLength(1);
    expect(await deliver(await stage.lambda(), native)).toEqual([]);
    expect(updated(stage)).toEqual(['main/api']);
    await sleep(400);
    expect(stage.sim.staleTasks(secret.arn)).toEqual([]);
    expect(stage.sim.deploymentsOf(service.arn)).toHaveLength(2);
  });

  it.concurrent('a deployment by CI after the change makes ours unnecessary', async (context) => {
    const { stage, event, services } = await fleetOfThree(context, { rolloutMs: 100 });
    for (const service of services.slice(0, 2)) stage.sim.world.deploy(service, { by: 'CI' });
    await sleep(500);
    await deliver(await stage.lambda(), [event]);
    expect(updated(stage)).toEqual(['main/worker']);
  });
});

describe.concurrent('a rotation in four steps', () => {
  it.concurrent('redeploys nothing before AWSCURRENT has moved, and each service once afterwards', async (context) => {
    const stage = await scene(context, { rolloutMs: 200 });
    const secret = stage.sim.world.secret({ name: 'prod/db' });
    stage.sim.world.service({ name: 'api', secrets: [secret.arn] });
    stage.sim.world.service({ name: 'previous', secrets: [`${secret.partialArn}::AWSPREVIOUS:`] });
    const rotation = stage.sim.prepareRotation(secret.arn);
    const lambda = await stage.lambda();
    const deliverNew = async (from: number): Promise<number> => {
      const events = stage.sim.events.slice(from).filter(({ source }) => source === 'aws.secretsmanager');
      for (const event of events) expect(await deliver(lambda, [{ ...event }])).toEqual([]);
      return stage.sim.events.length;
    };
    let seen = 0;
    for (const step of [rotation.begin, rotation.createSecret, rotation.setSecret, rotation.testSecret]) {
      step();
      seen = await deliverNew(seen);
      expect(updated(stage)).toEqual([]);
    }
    rotation.finishSecret();
    rotation.succeed();
    await deliverNew(seen);
    expect(updated(stage)).toEqual(['main/api', 'main/previous']);
    await sleep(400);
    expect(stage.sim.staleTasks(secret.arn)).toEqual([]);
  });

  it.concurrent('that fails before AWSCURRENT moves redeploys nothing and is a notice', async (context) => {
    const stage = await scene(context);
    const secret = stage.sim.world.secret({ name: 'prod/db' });
    stage.sim.world.service({ name: 'api', secrets: [secret.arn] });
    stage.sim.rotateSecret(secret.arn, { fails: 'before' });
    const lambda = await stage.lambda();
    const events = stage.sim.events.map((event): RawEvent => ({ ...event }));
    expect(await deliver(lambda, events)).toEqual([]);
    expect(updated(stage)).toEqual([]);
    expect(recordsOf(lambda, 'change.notice')).toHaveLength(1);
  });
});

describe.concurrent('an edit that creates no version', () => {
  it.concurrent('redeploys nothing: while young, its event is queued again', async (context) => {
    const { stage, secret } = await fleetOfThree(context);
    const edit = descriptionEdit(stage, secret.name, 5000);
    const lambda = await stage.lambda();
    expect(await deliver(lambda, [edit])).toEqual([]);
    expect(updated(stage)).toEqual([]);
    expect(takeAll(stage)).toEqual([{ body: JSON.stringify(edit), delaySeconds: 30 }]);
  });

  it.concurrent('redeploys nothing: once old, its event is ignored as no-new-version', async (context) => {
    const { stage, secret } = await fleetOfThree(context);
    const lambda = await stage.lambda();
    expect(await deliver(lambda, [descriptionEdit(stage, secret.partialArn, 2 * MINUTE)])).toEqual([]);
    expect(updated(stage)).toEqual([]);
    expect(recordsOf(lambda, 'change.ignored').map(({ reason }) => reason)).toEqual(['no-new-version']);
  });

  it.concurrent('does not keep a change in the same batch from being handled', async (context) => {
    const { stage, secret, event } = await fleetOfThree(context);
    const edit = descriptionEdit(stage, secret.name, 5000);
    expect(await deliver(await stage.lambda(), [edit, event])).toEqual([]);
    expect(updated(stage)).toHaveLength(3);
    const sent = takeAll(stage).map(({ body }) => body);
    expect(sent).toHaveLength(2);
    expect(sent).toContain(JSON.stringify(edit));
    expect(sent.flatMap(openIn)).toEqual(['main/api', 'main/web', 'main/worker']);
  });

  it.concurrent('and only removes a label redeploys nothing and is ignored', async (context) => {
    const { stage, secret } = await fleetOfThree(context);
    const removal = apiCall({ place: stage.place, at: Date.now() - 6000 }, 'UpdateSecretVersionStage', {
      secretId: secret.arn,
      versionStage: 'BLUE',
      removeFromVersionId: secret.versionId,
    });
    const lambda = await stage.lambda();
    expect(await deliver(lambda, [removal])).toEqual([]);
    expect(updated(stage)).toEqual([]);
    expect(recordsOf(lambda, 'change.ignored')).toHaveLength(1);
  });
});

describe.concurrent('a change that Secrets Manager does not show', () => {
  it.concurrent('is queued again while it is young, and is handled once it shows', async (context) => {
    const lagMs = 12_000;
    const stage = await scene(context, { lagMs });
    const secret = stage.sim.world.secret({ name: 'prod/db' });
    stage.sim.world.service({ name: 'api', secrets: [secret.arn] });
    const lambda = await stage.lambda();
    const shownAt = Date.now() + lagMs;
    stage.sim.rotateSecret(secret.arn);
    const [event] = nativeEvents(stage);
    if (event === undefined) throw new Error('no native event');
    expect(await deliver(lambda, [event])).toEqual([]);
    expect(updated(stage)).toEqual([]);
    const again = takeAll(stage);
    expect(again).toEqual([{ body: JSON.stringify(event), delaySeconds: 30 }]);
    await sleep(shownAt + 200 - Date.now());
    expect(
      await deliver(
        lambda,
        again.map(({ body }) => body),
      ),
    ).toEqual([]);
    expect(updated(stage)).toEqual(['main/api']);
  });

  it.concurrent('counts once it is old, because another change has superseded it', async (context) => {
    const { stage, secret } = await fleetOfThree(context);
    const past = { place: stage.place, at: Date.now() - 70_000 };
    expect(await deliver(await stage.lambda(), [labelUpdated(past, secret, 'long-gone-version')])).toEqual(
      [],
    );
    expect(updated(stage)).toHaveLength(3);
  });
});

async function fleetOfThree(context: Parameters<typeof scene>[0], options: Parameters<typeof scene>[1] = {}) {
  const stage = await scene(context, options);
  const change = rotated(stage);
  const { world } = stage.sim;
  const services = [
    world.service({ name: 'api', secrets: [change.secret.arn] }),
    world.service({ name: 'web', secrets: [`${change.secret.partialArn}:password::`], desired: 3 }),
    world.service({ name: 'worker', secrets: [`/aws/reference/secretsmanager/${change.secret.name}`] }),
    world.service({ name: 'other', secrets: ['/app/other'] }),
  ];
  return { stage, services, ...change };
}

function cloudTrailOf(
  stage: Scene,
  eventName: 'RotationSucceeded' | 'UpdateSecretVersionStage' | 'PutSecretValue',
  arn: string,
  versionId: string,
  at: number,
): RawEvent {
  const envelope = { place: stage.place, at };
  if (eventName === 'RotationSucceeded') return serviceEvent(envelope, eventName, arn);
  const labels =
    eventName === 'PutSecretValue'
      ? { clientRequestToken: versionId }
      : { versionStage: 'AWSCURRENT', moveToVersionId: versionId };
  return apiCall(envelope, eventName, { secretId: arn, ...labels }, { responseElements: { arn } });
}

function descriptionEdit(stage: Scene, secretId: string, ago: number): RawEvent {
  return apiCall({ place: stage.place, at: Date.now() - ago }, 'UpdateSecret', {
    secretId,
    clientRequestToken: 'c0ffee00-5d2a-4f0b-b6a1-7e1f3a9d2c58',
    description: 'Where the orders are kept',
  });
}

function nativeEvents(stage: Scene): readonly RawEvent[] {
  return stage.sim.events
    .filter((event) => event['detail-type'] === 'Secret Label Updated')
    .map((event): RawEvent => ({ ...event }));
}

async function versionWith(stage: Scene, arn: string, label: string): Promise<string> {
  const answer = stage.sim.act('secretsmanager', 'DescribeSecret', { SecretId: arn });
  const stages = await Promise.resolve(answer as { VersionIdsToStages: Record<string, string[]> });
  const found = Object.entries(stages.VersionIdsToStages).find(([, labels]) => labels.includes(label));
  return found?.[0] ?? '';
}
