import { describe, expect, test } from 'vitest';
import type { StoppedTask } from '../../../functions/core/model/failure.ts';
import type { Deployment } from '../../../functions/core/model/fleet.ts';
import type { Evidence, ServiceDeployment } from '../../../functions/core/plan/evidence.ts';
import { rolloutOf } from '../../../functions/core/plan/rollout.ts';
import { deployment, draining, NOW, type ServiceDifference, service } from '../../support/build.ts';

const MINUTE = 60_000;

/** PRIMARY, two minutes old and still starting its tasks. */
const young = (different: Partial<Deployment> = {}) =>
  deployment({
    id: 'ecs-svc/9',
    createdAt: NOW - 2 * MINUTE,
    rolloutState: 'IN_PROGRESS',
    running: 0,
    ...different,
  });
const stopped = (different: Partial<StoppedTask> = {}): StoppedTask => ({
  startedBy: 'ecs-svc/9',
  createdAt: NOW - MINUTE,
  stoppedAt: NOW - 1_000,
  failure: { class: 'not-found' },
  ...different,
});
const running = (different: Partial<ServiceDeployment> = {}): Evidence => ({
  serviceDeployments: [{ createdAt: NOW - 2 * MINUTE, status: 'IN_PROGRESS', ...different }],
});
const PAUSE = {
  serviceDeployment: 'arn:aws:ecs:eu-west-1:111122223333:service-deployment/main/api/1',
  hookId: 'hook-1',
  expiresAt: NOW + 60 * MINUTE,
  timeoutAction: 'ROLLBACK',
} as const;

const stateOf = (deployments: readonly Deployment[], evidence: Evidence, different: ServiceDifference = {}) =>
  rolloutOf(service({ deployments, ...different }), evidence, NOW);

describe('new tasks fail', () => {
  test.each<[string, Partial<Deployment>, Evidence]>([
    ['where ECS counts failed tasks', { failed: 1 }, {}],
    ['where ECS counts them and refuses to show them', { failed: 1 }, { stopped: 'refused' }],
    ['where tasks of the deployment have stopped and the count is back at 0', {}, { stopped: [stopped()] }],
    ['in a bake, too', { failed: 2 }, running({ stage: 'BAKE_TIME' })],
    ['where a task of the deployment is stopping', {}, { stopped: [stopped({ stoppedAt: null })] }],
  ])('%s', (_, different, evidence) => {
    expect(stateOf([young(different), draining()], evidence, { strategy: 'CANARY' })).toMatchObject({
      state: 'tasks-failing',
    });
  });

  test('where there is no place for others of them', () => {
    const placement = { class: 'placement' } as const;
    expect(stateOf([young(), draining()], { stopped: [stopped()] }, { placement })).toMatchObject({
      state: 'tasks-failing',
    });
  });

  test.each<[string, StoppedTask]>([
    ['a task of another deployment', stopped({ startedBy: 'ecs-svc/1' })],
    ['a task that no deployment started', stopped({ startedBy: null })],
    ['a task that was stopped in good order', stopped({ failure: undefined })],
    ['a task that stopped 20 minutes ago', stopped({ stoppedAt: NOW - 20 * MINUTE })],
  ])('is not said because of %s', (_, one) => {
    expect(stateOf([young(), draining()], { stopped: [one] })).toEqual({ state: 'progressing' });
  });

  test('as often as ECS counts it, where one of them is shown and there is no place for others', () => {
    const placement = { class: 'placement' } as const;
    expect(
      stateOf([young({ failed: 3 }), draining()], { stopped: [stopped()] }, { placement }),
    ).toMatchObject({
      state: 'tasks-failing',
      failures: 3,
    });
  });

  test('is told with the most frequent reason and the larger count', () => {
    const rare = stopped({ failure: { class: 'network' } });
    expect(stateOf([young({ failed: 1 })], { stopped: [rare, stopped(), stopped()] })).toEqual({
      state: 'tasks-failing',
      failures: 3,
      failure: { class: 'not-found' },
    });
  });
});

describe('a deployment is held up', () => {
  test('by a PAUSE hook, with any strategy', () => {
    for (const strategy of ['ROLLING', 'BLUE_GREEN'] as const)
      expect(stateOf([young(), draining()], running({ approval: PAUSE }), { strategy })).toEqual({
        state: 'awaiting-approval',
        until: PAUSE.expiresAt,
        approval: PAUSE,
      });
  });

  test.each<[string, Partial<ServiceDeployment>, ServiceDifference, string]>([
    ['in its bake', { stage: 'BAKE_TIME' }, { strategy: 'BLUE_GREEN' }, 'baking'],
    ['between two steps', { stage: 'PRODUCTION_TRAFFIC_SHIFT' }, { strategy: 'LINEAR' }, 'baking'],
    [
      'in the shift of all traffic',
      { stage: 'PRODUCTION_TRAFFIC_SHIFT' },
      { strategy: 'BLUE_GREEN' },
      'progressing',
    ],
    ['before its tasks are up', { stage: 'SCALE_UP' }, { strategy: 'CANARY' }, 'progressing'],
    ['that is over', { stage: 'BAKE_TIME', status: 'SUCCESSFUL' }, { strategy: 'BLUE_GREEN' }, 'progressing'],
  ])('%s', (_, different, strategy, state) => {
    expect(stateOf([young(), draining()], running(different), strategy)).toMatchObject({ state });
  });

  test('without an end where ECS does not tell one', () => {
    const { expiresAt: _, ...approval } = PAUSE;
    expect(stateOf([young()], running({ approval }))).not.toHaveProperty('until');
    const baking = running({ stage: 'BAKE_TIME' });
    expect(stateOf([young()], baking, { strategy: 'CANARY' })).toStrictEqual({ state: 'baking' });
  });

  test('by no bake where it is a rolling one', () => {
    expect(stateOf([young()], running({ stage: 'BAKE_TIME' })).state).toBe('progressing');
  });

  test('until the end that ECS tells', () => {
    const baking = running({ stage: 'BAKE_TIME', stageEndsAt: NOW + 5 });
    expect(stateOf([young()], baking, { strategy: 'CANARY' })).toEqual({ state: 'baking', until: NOW + 5 });
  });
});

