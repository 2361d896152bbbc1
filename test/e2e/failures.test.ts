import { describe, expect, it } from 'vitest';
import type { Fault } from '../simulator/index.ts';
import { apiCall, serviceEvent } from '../support/events.ts';
import { openIn, takeAll } from './queue.ts';
import { deliver, recordsOf, rotated, type Scene, scene, told, updated } from './scene.ts';

const FLEET_READS = [
  'ListClusters',
  'DescribeClusters',
  'ListServices',
  'DescribeServices',
  'DescribeTaskDefinition',
] as const;
const CLOSER_LOOKS = ['ListServiceDeployments', 'ListTasks', 'DescribeTasks'] as const;
const READS = ['DescribeSecret', ...FLEET_READS, ...CLOSER_LOOKS] as const;
const LASTING = ['throttle', 'server-error', 'reset-before', 'access-denied'] as const;

/** The functions stop reading 30 s before the invocation ends, so this leaves three seconds for repeated reads. */
const THREE_SECONDS = 33_000;

describe.concurrent('a failing read', () => {
  it.concurrent.for(['throttle', 'server-error', 'reset-before', 'reset-after'] as const)(
    'that recovers is repeated: one %s on every operation',
    async (kind, context) => {
      const { stage, event } = await ancientChange(context);
      for (const operation of READS) stage.sim.faults.add({ operation, kind });
      expect(await deliver(await stage.lambda(), [event])).toEqual([]);
      expect(updated(stage)).toEqual(['main/api', 'main/web']);
      for (const operation of READS) expect(stage.sim.ledger.calls).toContainEqual(failed(operation));
    },
  );

  it.concurrent.for([...READS])(
    'whose answer breaks off causes no write, and the message succeeds now or on its next delivery: %s',
    async (operation, context) => {
      const { stage, event } = await ancientChange(context);
      stage.sim.faults.add({ operation, kind: 'malformed' });
      const lambda = await stage.lambda();
      const back = await deliver(lambda, [event]);
      if (back.length > 0) {
        expect(updated(stage)).toEqual([]);
        expect(await deliver(lambda, [event])).toEqual([]);
      }
      expect(updated(stage)).toEqual(['main/api', 'main/web']);
    },
  );

  it.concurrent.for(FLEET_READS.flatMap((operation) => LASTING.map((kind) => ({ operation, kind }))))(
    'that persists causes no write and returns changes and notices, but not irrelevant messages: $kind on $operation',
    async ({ kind, operation }, context) => {
      const { stage, event, secret } = await ancientChange(context);
      const { place } = stage;
      const irrelevant = apiCall({ place, at: Date.now() }, 'RotateSecret', { secretId: secret.name });
      const notice = serviceEvent({ place, at: Date.now() - 9000 }, 'RotationFailed', secret.arn, {
        errorMessage: 'no',
      });
      stage.sim.faults.add({ operation, kind, times: Number.POSITIVE_INFINITY });
      const lambda = await stage.lambda();
      const begun = Date.now();
      const back = await deliver(lambda, [irrelevant, event, notice, 'no event'], THREE_SECONDS);
      expect(back).toEqual([event.id, notice.id, 'raw-3'].sort());
      expect(updated(stage)).toEqual([]);
      // Reads that were repeated to the end of the invocation would take 33 s.
      expect(Date.now() - begun).toBeLessThan(20_000);
    },
  );

  it.concurrent.for(
    CLOSER_LOOKS.flatMap((operation) =>
      (['server-error', 'access-denied'] as const).map((kind) => ({ operation, kind })),
    ),
  )(
    'of deployments or tasks causes no write and returns the message: $kind on $operation',
    async ({ kind, operation }, context) => {
      const { stage, event } = await ancientChange(context);
      stage.sim.faults.add({ operation, kind, times: Number.POSITIVE_INFINITY });
      expect(await deliver(await stage.lambda(), [event])).toEqual([event.id]);
      expect(updated(stage)).toEqual([]);
    },
  );

  it.concurrent.for(LASTING.filter((kind) => kind !== 'access-denied'))(
    'of one secret returns only the messages about that secret: %s',
    async (kind, context) => {
      const { stage, event, secret } = await ancientChange(context);
      const other = rotated(stage, 8000, 'other');
      stage.sim.world.service({ name: 'second', secrets: [other.secret.arn] });
      stage.sim.faults.add({
        service: 'secretsmanager',
        operation: '*',
        match: ({ SecretId }) => String(SecretId).includes(secret.name),
        kind,
        times: Number.POSITIVE_INFINITY,
      });
      expect(await deliver(await stage.lambda(), [event, other.event], 60_000)).toEqual([event.id]);
      expect(updated(stage)).toEqual(['main/second']);
    },
  );

  it.concurrent('of one secret that is denied leaves the native event, which is taken at its word', async (context) => {
    const { stage, event, secret } = await ancientChange(context);
    stage.sim.faults.add({
      service: 'secretsmanager',
      operation: '*',
      match: ({ SecretId }) => String(SecretId).includes(secret.name),
      kind: 'access-denied',
      times: Number.POSITIVE_INFINITY,
    });
    const lambda = await stage.lambda();
    expect(await deliver(lambda, [event], 60_000)).toEqual([]);
    expect(updated(stage)).toEqual(['main/api', 'main/web']);
  });
});

