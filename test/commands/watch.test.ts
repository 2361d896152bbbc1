import { describe, expect, test } from 'vitest';
import { type Looked, look, watch, youngestRollouts } from '../../functions/commands/watch.ts';
import type { Trigger } from '../../functions/core/follow-up/trigger.ts';
import { REQUEST } from '../../functions/core/model/change.ts';
import type { Run } from '../../functions/pipeline/run.ts';
import { currentMoved, type Loop, startLoop } from '../support/loop.ts';
import { named, quietRuns } from '../support/quiet-runs.ts';

type ServiceSpec = NonNullable<Parameters<Loop['sim']['world']['service']>[0]>;

const HOUR = 3_600_000;
const ROLLS_BACK = {
  circuitBreaker: { enable: true, rollback: true },
  rollout: { outcome: 'rollback-new-primary' },
} as const;

/** Services that have run for an hour and refer to the secret prod/db, whose AWSCURRENT moved three seconds ago. */
async function changed(specs: readonly ServiceSpec[], settings: Readonly<Record<string, string>> = {}) {
  const loop = await startLoop();
  const { world } = loop.sim;
  const secret = world.secret({ name: 'prod/db' });
  const key = world.secret({ name: 'prod/key' });
  const startedAt = loop.clock.now() - HOUR;
  const services = specs.map((spec) =>
    world.service({ cluster: 'prod', secrets: [secret.arn], startedAt, ...spec }),
  );
  for (const name of ['prod/db', 'prod/key']) currentMoved(loop.sim, name);
  loop.clock.advance(3_000);
  return { loop, secret, key, services, startedAt, runs: quietRuns(loop.clock, settings) };
}

const now = ({ clock }: Loop) => clock.now();

/** What a person watches: each secret is a change of its own. */
const triggers = (loop: Loop, ...names: readonly string[]): readonly Trigger[] =>
  names.map((name) => ({
    kind: 'secret',
    origin: { changeId: name, at: now(loop), source: REQUEST },
    name,
    force: false,
  }));

/** Every service is deployed by CI, and so much time passes. */
function deploy({ loop, services }: Awaited<ReturnType<typeof changed>>, ms: number): void {
  for (const service of services) loop.sim.world.deploy(service);
  loop.clock.advance(ms);
}

/** The state of each service, how it ended and what helps. */
const shown = ({ services }: Looked) =>
  [...services.values()].map(({ key, state, end, advice }) => [key, state, end, advice]);

const INTERRUPTED = new Error('interrupted');

/** Does this whenever services are described. */
function meanwhile(loop: Loop, act: () => void): void {
  loop.sim.faults.add({
    operation: 'DescribeServices',
    kind: 'client-error',
    times: Infinity,
    match: () => {
      act();
      return false;
    },
  });
}

/** The same run, which notes the services about whose stopped tasks ECS is asked, and how many at once. */
function noting(run: Run, onAsk: () => void = () => undefined) {
  const asked: string[] = [];
  let atOnce = 0;
  let most = 0;
  const { ecs } = run.ports;
  const stoppedTasks: typeof ecs.stoppedTasks = (service, signal) => {
    onAsk();
    asked.push(service.key);
    most = Math.max(most, ++atOnce);
    return ecs.stoppedTasks(service, signal).finally(() => atOnce--);
  };
  return { run: { ...run, ports: { ...run.ports, ecs: { ...ecs, stoppedTasks } } }, asked, most: () => most };
}

