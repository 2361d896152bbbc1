import {
  ContinueServiceDeploymentCommand,
  CreateServiceCommand,
  DescribeServiceDeploymentsCommand,
  DescribeServicesCommand,
  DescribeTasksCommand,
  type ECSClient,
  ListServiceDeploymentsCommand,
  ListTasksCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { simulate } from './testing.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const force = (ecs: ECSClient, service = 'web') =>
  ecs.send(new UpdateServiceCommand({ cluster: 'main', service, forceNewDeployment: true }));

async function look(ecs: ECSClient, service = 'web') {
  const { services } = await ecs.send(new DescribeServicesCommand({ cluster: 'main', services: [service] }));
  const [found] = services ?? [];
  return {
    running: found?.runningCount,
    deployments: (found?.deployments ?? []).map((one) => [
      one.status,
      one.rolloutState,
      one.runningCount,
      one.pendingCount,
    ]),
    failedTasks: found?.deployments?.[0]?.failedTasks,
    events: (found?.events ?? []).map(({ message }) => message),
  };
}

/** The latest service deployment in full. */
async function latest(ecs: ECSClient, service = 'web') {
  const listed = await ecs.send(new ListServiceDeploymentsCommand({ cluster: 'main', service }));
  const serviceDeploymentArns = [listed.serviceDeployments?.[0]?.serviceDeploymentArn ?? ''];
  const described = await ecs.send(new DescribeServiceDeploymentsCommand({ serviceDeploymentArns }));
  return described.serviceDeployments?.[0];
}

async function tasks(ecs: ECSClient, desiredStatus: 'RUNNING' | 'STOPPED', service = 'web') {
  const listed = await ecs.send(
    new ListTasksCommand({ cluster: 'main', serviceName: service, desiredStatus }),
  );
  if (listed.taskArns?.length === 0) return [];
  const { tasks: found } = await ecs.send(
    new DescribeTasksCommand({ cluster: 'main', tasks: listed.taskArns }),
  );
  return found ?? [];
}

/**
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection.html, Deployment considerations:
 * new tasks are created, but tasks of the older version are not stopped until their protection is cleared or expires;
 * the maximum percent must allow the new tasks; and a service event is sent.
 */
describe('tasks that are protected from scale-in', () => {
  it('outlive a rollout for as long as they are protected, which keeps the deployment IN_PROGRESS', async () => {
    const { sim, clock, ecs } = await simulate();
    const secret = sim.world.secret({ name: 'prod/db' });
    const web = sim.world.service({
      name: 'web',
      desired: 2,
      secrets: [secret.arn],
      protectMs: 5.5 * HOUR,
    });
    const changedAt = clock.now();
    sim.rotateSecret('prod/db');
    await force(ecs);
    const stopsAt = clock.now() + 5.5 * HOUR;
    clock.advance(5 * HOUR);
    expect(await look(ecs)).toMatchObject({
      deployments: [
        ['PRIMARY', 'IN_PROGRESS', 2, 0],
        ['ACTIVE', 'COMPLETED', 2, 0],
      ],
      failedTasks: 0,
    });
    expect((await look(ecs)).events[0]).toMatch(
      /^\(service web\) was unable to reach steady state because \(taskSet ecs-svc\/\d+\) was unable to scale in due to \(reason 2 tasks under protection\)$/,
    );
    expect((await tasks(ecs, 'RUNNING')).map(({ lastStatus }) => lastStatus)).toEqual(
      Array.from({ length: 4 }, () => 'RUNNING'),
    );
    expect(sim.stateOf(web)).toMatchObject({ state: 'draining' });
    expect(sim.staleTasks(secret.arn)).toHaveLength(2);
    expect(sim.lastStaleStop(secret.arn, web, changedAt)).toEqual({ running: 2, stoppedAt: undefined });
    clock.advance(0.6 * HOUR);
    expect((await look(ecs)).deployments).toEqual([['PRIMARY', 'COMPLETED', 2, 0]]);
    expect(sim.statesOf(web).map(({ state }) => state)).toEqual([
      'succeeded',
      'progressing',
      'draining',
      'succeeded',
    ]);
    expect(sim.lastStaleStop(secret.arn, web, changedAt)).toEqual({ running: 0, stoppedAt: stopsAt });
  });

  it('can be some of the tasks only, and are stopped early once the protection is lifted', async () => {
    const { sim, clock, ecs } = await simulate();
    const web = sim.world.service({ name: 'web', desired: 3, protectMs: 48 * HOUR, protectedTasks: 1 });
    await force(ecs);
    clock.advance(HOUR);
    expect((await look(ecs)).deployments[1]).toEqual(['ACTIVE', 'COMPLETED', 1, 0]);
    sim.world.mend(web);
    clock.advance(2 * MINUTE);
    expect((await look(ecs)).deployments).toEqual([['PRIMARY', 'COMPLETED', 3, 0]]);
  });

  it('leave no room for new tasks where the maximum percent is used up', async () => {
    const { sim, clock, ecs } = await simulate();
    const web = sim.world.service({
      name: 'web',
      desired: 2,
      minimumHealthyPercent: 0,
      maximumPercent: 100,
      protectMs: 2 * HOUR,
    });
    await force(ecs);
    clock.advance(HOUR);
    expect((await look(ecs)).deployments).toEqual([
      ['PRIMARY', 'IN_PROGRESS', 0, 0],
      ['ACTIVE', 'COMPLETED', 2, 0],
    ]);
    expect(sim.stateOf(web)?.state).toBe('progressing');
    clock.advance(1.1 * HOUR);
    expect((await look(ecs)).deployments).toEqual([['PRIMARY', 'COMPLETED', 2, 0]]);
  });

  it('are left behind by a deployment with early success criteria, which is COMPLETED before they have stopped', async () => {
    const { sim, clock, ecs } = await simulate();
    const web = sim.world.service({ name: 'web', protectMs: HOUR, rollout: { earlySuccess: true } });
    await force(ecs);
    clock.advance(MINUTE);
    expect((await look(ecs)).deployments).toEqual([
      ['PRIMARY', 'COMPLETED', 1, 0],
      ['ACTIVE', 'COMPLETED', 1, 0],
    ]);
    expect((await latest(ecs))?.status).toBe('SUCCESSFUL');
    expect(sim.stateOf(web)?.state).toBe('draining');
    clock.advance(HOUR);
    expect((await look(ecs)).deployments).toEqual([['PRIMARY', 'COMPLETED', 1, 0]]);
    expect(sim.stateOf(web)?.state).toBe('succeeded');
  });
});

/** https://github.com/aws/containers-roadmap/issues/2836: five deployments that are not completed or not drained. */
describe('a service with five active deployments', () => {
  it('refuses another one until one of them has drained', async () => {
    const { sim, clock, ecs } = await simulate();
    const web = sim.world.service({ name: 'web', desired: 4, protectMs: HOUR, protectedTasks: 1 });
    for (let i = 0; i < 4; i++) {
      await force(ecs);
      clock.advance(5 * MINUTE);
    }
    expect((await look(ecs)).deployments.map(([, , running]) => running)).toEqual([4, 1, 1, 1, 1]);
    await expect(force(ecs)).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: '5 active deployments exist, unable to create new deployment.',
    });
    expect(() => sim.world.deploy(web)).toThrow('5 active deployments exist');
    expect(sim.deploymentsOf(web.arn)).toHaveLength(5);
    clock.advance(41 * MINUTE);
    await expect(force(ecs)).resolves.toBeDefined();
  });
});