describe.concurrent('when a resource vanishes or cannot be described,', () => {
  it.concurrent('a refused revision makes its service unreadable and stops no other', async (context) => {
    const { stage, event } = await ancientChange(context);
    stage.sim.faults.add({
      service: 'ecs',
      operation: 'DescribeTaskDefinition',
      match: ({ taskDefinition }) => String(taskDefinition).includes('main-web'),
      kind: 'client-error',
      times: Number.POSITIVE_INFINITY,
    });
    const lambda = await stage.lambda();
    expect(await deliver(lambda, [event])).toEqual([]);
    expect(updated(stage)).toEqual(['main/api']);
    expect(told(lambda)).toContain('service.waiting main/web unreadable');
  });

  it.concurrent('a service that vanishes between list and describe is no error', async (context) => {
    const { stage, event } = await ancientChange(context);
    vanishAt(stage, 'DescribeServices');
    expect(await deliver(await stage.lambda(), [event])).toEqual([]);
    expect(updated(stage)).toEqual(['main/api']);
  });

  it.concurrent('a service that vanishes just before UpdateService is reported once, and its message succeeds', async (context) => {
    const { stage, event } = await ancientChange(context);
    vanishAt(stage, 'UpdateService');
    const lambda = await stage.lambda();
    expect(await deliver(lambda, [event])).toEqual([]);
    expect(stage.updates().filter(({ outcome }) => outcome === 'ok')).toHaveLength(1);
    expect(told(lambda).filter((line) => line.includes('main/web'))).toHaveLength(1);
  });

  it.concurrent.for(['ServiceNotFoundException', 'ServiceNotActiveException', 'ClusterNotFoundException'])(
    'the answer %s of UpdateService is a permanent failure and stops no other service',
    async (code, context) => {
      const { stage, event } = await ancientChange(context);
      stage.sim.faults.add({ ...updateOf('api'), kind: 'client-error', code });
      expect(await deliver(await stage.lambda(), [event])).toEqual([]);
      expect(updated(stage)).toEqual(['main/api', 'main/web']);
    },
  );

  it.concurrent.for(['ListServices', 'DescribeServices'])(
    'a cluster that vanishes before %s is no error',
    async (operation, context) => {
      const { stage, event, secret } = await ancientChange(context);
      stage.sim.world.service({ cluster: 'doomed', name: 'x', secrets: [secret.arn] });
      stage.sim.faults.add({
        service: 'ecs',
        operation,
        match: ({ cluster }) => String(cluster).includes('doomed'),
        kind: 'client-error',
        code: 'ClusterNotFoundException',
        message: 'Cluster not found.',
        times: Number.POSITIVE_INFINITY,
      });
      expect(await deliver(await stage.lambda(), [event])).toEqual([]);
      expect(updated(stage)).toEqual(['main/api', 'main/web']);
    },
  );
});