describe('a look', () => {
  test('shows each service, what would be done, and what to look at the next time', async () => {
    const { loop, services, startedAt, runs } = await changed([
      { name: 'api', desired: 2 },
      { name: 'batch', tags: { 'secret-redeploy:wave': '1' } },
    ]);
    const looked = await look(triggers(loop, 'prod/db'), runs());
    expect(startedAt).toBeLessThan(looked.at);
    expect(looked.at).toBe(now(loop));
    const tasks = { newTasks: 0, service: services[0]?.arn };
    expect([...looked.services]).toEqual([
      ['prod/api', { ...tasks, key: 'prod/api', wave: 0, state: 'stale', desired: 2, oldTasks: 2 }],
      [
        'prod/batch',
        {
          ...tasks,
          service: services[1]?.arn,
          key: 'prod/batch',
          wave: 1,
          state: 'earlier-wave',
          desired: 1,
          oldTasks: 1,
        },
      ],
    ]);
    expect(looked.report).toMatchObject({
      outcomes: [{ service: services[0]?.arn, result: 'not-executed' }],
      summary: { matched: 2, redeploy: 1, wait: 1 },
    });
    expect(looked.next).toMatchObject([
      { kind: 'follow-up', followUp: { changeId: 'prod/db', open: [{ name: 'api' }, { name: 'batch' }] } },
    ]);
    expect(looked.reasons.size).toBe(0);
  });

  test('has nothing to look at again once every service is fresh', async () => {
    const scene = await changed([{ name: 'api' }]);
    const { loop, runs } = scene;
    const first = await look(triggers(loop, 'prod/db'), runs());
    deploy(scene, 5_000);
    const second = await look(first.next, runs());
    expect(shown(second)).toEqual([['prod/api', 'progressing', undefined, undefined]]);
    expect(second.next).toHaveLength(1);
    loop.clock.advance(20_000);
    const third = await look(second.next, runs());
    expect(shown(third)).toEqual([['prod/api', 'fresh', 'fresh', undefined]]);
    expect(third.next).toEqual([]);
  });

  test('waits for a service that ECS refuses to describe, until the time limit', async () => {
    const { loop, runs } = await changed([{ name: 'api' }], { FOLLOW_UP_LIMIT_MINUTES: '1' });
    loop.sim.faults.add({ operation: 'DescribeServices', kind: 'client-error', times: Infinity });
    const first = await look(triggers(loop, 'prod/db'), runs());
    expect(shown(first)).toEqual([['prod/api', 'unreadable', undefined, undefined]]);
    expect(first.next).toMatchObject([{ followUp: { open: [], unread: [{ name: 'api' }] } }]);
    loop.clock.advance(60_000);
    const last = await look(first.next, runs());
    expect(shown(last)).toEqual([['prod/api', 'unreadable', 'left', undefined]]);
    expect(last.next).toEqual([]);
  });

  test('that cannot read the fleet fails with the reason', async () => {
    const { loop, runs } = await changed([{ name: 'api' }]);
    loop.sim.faults.add({ operation: 'ListClusters', kind: 'access-denied', times: Infinity });
    await expect(look(triggers(loop, 'prod/db'), runs())).rejects.toMatchObject({ name: 'ReadFailed' });
  });

  test('ends with the reason of an abort while ECS is read', async () => {
    const { loop, runs } = await changed([{ name: 'api' }]);
    const ending = new AbortController();
    meanwhile(loop, () => ending.abort(INTERRUPTED));
    await expect(look(triggers(loop, 'prod/db'), runs(ending.signal))).rejects.toBe(INTERRUPTED);
  });

  test('ends with the reason of an abort while ECS is asked why tasks fail', async () => {
    const scene = await changed([{ name: 'api', ...ROLLS_BACK }]);
    deploy(scene, 60_000);
    const ending = new AbortController();
    const { run } = noting(scene.runs(ending.signal), () => ending.abort(INTERRUPTED));
    await expect(look(triggers(scene.loop, 'prod/db'), run)).rejects.toBe(INTERRUPTED);
  });
});

