import { expect, test } from 'vitest';
import { clusterArn, type TaskDefinitionArn } from '../../../functions/core/model/arn.ts';
import type { Revision } from '../../../functions/core/model/fleet.ts';
import { addPart, startScan } from '../../../functions/core/read/scan.ts';
import { change, fleet, NOW, PARAMETER, revisionArn, SECRET, service } from '../../support/build.ts';

const LEFT = [clusterArn('arn:aws:ecs:eu-west-1:111122223333:cluster/edge')];
const notice = {
  changeId: 'n',
  kind: 'parameter',
  arn: PARAMETER,
  notice: 'deleted',
  at: NOW,
  source: 'a test',
} as const;
const using = (name: string, revision: string) =>
  service({ name, taskDefinition: revisionArn(revision), deployments: [] });
const place = (name: string) => ({ cluster: service().cluster.arn, name });

test('a part of the fleet adds what ECS does not show, each once, and services that only name a resource', () => {
  const revisions = new Map([
    [
      revisionArn(),
      { kind: 'readable', references: [], mentions: [{ container: null, names: SECRET }] } as const,
    ],
  ]);
  const refused = service({ name: 'refused' }).arn;
  const unreadableClusters = ['edge', 'far'].map((name) => ({
    arn: clusterArn(`arn:aws:ecs:eu-west-1:111122223333:cluster/${name}`),
    cluster: name,
    why: 'x',
  }));
  const unreadable = [{ service: refused, cluster: 'main', why: 'x' }];
  const part = { ...fleet([service({ name: 'names' })]), revisions, unreadable, unreadableClusters };
  const after = addPart(startScan([change()], [], NOW), { fleet: part, remaining: LEFT });
  expect(after.matched).toEqual(['names', 'refused'].map(place));
  expect(after.unread).toEqual(unreadableClusters);
  const next = { ...fleet([]), unreadableClusters: unreadableClusters.slice(1) };
  expect(addPart(after, { fleet: next, remaining: [] }).unread).toEqual(unreadableClusters);
});

test('a scan begins with the whole fleet remaining and nothing found', () => {
  expect(startScan([change()], [notice], NOW)).toEqual({
    changes: [change()],
    notices: [notice],
    firstHandledAt: NOW,
    matched: [],
    started: [],
    remaining: 'all',
    unread: [],
  });
});

test('a part of the fleet adds the services that refer to a subject, also as a registry credential, or cannot be read', () => {
  const world = fleet(
    [
      using('secret', 'api:1'),
      using('gone', 'api:2'),
      using('pull', 'api:3'),
      using('no', 'api:4'),
      using('dark', 'api:5'),
    ],
    { 'api:1': [{}], 'api:2': [PARAMETER], 'api:3': [{ place: 'pull' }], 'api:4': ['/else'] },
  );
  const dark: [TaskDefinitionArn, Revision] = [revisionArn('api:5'), { kind: 'unreadable', why: 'refused' }];
  const part = { ...world, revisions: new Map([...world.revisions, dark]) };
  const after = addPart(startScan([change()], [notice], NOW), { fleet: part, remaining: LEFT });
  expect(after.matched).toEqual(['secret', 'gone', 'pull', 'dark'].map(place));
  expect(after.remaining).toEqual(LEFT);
  const again = addPart(
    { ...after, matched: [place('before'), ...after.matched] },
    { fleet: part, remaining: [] },
  );
  expect(again.matched).toEqual(['before', 'secret', 'gone', 'pull', 'dark'].map(place));
});
