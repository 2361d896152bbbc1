import { expect, test } from 'vitest';
import { possibleMatches } from '../../../functions/core/match/match.ts';
import { interrupts } from '../../../functions/core/plan/interruption.ts';
import { makePlan } from '../../../functions/core/plan/plan.ts';
import { NOTHING_EARLIER } from '../../../functions/core/plan/waves.ts';
import {
  asSubject,
  change,
  fleet,
  NOW,
  POLICY,
  type ServiceDifference,
  service,
} from '../../support/build.ts';

const sized = (desired: number, minimumHealthyPercent: number, maximumPercent: number) =>
  service({ desired, running: desired, minimumHealthyPercent, maximumPercent });

test.each([
  [1, 0, 100, true],
  [1, 0, 199, true],
  [1, 0, 200, false],
  [1, 50, 100, false],
  [1, 1, 100, false],
  [4, 0, 100, true],
  [4, 0, 124, true],
  [4, 0, 125, false],
  [4, 25, 100, false],
  [4, 100, 200, false],
])('%i tasks at %i/%i percent: a redeploy interrupts the service: %s', (desired, min, max, expected) => {
  expect(interrupts(sized(desired, min, max))).toBe(expected);
});

test.each<[string, ServiceDifference]>([
  ['is deployed beside its old tasks', { strategy: 'BLUE_GREEN' }],
  ['wants no task', { desired: 0 }],
  ['runs no task', { running: 0, pending: 1 }],
])('a service that %s is not interrupted', (_, different) => {
  expect(interrupts(service({ ...sized(1, 0, 100), ...different }))).toBe(false);
});

test.each([
  [{}, { action: 'redeploy', interrupts: true }],
  [{ createdAt: NOW - 20_000 }, { action: 'wait', reason: 'cooldown', interrupts: true }],
  [{ createdAt: NOW }, { action: 'skip', reason: 'already-fresh' }],
])('a decision says so if it leads to a redeploy: %#', (primary, expected) => {
  const [deployment] = service().deployments;
  const deployments = deployment === undefined ? [] : [{ ...deployment, ...primary }];
  const world = fleet([service({ ...sized(1, 0, 100), deployments })]);
  const subjects = [asSubject(change())];
  const matches = possibleMatches(world, subjects, 'ignore');
  const { redeploys, others } = makePlan({
    fleet: world,
    subjects,
    matches,
    evidence: new Map(),
    policy: POLICY,
    earlier: NOTHING_EARLIER,
    now: NOW,
  });
  const [decision] = [...redeploys, ...others].map((one) => one.decision);
  expect(decision).toMatchObject(expected);
  expect(decision?.interrupts).toBe('interrupts' in expected ? true : undefined);
});