describe('why tasks fail', () => {
  const FAILS = { outcome: 'keeps-failing', reason: 'it crashes' } as const;

  test('is told as long as the state lasts, and asked once', async () => {
    const scene = await changed([
      { name: 'fails', rollout: FAILS },
      { name: 'place', rollout: { outcome: 'cannot-place' } },
      { name: 'back', ...ROLLS_BACK },
      { name: 'works' },
    ]);
    const { loop, runs } = scene;
    deploy(scene, 25_000);
    const { run, asked } = noting(runs());
    const first = await look(triggers(loop, 'prod/db'), run);
    const failing = [
      ['prod/fails', 'tasks-failing', undefined, 'rotate-again'],
      ['prod/place', 'cannot-place', undefined, 'repair'],
    ];
    expect(shown(first)).toEqual([
      ['prod/back', 'rolled-back', 'failed', 'rotate-again'],
      ...failing,
      ['prod/works', 'fresh', 'fresh', undefined],
    ]);
    expect(asked).toEqual(['prod/back', 'prod/fails']);
    const second = await look(first.next, run, first.reasons);
    expect(shown(second)).toEqual(failing);
    expect(asked).toHaveLength(2);
    for (const service of scene.services) loop.sim.world.mend(service);
    loop.clock.advance(60_000);
    const third = await look(second.next, run, second.reasons);
    expect(shown(third)).toEqual([
      ['prod/fails', 'fresh', 'fresh', undefined],
      ['prod/place', 'fresh', 'fresh', undefined],
    ]);
  });

  test('follows from the changes that concern the service alone', async () => {
    const scene = await changed([{ name: 'api', ...ROLLS_BACK }]);
    const { loop, key, runs } = scene;
    loop.sim.world.service({ cluster: 'prod', name: 'other', secrets: [key.arn] });
    deploy(scene, 60_000);
    const looked = await look(triggers(loop, 'prod/db', 'prod/key'), runs());
    expect(shown(looked)).toContainEqual(['prod/api', 'rolled-back', 'failed', 'rotate-again']);
  });

  test('is told of twenty services in one look, and asked for eight at a time', async () => {
    const some = (count: number, name: string, spec: ServiceSpec) =>
      Array.from({ length: count }, (_, i) => ({ name: `${name}-${i}`, ...spec }));
    const scene = await changed([
      ...some(9, 'back', ROLLS_BACK),
      ...some(12, 'place', { rollout: { outcome: 'cannot-place' } }),
    ]);
    deploy(scene, 60_000);
    const { run, most } = noting(scene.runs());
    const rows = shown(await look(triggers(scene.loop, 'prod/db'), run));
    expect(rows.filter(([, state]) => state === 'rolled-back')).toHaveLength(9);
    expect(rows.filter(([, state]) => state === 'cannot-place')).toHaveLength(12);
    expect(rows.filter(([, , , advice]) => advice !== undefined)).toHaveLength(20);
    expect(most()).toBe(8);
  });
});

describe('watching', () => {
  /** The same run, which notes how long it sleeps. */
  function timed(loop: Loop, before: Run) {
    const slept: number[] = [];
    const sleep = (ms: number) => {
      slept.push(ms);
      loop.clock.advance(ms);
      return Promise.resolve();
    };
    return { slept, run: { ...before, ports: { ...before.ports, clock: { now: loop.clock.now, sleep } } } };
  }

  /** At most this many looks. */
  async function some(looks: AsyncIterable<Looked>, most: number): Promise<readonly Looked[]> {
    const found: Looked[] = [];
    for await (const looked of looks) if (found.push(looked) === most) break;
    return found;
  }

  test('looks every three seconds, until nothing waits', async () => {
    const scene = await changed([{ name: 'api' }]);
    const { loop, runs } = scene;
    const { run, slept } = timed(loop, runs());
    const first = await look(triggers(loop, 'prod/db'), run);
    deploy(scene, 16_000);
    const looks = await some(watch(first, run), 9);
    expect(looks.flatMap(shown).map(([, state]) => state)).toEqual(['progressing', 'fresh']);
    expect(slept).toEqual([3_000, 3_000]);
    expect(await some(watch({ ...first, next: [] }, run), 9)).toEqual([]);
  });

  test('waits for twice as long as a look took, and not beyond the last instant that is wanted', async () => {
    const { loop, runs } = await changed([{ name: 'api' }]);
    const { run, slept } = timed(loop, runs());
    const first = await look(triggers(loop, 'prod/db'), run);
    meanwhile(loop, () => loop.clock.advance(4_000));
    await some(watch(first, run, first.at + 20_000), 4);
    expect(slept).toEqual([3_000, 8_000, 1_000, 0]);
  });

  test('asks every thirty seconds what services need', async () => {
    const { loop, secret, key, runs } = await changed([]);
    loop.sim.world.service({
      cluster: 'prod',
      name: 'api',
      secrets: [secret.arn, key.arn],
      startedAt: now(loop) - HOUR,
    });
    const { run } = timed(loop, runs());
    const first = await look(triggers(loop, 'prod/db'), run);
    loop.sim.ledger.clearCalls();
    loop.clock.advance(24_000);
    await some(watch(first, run), 4);
    const asked = loop.sim.ledger.calls.filter(
      ({ operation, input }) => operation === 'DescribeSecret' && input['SecretId'] === key.arn,
    );
    expect(asked.map(({ at }) => at - first.at)).toEqual([33_000]);
  });

  test('ends with the reason of an abort', async () => {
    const { loop, runs } = await changed([{ name: 'api' }]);
    const ending = new AbortController();
    const first = await look(triggers(loop, 'prod/db'), runs());
    ending.abort(INTERRUPTED);
    await expect(some(watch(first, runs(ending.signal)), 1)).rejects.toBe(INTERRUPTED);
  });
});