describe.concurrent('a failing UpdateService', () => {
  it.concurrent('that is denied fails that service alone and returns the message', async (context) => {
    const { stage, event } = await ancientChange(context);
    stage.sim.faults.add({ ...updateOf('api'), kind: 'access-denied', times: Number.POSITIVE_INFINITY });
    const lambda = await stage.lambda();
    expect(await deliver(lambda, [event])).toEqual([event.id]);
    expect(updated(stage)).toEqual(['main/api', 'main/web']);
    expect(told(lambda).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'service.failed main/api',
      'service.redeployed main/web',
    ]);
    expect(JSON.stringify(recordsOf(lambda, 'service.failed'))).toContain('ecs:UpdateService');
  });

  it.concurrent('that is refused for another reason is a permanent failure, and the message succeeds', async (context) => {
    const { stage, event } = await ancientChange(context);
    stage.sim.faults.add({ ...updateOf('api'), kind: 'client-error', code: 'InvalidParameterException' });
    const lambda = await stage.lambda();
    expect(await deliver(lambda, [event])).toEqual([]);
    expect(updated(stage)).toEqual(['main/api', 'main/web']);
    expect(recordsOf(lambda, 'service.failed')).toHaveLength(1);
  });

  it.concurrent('that is throttled a few times is repeated in place', async (context) => {
    const { stage, event } = await ancientChange(context);
    stage.sim.faults.add({ ...updateOf('api'), kind: 'throttle', times: 3 });
    const lambda = await stage.lambda();
    expect(await deliver(lambda, [event])).toEqual([]);
    expect(outcomesOf(stage, 'main/api')).toEqual([
      'ThrottlingException',
      'ThrottlingException',
      'ThrottlingException',
      'ok',
    ]);
    expect(stage.sim.deploymentsOf(arnOf(stage, 'api'))).toHaveLength(2);
    expect(told(lambda)).toEqual(['service.redeployed main/api', 'service.redeployed main/web']);
  });

  it.concurrent.for(['reset-after', 'malformed'] as const)(
    'that takes effect but loses its answer (%s) leads to no second deployment, neither by the follow-up nor by the event',
    async (kind, context) => {
      const { stage, event } = await ancientChange(context);
      stage.sim.faults.add({ ...updateOf('api'), kind });
      const lambda = await stage.lambda();
      expect(await deliver(lambda, [event])).toEqual([]);
      expect(stage.sim.deploymentsOf(arnOf(stage, 'api'))).toHaveLength(2);
      const followUps = takeAll(stage);
      expect(followUps.flatMap(({ body }) => openIn(body))).toEqual(['main/api', 'main/web']);
      const bodies = followUps.map(({ body }) => body);
      expect(await deliver(await stage.lambda(), bodies)).toEqual([]);
      expect(await deliver(await stage.lambda(), [event])).toEqual([]);
      expect(updated(stage)).toEqual(['main/api', 'main/web']);
    },
  );

  it.concurrent.for(['reset-before', 'server-error'] as const)(
    'that is lost before it takes effect (%s) is repeated by the follow-up, ten seconds later',
    async (kind, context) => {
      const { stage, event } = await ancientChange(context);
      stage.sim.faults.add({ ...updateOf('api'), kind });
      const lambda = await stage.lambda();
      expect(await deliver(lambda, [event])).toEqual([]);
      expect(outcomesOf(stage, 'main/api')).toHaveLength(1);
      const followUps = takeAll(stage);
      expect(Math.min(...followUps.map(({ delaySeconds }) => delaySeconds))).toBeGreaterThanOrEqual(10);
      // This delivery is too early, but the process remembers the lost call and waits.
      const bodies = followUps.map(({ body }) => body);
      expect(await deliver(lambda, bodies)).toEqual([]);
      const ofApi = stage.updates().filter(({ service }) => service === 'main/api');
      expect((ofApi[1]?.at ?? 0) - (ofApi[0]?.at ?? 0)).toBeGreaterThanOrEqual(10_000);
      expect(outcomesOf(stage, 'main/api').filter((outcome) => outcome === 'ok')).toHaveLength(1);
      expect(stage.sim.deploymentsOf(arnOf(stage, 'api'))).toHaveLength(2);
    },
  );

  it.concurrent('that hangs does not hold up the other services, and its result is unknown', async (context) => {
    const { stage, event } = await ancientChange(context);
    stage.sim.faults.add({ ...updateOf('api'), kind: 'hang', performs: true });
    const lambda = await stage.lambda();
    expect(await deliver(lambda, [event], 60_000)).toEqual([]);
    expect(takeAll(stage).flatMap(({ body }) => openIn(body))).toEqual(['main/api', 'main/web']);
    expect(updated(stage)).toEqual(['main/api', 'main/web']);
    expect(stage.sim.deploymentsOf(arnOf(stage, 'api'))).toHaveLength(2);
  });
});

