import { describe, expect, test } from 'vitest';
import { clusterArn } from '../../functions/core/model/arn.ts';
import {
  isUnreadable,
  joinFleets,
  namesByCluster,
  revisionsInUse,
  unreadableOf,
} from '../../functions/core/model/fleet.ts';
import { deployment, draining, fleet, NOW, revisionArn, service } from '../build.ts';

const refused = (service_ = service()) => ({ service: service_.arn, cluster: 'main', why: 'refused' });
const dark = { kind: 'unreadable', why: 'no permission' } as const;
const old = (running: number, pending = 0) =>
  draining({ taskDefinition: revisionArn('api:0'), running, pending });

describe('a fleet', () => {
  const one = {
    ...fleet([service()]),
    unreadable: [refused()],
    unreadableClusters: [{ cluster: 'dark', why: 'x' }],
  };
  const other = {
    ...fleet([service({ name: 'web' })], { 'web:1': [] }),
    unreadableClusters: [{ cluster: 'night', why: 'y' }],
  };

  test('is the sum of its parts, as old as is said', () => {
    expect(joinFleets(NOW - 1, [one, other])).toEqual({
      beganAt: NOW - 1,
      services: [...one.services, ...other.services],
      revisions: new Map([...one.revisions, ...other.revisions]),
      unreadable: [refused()],
      unreadableClusters: [
        { cluster: 'dark', why: 'x' },
        { cluster: 'night', why: 'y' },
      ],
    });
    expect(joinFleets(NOW, [])).toEqual({ ...fleet([], {}), beganAt: NOW });
  });

  test('tells what of it could not be read: services that ECS would not describe, and revisions in use', () => {
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

describe('in use are', () => {
  test.each([
    ['the revision of the service and that of PRIMARY, once', service(), ['api:1']],
    ['older ones with a task', service({ deployments: [deployment(), old(1)] }), ['api:1', 'api:0']],
    [
      'older ones with a pending task',
      service({ deployments: [deployment(), old(0, 1)] }),
      ['api:1', 'api:0'],
    ],
    ['no older ones without', service({ deployments: [deployment(), old(0)] }), ['api:1']],
    [
      'PRIMARY’s without a task',
      service({ deployments: [deployment({ running: 0 })], taskDefinition: null }),
      ['api:1'],
    ],
    ['the service’s without a deployment', service({ deployments: [] }), ['api:1']],
    ['none of neither', service({ deployments: [], taskDefinition: null }), []],
  ])('%s', (_, given, names) => {
    expect(revisionsInUse(given)).toEqual(names.map((name) => revisionArn(name)));
  });
});

test('names of services are told cluster by cluster', () => {
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