/** A task that is told to stop is DEACTIVATING while its load balancer drains it (Task lifecycle, DEACTIVATING). */
it('a task that drains is listed among the STOPPED ones, DEACTIVATING until it has stopped', async () => {
  const { sim, clock, ecs } = await simulate();
  const web = sim.world.service({ name: 'web', rollout: { drainMs: 5 * MINUTE } });
  await force(ecs);
  clock.advance(MINUTE);
  expect(await tasks(ecs, 'STOPPED')).toMatchObject([
    { lastStatus: 'DEACTIVATING', desiredStatus: 'STOPPED' },
  ]);
  expect(sim.stateOf(web)?.state).toBe('draining');
  clock.advance(5 * MINUTE);
  expect(await tasks(ecs, 'STOPPED')).toMatchObject([{ lastStatus: 'STOPPED' }]);
  expect(sim.stateOf(web)?.state).toBe('succeeded');
  clock.advance(HOUR);
  expect(await tasks(ecs, 'STOPPED')).toEqual([]);
});

const CANNOT_PULL =
  'CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref';

/**
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html, failedTasks; without a circuit breaker
 * ECS never stops trying (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html).
 */
describe('a rollout whose tasks keep failing', () => {
  it('goes on for ever, counts its failed tasks and shows the stopped ones for an hour', async () => {
    const { sim, clock, ecs } = await simulate();
    const web = sim.world.service({
      name: 'web',
      desired: 2,
      rollout: {
        outcome: 'keeps-failing',
        reason: CANNOT_PULL,
        containerReason: 'CannotPullContainerError',
        exitCode: 1,
      },
    });
    const started = (await force(ecs)).service?.deployments?.[0]?.id;
    clock.advance(30_000);
    const soon = await look(ecs);
    expect(soon.deployments).toMatchObject([
      ['PRIMARY', 'IN_PROGRESS', 0, expect.any(Number)],
      ['ACTIVE', 'COMPLETED', 2, 0],
    ]);
    expect(soon.failedTasks).toBeGreaterThan(3);
    expect(soon.events).toContainEqual(
      expect.stringContaining('(service web) is unable to consistently start tasks successfully.'),
    );
    expect((await tasks(ecs, 'STOPPED'))[0]).toMatchObject({
      startedBy: started,
      stopCode: 'TaskFailedToStart',
      stoppedReason: CANNOT_PULL,
      containers: [{ name: 'app', lastStatus: 'STOPPED', reason: 'CannotPullContainerError', exitCode: 1 }],
    });
    clock.advance(5 * HOUR);
    expect((await look(ecs)).failedTasks).toBeGreaterThan(soon.failedTasks ?? 0);
    const shown = await tasks(ecs, 'STOPPED');
    expect(shown.every(({ stoppedAt }) => Number(stoppedAt) > clock.now() - HOUR)).toBe(true);
    expect((await look(ecs)).deployments[0]?.[1]).toBe('IN_PROGRESS');
    expect(sim.stateOf(web)).toMatchObject({ state: 'tasks-failing' });
    sim.world.mend(web);
    clock.advance(10 * MINUTE);
    expect((await look(ecs)).deployments).toEqual([['PRIMARY', 'COMPLETED', 2, 0]]);
    expect(sim.stateOf(web)).toMatchObject({ state: 'succeeded' });
  });

  it('leaves a service without any task if the minimum healthy percent allows it', async () => {
    const { sim, clock, ecs } = await simulate();
    sim.world.service({
      name: 'web',
      minimumHealthyPercent: 0,
      maximumPercent: 100,
      rollout: { outcome: 'keeps-failing' },
    });
    await force(ecs);
    clock.advance(MINUTE);
    expect((await look(ecs)).running).toBe(0);
  });

  it('shows no failed task once one task of the deployment runs, and counts none after that', async () => {
    const { sim, clock, ecs } = await simulate();
    const web = sim.world.service({
      name: 'web',
      desired: 2,
      maximumPercent: 150,
      rollout: { outcome: 'keeps-failing', failsFirst: 3, failAfter: 0.5 },
    });
    await force(ecs);
    clock.advance(6_000);
    expect((await look(ecs)).failedTasks).toBeGreaterThan(0);
    clock.advance(HOUR);
    const after = await look(ecs);
    expect([after.deployments[0]?.slice(0, 3), after.failedTasks]).toEqual([
      ['PRIMARY', 'IN_PROGRESS', 1],
      0,
    ]);
    expect((await tasks(ecs, 'STOPPED')).length).toBeGreaterThan(3);
    expect(sim.stateOf(web)?.state).toBe('tasks-failing');
  });

  it('counts no task that ran before it ended by itself', async () => {
    const { sim, clock, ecs } = await simulate();
    const web = sim.world.service({
      name: 'web',
      rollout: { outcome: 'keeps-failing', reason: 'Essential container in task exited', runsMs: 20_000 },
    });
    await force(ecs);
    clock.advance(12_000);
    expect((await look(ecs)).deployments).toEqual([
      ['PRIMARY', 'IN_PROGRESS', 1, 0],
      ['ACTIVE', 'COMPLETED', 1, 0],
    ]);
    clock.advance(HOUR / 2);
    expect((await look(ecs)).failedTasks).toBe(0);
    expect((await tasks(ecs, 'STOPPED'))[0]).toMatchObject({
      stopCode: 'EssentialContainerExited',
      startedAt: expect.any(Date),
    });
    expect(sim.stateOf(web)?.state).toBe('tasks-failing');
  });

  it('can fail a few times only and then succeed, unless the circuit breaker ends it', async () => {
    const { sim, clock, ecs } = await simulate();
    const rollout = { failsFirst: 2 } as const;
    sim.world.service({ name: 'web', rollout });
    const circuitBreaker = { enable: true, rollback: true };
    sim.world.service({ name: 'fragile', circuitBreaker, rollout: { failsFirst: 9 } });
    await force(ecs, 'web');
    await force(ecs, 'fragile');
    clock.advance(5 * MINUTE);
    expect((await latest(ecs, 'web'))?.status).toBe('SUCCESSFUL');
    expect((await latest(ecs, 'fragile'))?.status).toBe('ROLLBACK_SUCCESSFUL');
  });
});

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html */
describe('a rollout whose tasks cannot be placed', () => {
  it('starts and stops no task, and says why in a service event, again and again', async () => {
    const { sim, clock, ecs } = await simulate();
    const event =
      'was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance abc) is already using a port required by your task.';
    const web = sim.world.service({ name: 'web', desired: 2, rollout: { outcome: 'cannot-place', event } });
    const startedAt = clock.now();
    await force(ecs);
    clock.advance(2 * HOUR);
    const seen = await look(ecs);
    expect(seen).toMatchObject({
      deployments: [
        ['PRIMARY', 'IN_PROGRESS', 0, 0],
        ['ACTIVE', 'COMPLETED', 2, 0],
      ],
      failedTasks: 0,
    });
    expect(seen.events.filter((message) => message === `(service web) ${event}`).length).toBeGreaterThan(5);
    expect(await tasks(ecs, 'STOPPED')).toEqual([]);
    expect(sim.stateOf(web)).toMatchObject({ state: 'cannot-place', since: startedAt + 100 });
    sim.world.mend(web);
    clock.advance(20 * MINUTE);
    expect((await look(ecs)).deployments).toEqual([['PRIMARY', 'COMPLETED', 2, 0]]);
  });

  it('can have places for some of its tasks, and its tries can count as failed tasks', async () => {
    const { sim, clock, ecs } = await simulate();
    sim.world.service({ name: 'web', desired: 2, rollout: { outcome: 'cannot-place', failAfter: 0.5 } });
    sim.world.service({ name: 'none', rollout: { outcome: 'cannot-place', countsPlacement: true } });
    await force(ecs, 'web');
    await force(ecs, 'none');
    clock.advance(HOUR);
    expect((await look(ecs, 'web')).deployments[0]).toEqual(['PRIMARY', 'IN_PROGRESS', 1, 0]);
    expect((await look(ecs, 'none')).failedTasks).toBeGreaterThan(3);
  });

  it('keeps the serving set of a blue/green service, too', async () => {
    const { sim, clock, ecs } = await simulate();
    const web = sim.world.service({
      name: 'web',
      strategy: 'BLUE_GREEN',
      rollout: { outcome: 'cannot-place' },
    });
    await force(ecs);
    clock.advance(HOUR);
    expect((await look(ecs)).deployments).toMatchObject([
      ['PRIMARY', undefined, 0, 0],
      ['ACTIVE', undefined, 1, 0],
    ]);
    expect(sim.stateOf(web)?.state).toBe('cannot-place');
  });
});

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html */
describe('a PAUSE hook', () => {
  it.each([
    ['PRE_SCALE_UP', 'ROLLING', 0],
    ['POST_SCALE_UP', 'ROLLING', 1],
    ['PRE_SCALE_UP', 'BLUE_GREEN', 0],
    ['POST_TEST_TRAFFIC_SHIFT', 'BLUE_GREEN', 1],
    ['PRE_PRODUCTION_TRAFFIC_SHIFT', 'CANARY', 1],
    ['POST_PRODUCTION_TRAFFIC_SHIFT', 'LINEAR', 1],
  ] as const)('at %s of a %s deployment waits for a person', async (stage, strategy, running) => {
    const { sim, clock, ecs } = await simulate();
    const web = sim.world.service({ name: 'web', strategy, pauseHooks: [{ stage }] });
    await force(ecs);
    clock.advance(20 * HOUR);
    const paused = await latest(ecs);
    expect(paused).toMatchObject({
      status: 'IN_PROGRESS',
      lifecycleStage: stage,
      lifecycleHookDetails: [
        {
          hookId: expect.stringMatching(/^ecs-pause-\w{43}$/),
          targetType: 'PAUSE',
          status: 'AWAITING_ACTION',
          timeoutAction: 'ROLLBACK',
        },
      ],
    });
    const expiresAt = Number(paused?.lifecycleHookDetails?.[0]?.expiresAt);
    expect(expiresAt).toBeGreaterThan(clock.now());
    expect(expiresAt).toBeLessThan(clock.now() + 5 * HOUR);
    expect((await look(ecs)).deployments[0]?.[2]).toBe(running);
    expect(sim.stateOf(web)?.state).toBe('awaiting-approval');
    sim.world.continueDeployment(web);
    clock.advance(10 * MINUTE);
    expect((await latest(ecs))?.status).toBe('SUCCESSFUL');
    expect((await latest(ecs))?.lifecycleHookDetails?.[0]?.status).toBe('SUCCEEDED');
    expect(sim.stateOf(web)?.state).toBe('succeeded');
  });

  it.each([
    ['CONTINUE', 'SUCCESSFUL', 'succeeded'],
    ['ROLLBACK', 'ROLLBACK_SUCCESSFUL', 'rolled-back'],
  ] as const)('that times out ends with %s: %s', async (timeoutAction, status, state) => {
    const { sim, clock, ecs } = await simulate();
    const web = sim.world.service({
      name: 'web',
      strategy: 'BLUE_GREEN',
      pauseHooks: [{ stage: 'POST_SCALE_UP', timeoutMinutes: 10, timeoutAction }],
    });
    await force(ecs);
    clock.advance(9 * MINUTE);
    expect(sim.stateOf(web)?.state).toBe('awaiting-approval');
    clock.advance(10 * MINUTE);
    expect(await latest(ecs)).toMatchObject({ status, lifecycleHookDetails: [{ status: 'TIMED_OUT' }] });
    expect(sim.stateOf(web)?.state).toBe(state);
    const told = sim.events.filter((event) => event['detail-type'] === 'ECS Hook State Change');
    expect(told.map(({ detail }) => detail['eventName'])).toEqual(['HOOK_AWAITING_ACTION', 'HOOK_TIMED_OUT']);
    expect(told[0]?.detail).toMatchObject({ hookType: 'PAUSE', lifecycleStage: 'POST_SCALE_UP' });
  });

  it('waits until all hooks of its stage are continued, and a forced deployment begins the pauses anew', async () => {
    const { sim, clock, ecs } = await simulate();
    const hook = { stage: 'PRE_SCALE_UP', timeoutAction: 'CONTINUE' } as const;
    const web = sim.world.service({
      name: 'web',
      pauseHooks: [
        { ...hook, timeoutMinutes: 5 },
        { ...hook, timeoutMinutes: 30 },
      ],
    });
    await force(ecs);
    clock.advance(10 * MINUTE);
    const statuses = async () => (await latest(ecs))?.lifecycleHookDetails?.map(({ status }) => status);
    expect(await statuses()).toEqual(['TIMED_OUT', 'AWAITING_ACTION']);
    await force(ecs);
    clock.advance(MINUTE);
    expect(await statuses()).toEqual(['AWAITING_ACTION', 'AWAITING_ACTION']);
    clock.advance(HOUR);
    expect(sim.stateOf(web)?.state).toBe('succeeded');
  });

  it('is continued or rolled back by ContinueServiceDeployment, once', async () => {
    const { sim, clock, ecs } = await simulate();
    const { taskDefinition } = sim.world.service({ name: 'other' });
    const lifecycleHooks = [{ targetType: 'PAUSE' as const, lifecycleStages: ['PRE_SCALE_UP' as const] }];
    const deploymentConfiguration = { lifecycleHooks };
    await ecs.send(
      new CreateServiceCommand({
        cluster: 'main',
        serviceName: 'web',
        desiredCount: 1,
        taskDefinition,
        deploymentConfiguration,
      }),
    );
    clock.advance(MINUTE);
    const {
      serviceDeploymentArn,
      lifecycleHookDetails,
      deploymentConfiguration: shown,
    } = (await latest(ecs)) ?? {};
    expect(shown?.lifecycleHooks).toEqual([
      { ...lifecycleHooks[0], timeoutConfiguration: { timeoutInMinutes: 1440, action: 'ROLLBACK' } },
    ]);
    const hookId = lifecycleHookDetails?.[0]?.hookId;
    const answer = (more: object) =>
      ecs.send(new ContinueServiceDeploymentCommand({ serviceDeploymentArn, hookId, ...more }));
    await expect(answer({ hookId: 'ecs-pause-other' })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    await expect(answer({ serviceDeploymentArn: `${serviceDeploymentArn}x` })).rejects.toMatchObject({
      name: 'ServiceDeploymentNotFoundException',
    });
    await expect(answer({})).resolves.toMatchObject({ serviceDeploymentArn });
    await expect(answer({})).rejects.toMatchObject({ name: 'InvalidParameterException' });
    clock.advance(MINUTE);
    expect((await look(ecs)).deployments).toEqual([['PRIMARY', 'COMPLETED', 1, 0]]);
  });

  it.each([
    [{ lifecycleStages: ['TEST_TRAFFIC_SHIFT'] }],
    [{ lifecycleStages: [] }],
    [{ timeoutConfiguration: { timeoutInMinutes: 0 } }],
    [{ timeoutConfiguration: { timeoutInMinutes: 20_161 } }],
    [{ hookTargetArn: 'arn:aws:lambda:eu-west-1:111122223333:function:f' }],
  ] as const)('is refused with %j', async (wrong) => {
    const { sim, ecs } = await simulate();
    sim.world.service({ name: 'web' });
    const hook = { targetType: 'PAUSE', lifecycleStages: ['PRE_SCALE_UP'], ...wrong };
    const input = { cluster: 'main', service: 'web', deploymentConfiguration: { lifecycleHooks: [hook] } };
    await expect(ecs.send(new UpdateServiceCommand(input as never))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });
});

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html, lifecycleStage */
describe('a bake', () => {
  it('of a day shows its stage and length, and both sets of tasks run', async () => {
    const { sim, clock, ecs } = await simulate();
    const web = sim.world.service({
      name: 'web',
      desired: 2,
      strategy: 'BLUE_GREEN',
      rollout: { durationMs: MINUTE, bakeMs: 24 * HOUR },
    });
    await force(ecs);
    clock.advance(23 * HOUR);
    expect(await latest(ecs)).toMatchObject({
      status: 'IN_PROGRESS',
      lifecycleStage: 'BAKE_TIME',
      deploymentConfiguration: { bakeTimeInMinutes: 1440 },
      sourceServiceRevisions: [{ runningTaskCount: 2 }],
      targetServiceRevision: { requestedTaskCount: 2, runningTaskCount: 2, pendingTaskCount: 0 },
    });
    expect((await look(ecs)).running).toBe(4);
    expect(sim.stateOf(web)?.state).toBe('baking');
    clock.advance(2 * HOUR);
    expect(await latest(ecs)).toMatchObject({ status: 'SUCCESSFUL' });
    expect((await look(ecs)).running).toBe(2);
  });

  it.each([
    ['CANARY', { canaryConfiguration: { canaryBakeTimeInMinutes: 120 } }],
    ['LINEAR', { linearConfiguration: { stepBakeTimeInMinutes: 120 } }],
  ] as const)('of a %s deployment can also lie between two steps of its traffic', async (strategy, shown) => {
    const { sim, clock, ecs } = await simulate();
    const web = sim.world.service({ name: 'web', strategy, rollout: { shiftMs: 2 * HOUR, bakeMs: 0 } });
    await force(ecs);
    clock.advance(HOUR);
    expect(await latest(ecs)).toMatchObject({
      lifecycleStage: 'PRODUCTION_TRAFFIC_SHIFT',
      deploymentConfiguration: shown,
    });
    expect(sim.stateOf(web)?.state).toBe('baking');
    clock.advance(2 * HOUR);
    expect(sim.stateOf(web)?.state).toBe('succeeded');
  });
});

describe('DescribeServiceDeployments', () => {
  it('takes 1 to 20 ARNs and reports those that do not exist', async () => {
    const { sim, ecs } = await simulate();
    sim.world.service({ name: 'web' });
    const arn = (await latest(ecs))?.serviceDeploymentArn ?? '';
    const ask = (serviceDeploymentArns: string[]) =>
      ecs.send(new DescribeServiceDeploymentsCommand({ serviceDeploymentArns }));
    const { serviceDeployments, failures } = await ask([arn, `${arn}x`]);
    expect(serviceDeployments).toHaveLength(1);
    expect(failures).toEqual([{ arn: `${arn}x`, reason: 'MISSING' }]);
    for (const many of [0, 21])
      await expect(ask(Array.from({ length: many }, () => arn))).rejects.toMatchObject({
        name: 'InvalidParameterException',
      });
  });
});

describe('the truth about a deployment', () => {
  it.each([
    ['fail', undefined, ['progressing', 'tasks-failing', 'failed']],
    ['rollback-new-primary', undefined, ['progressing', 'tasks-failing', 'rolled-back']],
    ['rollback-old-primary', undefined, ['progressing', 'tasks-failing', 'rolled-back']],
    ['success', 10_000, ['progressing', 'draining', 'succeeded']],
    ['success', 0, ['progressing', 'succeeded']],
  ] as const)(
    'that ends with %s and drains for %s ms is told with its instants',
    async (outcome, drainMs, states) => {
      const { sim, clock } = await simulate();
      const web = sim.world.service({ name: 'web', rollout: { outcome, ...(drainMs && { drainMs }) } });
      const at = clock.now();
      sim.world.deploy(web);
      clock.advance(HOUR);
      const [, ...told] = sim.statesOf(web);
      expect(told.map(({ state }) => state)).toEqual(states);
      expect(told[0]?.at).toBe(at);
      expect(sim.stateOf(web, at)).toMatchObject({ state: 'progressing', since: at });
      expect(sim.stateOf(web, at - 1)?.state).toBe('succeeded');
    },
  );
});