describe('the youngest rollout of a service', () => {
  /** Where a service was deployed an hour ago, what is watched if these deployments began so much later. */
  async function since(...later: readonly number[]) {
    const { loop, services, startedAt, runs } = await changed([{ name: 'api' }]);
    const questions: object[] = [];
    const run = runs();
    const { ecs } = run.ports;
    const serviceDeployments = later.map((ms) => ({
      arn: '',
      createdAt: startedAt + ms,
      status: 'SUCCESSFUL',
    }));
    const answer: typeof ecs.answer = (question) => {
      questions.push(question);
      return Promise.resolve(later.length === 0 ? {} : { serviceDeployments });
    };
    const asked = { ...run, ports: { ...run.ports, ecs: { ...ecs, answer } } };
    const [trigger] = await youngestRollouts([named('prod/api')], asked);
    const changedAt = trigger?.kind === 'follow-up' ? trigger.followUp.changes[0]?.changedAt : undefined;
    return { loop, service: services[0], startedAt, trigger, questions, after: (changedAt ?? 0) - startedAt };
  }

  test('is watched as a change just before it, and looked at as if it was open', async () => {
    const { loop, service, startedAt, trigger, questions } = await since();
    expect(trigger).toEqual({
      kind: 'follow-up',
      messageId: '',
      followUp: expect.objectContaining({
        changeId: 'prod/api',
        changes: [
          {
            changeId: 'prod/api',
            kind: 'service',
            arn: service?.arn,
            changedAt: startedAt - 1,
            source: REQUEST,
            optedOut: false,
          },
        ],
        firstHandledAt: now(loop),
        hop: 1,
        open: [
          {
            cluster: service?.cluster.arn,
            name: 'api',
            deploymentId: null,
            ours: false,
            lastLogged: '',
          },
        ],
      }),
    });
    expect(questions).toMatchObject([{ deploymentsSince: startedAt - 48 * HOUR }]);
  });

  test.each([
    ['is that of PRIMARY where both began within two seconds', [2_000], 0],
    ['is that of PRIMARY where both began within two seconds, whichever was first', [-2_000], 0],
    ['is a deployment that began earlier and was rolled back', [-2_001], -2_001],
    ['is the youngest deployment', [-HOUR, 2_001, 1_000], 2_001],
  ])('%s', async (_, later, expected) => {
    expect((await since(...later)).after).toBe(expected - 1);
  });

  test('that was rolled back has failed', async () => {
    const scene = await changed([{ name: 'api', ...ROLLS_BACK }]);
    deploy(scene, HOUR);
    const run = scene.runs();
    const looked = await look(await youngestRollouts([named('prod/api')], run), run);
    expect(shown(looked)).toMatchObject([['prod/api', 'rolled-back', 'failed', expect.any(String)]]);
    expect(looked.next).toEqual([]);
  });

  test('may be missing', async () => {
    const { runs } = await changed([{ name: 'api', controller: 'EXTERNAL', taskSets: [] }]);
    const [trigger] = await youngestRollouts([named('prod/api')], runs());
    expect(trigger).toMatchObject({ followUp: { changes: [{ changedAt: -1 }] } });
  });

  test('of a service that does not exist is an error', async () => {
    const { runs } = await changed([{ name: 'api' }]);
    await expect(youngestRollouts([named('prod/none')], runs())).rejects.toMatchObject({
      name: 'NoSuchService',
      asGiven: ['prod/none'],
    });
  });
});