describe.concurrent('a batch with a message that is no event', () => {
  it.concurrent.for(['', 'hello', '{', '[]', 'null', '42', '{"a":1}', '{"source":"aws.secretsmanager"}'])(
    'returns that message and processes the others: %s',
    async (body, context) => {
      const { stage, event } = await ancientChange(context);
      expect(await deliver(await stage.lambda(), [body, event])).toEqual(['raw-0']);
      expect(updated(stage)).toEqual(['main/api', 'main/web']);
    },
  );
});

describe.concurrent('an invocation with too little time', () => {
  it.concurrent('to read the fleet returns the message and writes nothing', async (context) => {
    const { stage, event } = await ancientChange(context);
    expect(await deliver(await stage.lambda(), [event], 2000)).toEqual([event.id]);
    expect(updated(stage)).toEqual([]);
  });

  it.concurrent('for all writes leaves the rest to the follow-up, which finishes it', async (context) => {
    const stage = await scene(context);
    const { secret, event } = rotated(stage);
    for (let index = 0; index < 12; index++)
      stage.sim.world.service({ name: `s${index}`, secrets: [secret.arn] });
    const slow = { UPDATE_RATE: '1', UPDATE_BURST: '1' };
    const back = await deliver(await stage.lambda('on-change', slow), [event], 36_000);
    expect(back).toEqual([]);
    expect(updated(stage).length).toBeLessThan(12);
    const followUps = takeAll(stage);
    expect(new Set(followUps.flatMap(({ body }) => openIn(body))).size).toBe(12);
    const bodies = followUps.map(({ body }) => body);
    expect(await deliver(await stage.lambda(), bodies)).toEqual([]);
    expect(new Set(updated(stage)).size).toBe(12);
    expect(updated(stage)).toHaveLength(12);
  });
});

/** Two stale services and one that uses a parameter. The change is so old that a function makes every kind of read. */
async function ancientChange(context: Parameters<typeof scene>[0]) {
  const stage = await scene(context);
  const change = rotated(stage, 200_000);
  stage.sim.world.service({ name: 'api', secrets: [change.secret.arn] });
  stage.sim.world.service({ name: 'web', secrets: [`${change.secret.arn}:password::`] });
  stage.sim.world.service({ name: 'other', secrets: ['/app/other'] });
  return { stage, ...change };
}

/** A call of this operation that did not succeed. */
function failed(operation: string): unknown {
  return expect.objectContaining({ operation, outcome: expect.not.stringMatching('^ok$') });
}

function updateOf(name: string): Pick<Fault, 'service' | 'operation' | 'match'> {
  return {
    service: 'ecs',
    operation: 'UpdateService',
    match: ({ service }) => String(service).split('/').at(-1) === name,
  };
}

function outcomesOf(stage: Scene, service: string): readonly string[] {
  return stage.updates().flatMap((update) => (update.service === service ? [update.outcome] : []));
}

function arnOf({ place }: Scene, name: string): string {
  return `arn:${place.partition}:ecs:${place.region}:${place.account}:service/main/${name}`;
}

/** Deletes the service `web` at the moment of the first call of this operation. */
function vanishAt(stage: Scene, operation: string): void {
  let gone = false;
  stage.sim.faults.add({
    service: 'ecs',
    operation,
    kind: 'server-error',
    times: 1,
    match: () => {
      if (!gone) stage.sim.act('ecs', 'DeleteService', { cluster: 'main', service: 'web', force: true });
      gone = true;
      return false;
    },
  });
}
