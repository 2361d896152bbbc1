import { describe, expect, test } from 'vitest';
import { clusterArn } from '../../../functions/core/model/arn.ts';
import {
  isUnreadable,
  isWhole,
  joinFleets,
  namesByCluster,
  type Revision,
  revisionsInUse,
  unreadableOf,
  unreadIn,
} from '../../../functions/core/model/fleet.ts';
import { deployment, draining, fleet, NOW, revisionArn, service } from '../../support/build.ts';

const refused = (service_ = service()) => ({ service: service_.arn, cluster: 'main', why: 'refused' });
const dark: Revision = { kind: 'unreadable', why: 'no permission' };
const unlisted = (name: string, why: string) => ({
  arn: clusterArn(`arn:aws:ecs:eu-west-1:111122223333:cluster/${name}`),
  cluster: name,
  why,
});
const old = (running: number, pending = 0) =>
  draining({ taskDefinition: revisionArn('api:0'), running, pending });

describe('a fleet', () => {
  const one = {
    ...fleet([service()]),
    unreadable: [refused()],
    unreadableClusters: [unlisted('dark', 'x')],
  };
  const other = {
    ...fleet([service({ name: 'web' })], { 'web:1': [] }),
    unreadableClusters: [unlisted('night', 'y')],
  };

  test('is joined from its parts and began at the given instant', () => {
    expect(joinFleets(NOW - 1, [one, other])).toEqual({
      beganAt: NOW - 1,
      services: [...one.services, ...other.services],
      revisions: new Map([...one.revisions, ...other.revisions]),
      unreadable: [refused()],
      unreadableClusters: [unlisted('dark', 'x'), unlisted('night', 'y')],
    });
    expect(joinFleets(NOW, [])).toEqual({ ...fleet([], {}), beganAt: NOW });
  });

  test('lists what could not be read: services that ECS did not describe, and services with unreadable revisions in use', () => {
    const web = service({ name: 'web', deployments: [deployment(), old(1)] });
    const spent = service({ name: 'spent', deployments: [deployment(), old(0)] });
    const read = { ...fleet([service(), web, spent]), unreadable: [refused(spent)] };
    const world = { ...read, revisions: new Map([...read.revisions, [revisionArn('api:0'), dark] as const]) };
    expect(unreadableOf(world)).toEqual([
      { service: spent.arn, why: 'refused' },
      { service: web.arn, why: 'no permission' },
    ]);
    expect(world.services.map((each) => isUnreadable(each, world))).toEqual([false, true, false]);
    expect(unreadableOf(fleet([service({ taskDefinition: revisionArn('gone:1') })]))).toEqual([]);
  });
});

describe('the revisions in use', () => {
  test.each([
    ['are those of the service and of PRIMARY, each once', service(), ['api:1']],
    [
      'include an older one with a running task',
      service({ deployments: [deployment(), old(1)] }),
      ['api:1', 'api:0'],
    ],
    [
      'include an older one with a pending task',
      service({ deployments: [deployment(), old(0, 1)] }),
      ['api:1', 'api:0'],
    ],
    ['exclude an older one without tasks', service({ deployments: [deployment(), old(0)] }), ['api:1']],
    [
      'include that of a PRIMARY without tasks',
      service({ deployments: [deployment({ running: 0 })], taskDefinition: null }),
      ['api:1'],
    ],
    ['include that of a service without a deployment', service({ deployments: [] }), ['api:1']],
    [
      'are none if neither the service nor a deployment names one',
      service({ deployments: [], taskDefinition: null }),
      [],
    ],
  ])('%s', (_, given, names) => {
    expect(revisionsInUse(given)).toEqual(names.map((name) => revisionArn(name)));
  });
});

test('names of services are grouped by cluster', () => {
  const at = (cluster: string, name: string) => ({
    cluster: clusterArn(`arn:aws:ecs:eu-west-1:111122223333:cluster/${cluster}`),
    name,
  });
  const names = namesByCluster([at('main', 'a'), at('edge', 'b'), at('main', 'c')]);
  expect([...names]).toEqual([
    [at('main', '').cluster, ['a', 'c']],
    [at('edge', '').cluster, ['b']],
  ]);
});

describe('a fleet is read as a whole', () => {
  const read = fleet([service(), service({ name: 'web' })]);
  const unreadable = [refused()];
  const unreadableClusters = [unlisted('dark', 'x')];

  test('if ECS has shown every cluster, service and revision', () => {
    expect(isWhole(read)).toBe(true);
    expect(isWhole(fleet([]))).toBe(true);
  });

  test.each([
    ['a service', { unreadable }],
    ['a cluster', { unreadableClusters }],
    ['a service and a cluster', { unreadable, unreadableClusters }],
    [
      'a revision of one service',
      {
        services: [service({ taskDefinition: revisionArn('x:1') }), service()],
        revisions: new Map([[revisionArn('x:1'), dark]]),
      },
    ],
  ])('but not if it has refused to show %s', (_, different) => {
    expect(isWhole({ ...read, ...different })).toBe(false);
  });
});

test('everything that ECS did not show is named: services and revisions, then clusters', () => {
  const read = {
    ...fleet([service()]),
    unreadable: [refused()],
    unreadableClusters: [unlisted('dark', 'x')],
  };
  const { service: arn, why } = refused();
  expect(unreadIn(read)).toEqual([
    { service: arn, why },
    { cluster: 'dark', why: 'x' },
  ]);
  expect(unreadIn(fleet([service()]))).toEqual([]);
});
