import { describe, expect, test } from 'vitest';
import type { StoppedTask } from '../../../functions/core/model/failure.ts';
import type { Deployment } from '../../../functions/core/model/fleet.ts';
import {
  badEndOf,
  type Evidence,
  endOfLastOldTask,
  isOfRollback,
  isStillStopping,
  looksLikeRollback,
  oldOnesIn,
  type ServiceDeployment,
} from '../../../functions/core/plan/evidence.ts';
import { AFTER, BEFORE, CHANGED_AT, deployment, service } from '../../support/build.ts';

function rollout(different: Partial<ServiceDeployment> = {}): ServiceDeployment {
  return { createdAt: AFTER, status: 'SUCCESSFUL', finishedAt: AFTER + 40, ...different };
}

function stopped(stoppedAt: number | null, createdAt = BEFORE): StoppedTask {
  return { startedBy: 'ecs-svc/1', createdAt, stoppedAt, failure: undefined };
}

const byTask = (at: number) => ({ at, by: 'stopped-task' });
const byRollout = (at: number) => ({ at, by: 'service-deployment' });

describe('the end of the last task from before the change', () => {
  test.each<[string, Evidence, object | undefined]>([
    [
      'is that of the last one that stopped',
      { stopped: [stopped(10), stopped(30), stopped(null), stopped(20)] },
      byTask(30),
    ],
    ['may be that of a task of the same instant', { stopped: [stopped(30, CHANGED_AT)] }, byTask(30)],
    ['is not that of a younger task', { stopped: [stopped(30, CHANGED_AT + 1)] }, undefined],
    [
      'is shown by a task rather than by the deployment',
      { stopped: [stopped(30)], serviceDeployments: [rollout()] },
      byTask(30),
    ],
    [
      'is the end of the youngest deployment that succeeded since, where no stopped task is shown',
      {
        stopped: [],
        serviceDeployments: [
          rollout({ finishedAt: 7 }),
          rollout({ createdAt: AFTER + 1 }),
          rollout({ createdAt: AFTER + 2, status: 'STOPPED', finishedAt: 8 }),
        ],
      },
      byRollout(AFTER + 40),
    ],
    [
      'is the end of the deployment, too, where ECS refuses to show tasks',
      { stopped: 'refused', serviceDeployments: [rollout()] },
      byRollout(AFTER + 40),
    ],
    [
      'is not the end of a deployment that is as old as the change',
      { serviceDeployments: [rollout({ createdAt: CHANGED_AT })] },
      undefined,
    ],
    [
      'is not known from a deployment without an end',
      { serviceDeployments: [{ createdAt: AFTER, status: 'SUCCESSFUL' }] },
      undefined,
    ],
    ['is not known where nothing was asked', {}, undefined],
  ])('%s', (_, evidence, expected) => {
    expect(endOfLastOldTask(evidence, CHANGED_AT)).toEqual(expected);
  });
});

describe('a task from before the change is still stopping', () => {
  test.each<[string, Evidence, boolean]>([
    ['if one has no end yet', { stopped: [stopped(30), stopped(null)] }, true],
    ['but not if all have ended', { stopped: [stopped(30)] }, false],
    ['but not if it is younger', { stopped: [stopped(null, AFTER)] }, false],
    ['but not as far as is known where ECS refuses', { stopped: 'refused' }, false],
    ['but not as far as is known where nothing was asked', {}, false],
  ])('%s', (_, evidence, expected) => {
    expect(isStillStopping(evidence, CHANGED_AT)).toBe(expected);
  });
});

describe('a rollout that did not succeed', () => {
  const back = (createdAt: number) => rollout({ createdAt, status: 'ROLLBACK_SUCCESSFUL' });
  const ended = (createdAt: number) => rollout({ createdAt, status: 'STOPPED' });

  test.each<[string, Evidence, 'rolled-back' | 'failed']>([
    [
      'was rolled back if the youngest deployment since was',
      { serviceDeployments: [back(AFTER)] },
      'rolled-back',
    ],
    [
      'failed if a younger one was stopped',
      { serviceDeployments: [back(AFTER), ended(AFTER + 1)] },
      'failed',
    ],
    [
      'failed if the one that was rolled back is as old as the change',
      { serviceDeployments: [back(CHANGED_AT)] },
      'failed',
    ],
    ['failed if nothing tells of a rollback', {}, 'failed'],
  ])('%s', (_, evidence, expected) => {
    expect(badEndOf(service(), evidence, CHANGED_AT)).toBe(expected);
  });

  test('was rolled back if ECS says so in the reason of its state', () => {
    const deployments = [deployment({ rolloutStateReason: 'rolling back to deployment ecs-svc/0' })];
    expect(badEndOf(service({ deployments }), {}, CHANGED_AT)).toBe('rolled-back');
    expect(badEndOf(service({ deployments }), { serviceDeployments: [ended(AFTER)] }, CHANGED_AT)).toBe(
      'rolled-back',
    );
  });

  test('cannot be told from the deployments of a service without a PRIMARY', () => {
    expect(looksLikeRollback(service({ deployments: [] }))).toBe(false);
  });
});

describe('a deployment may be one that a rollback made', () => {
  const TOGETHER_MS = 2_000;
  const of = (
    createdAt: number,
    serviceDeployments: readonly ServiceDeployment[],
    younger: readonly Deployment[] = [],
  ) => {
    const one = deployment({ createdAt });
    const evidence = { asOf: AFTER, serviceDeployments };
    return isOfRollback(one, service({ deployments: [...younger, one] }), evidence, CHANGED_AT);
  };
  const back = (createdAt: number) => [rollout({ createdAt, status: 'ROLLBACK_SUCCESSFUL' })];

  test.each([
    ['if the last service deployment up to then was rolled back', AFTER, back(BEFORE), true],
    ['if it was created within two seconds of it', AFTER, back(AFTER + TOGETHER_MS), true],
    ['but not if the other was created later', AFTER, back(AFTER + TOGETHER_MS + 1), false],
    ['but not if it is as old as the change', CHANGED_AT, back(BEFORE), false],
    ['but not if it is younger than what was asked', AFTER + 1, back(BEFORE), false],
    ['but not if nothing is known of earlier ones', AFTER, [], false],
  ])('%s', (_, createdAt, serviceDeployments, expected) => {
    expect(of(createdAt, serviceDeployments)).toBe(expected);
  });

  test('even where the next deployment began a moment later', () => {
    const next = AFTER + TOGETHER_MS - 200;
    const both = [...back(BEFORE), rollout({ createdAt: next - 10, status: 'IN_PROGRESS' })];
    expect(of(AFTER, both, [deployment({ createdAt: next })])).toBe(true);
  });
});

test.each([undefined, 'refused'] as const)(
  'no stopped task is old where the stopped tasks are %s',
  (none) => {
    expect(oldOnesIn(none, CHANGED_AT)).toEqual([]);
  },
);