describe('no task can be placed', () => {
  const placement = { class: 'placement' } as const;

  test('is over once there is a place, whatever ECS has counted', () => {
    for (const place of [{ pending: 2 }, { running: 1, pending: 1 }])
      expect(stateOf([young({ ...place, failed: 12 }), draining()], { stopped: [] }, { placement })).toEqual({
        state: 'progressing',
      });
    const up = [young({ running: 2, failed: 12 }), draining()];
    expect(stateOf(up, { stopped: [] }, { placement })).toEqual({ state: 'draining', oldTasks: 1 });
  });

  test('where none starts, none has stopped and an event says why', () => {
    expect(stateOf([young(), draining()], { stopped: [] }, { placement })).toEqual({
      state: 'cannot-place',
      failure: placement,
    });
  });

  test('whatever ECS counts as failed, where it shows no stopped task', () => {
    const stateFor = (evidence: Evidence) =>
      stateOf([young({ failed: 3 }), draining()], evidence, { placement }).state;
    expect(stateFor({ stopped: [] })).toBe('cannot-place');
    expect(stateFor({ stopped: 'refused' })).toBe('tasks-failing');
    // ECS was not asked yet.
    expect(stateFor({})).toBe('progressing');
  });

  test.each<[string, Partial<Deployment>, Evidence, ServiceDifference]>([
    ['without an event', {}, { stopped: [] }, {}],
    ['while the missing ones are starting', { pending: 2 }, { stopped: [] }, { placement }],
    ['where ECS was not asked for stopped tasks', {}, {}, { placement }],
    ['where ECS refuses to show them', {}, { stopped: 'refused' }, { placement }],
    [
      'where a task of the deployment has stopped in good order',
      {},
      { stopped: [stopped({ failure: undefined })] },
      { placement },
    ],
  ])('is not said %s', (_, different, evidence, ofService) => {
    expect(stateOf([young(different), draining()], evidence, ofService).state).toBe('progressing');
  });
});

describe('a deployment drains', () => {
  const up = (different: Partial<Deployment> = {}) => young({ running: 2, ...different });

  test.each<[string, readonly Deployment[], boolean]>([
    ['where ECS has told the old tasks to stop', [up(), draining({ desired: 0 })], true],
    ['where old tasks stay for long', [up({ createdAt: NOW - 15 * MINUTE }), draining()], true],
    ['without opening later waves while ECS still keeps old tasks', [up(), draining()], false],
  ])('%s', (_, deployments, opens) => {
    expect(stateOf(deployments, {})).toEqual({
      state: 'draining',
      oldTasks: 1,
      ...(opens && { opensWaves: true }),
    });
  });

  test('with all of its old tasks, and without opening later waves until ECS has told each to stop', () => {
    const older = [draining({ desired: 0, pending: 2 }), draining({ id: 'ecs-svc/00', running: 3 })];
    expect(stateOf([up(), ...older], {})).toEqual({ state: 'draining', oldTasks: 6 });
  });

  test.each<[string, readonly Deployment[]]>([
    ['where there is no PRIMARY', [draining({ desired: 0 })]],
    ['while a new task is missing', [up({ running: 1 }), draining({ desired: 0 })]],
    ['while a new task is pending', [up({ pending: 1 }), draining({ desired: 0 })]],
    ['where no old task is left', [up(), draining({ running: 0 })]],
    ['where it wants no task', [up({ desired: 0, running: 0 }), draining({ desired: 0 })]],
  ])('only in this case, and not %s', (_, deployments) => {
    expect(stateOf(deployments, {}).state).toBe('progressing');
  });

  test.each<[string, Evidence, string]>([
    ['where its service deployment has succeeded', running({ status: 'SUCCESSFUL' }), 'draining'],
    ['after its bake', running({ stage: 'CLEAN_UP' }), 'draining'],
    ['not while it still starts its tasks', running({ stage: 'SCALE_UP' }), 'progressing'],
    ['not before its traffic is shifted', running({ stage: 'POST_TEST_TRAFFIC_SHIFT' }), 'progressing'],
    ['not where its service deployment is unknown', {}, 'progressing'],
    ['not where ECS shows no service deployment', { serviceDeployments: [] }, 'progressing'],
    ['not where it was stopped', running({ status: 'STOPPED' }), 'progressing'],
    ['not where another has followed it', running({ status: 'PENDING' }), 'progressing'],
  ])('of a blue/green service %s', (_, evidence, state) => {
    const deployments = [up(), draining({ desired: 0 })];
    expect(stateOf(deployments, evidence, { strategy: 'BLUE_GREEN' }).state).toBe(state);
  });
});
