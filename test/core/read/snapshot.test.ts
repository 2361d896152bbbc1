import { describe, expect, test } from 'vitest';
import { match } from '../../../functions/core/match/match.ts';
import { type ClusterArn, clusterArn, nameOf } from '../../../functions/core/model/arn.ts';
import { about } from '../../../functions/core/model/change.ts';
import type { Service } from '../../../functions/core/model/fleet.ts';
import { hintedFleet, NOTHING_SEEN, withRead } from '../../../functions/core/read/snapshot.ts';
import {
  asSubject,
  change,
  deployment,
  draining,
  fleet,
  PARAMETER,
  reference,
  revisionArn,
  SECRET,
  service,
} from '../../support/build.ts';

const cluster = (name: string) => ({
  arn: clusterArn(`arn:aws:ecs:eu-west-1:111122223333:cluster/${name}`),
  name,
  tags: new Map(),
});
const EDGE = cluster('edge');
const inEdge = (name: string, revision = 'api:1') =>
  service({
    name,
    arn: `arn:aws:ecs:eu-west-1:111122223333:service/edge/${name}`,
    cluster: EDGE,
    taskDefinition: revisionArn(revision),
    deployments: [deployment({ taskDefinition: revisionArn(revision) })],
  });
const all = () => true;
const seen = (services: readonly Service[], references?: Parameters<typeof fleet>[1]) =>
  withRead(NOTHING_SEEN, fleet(services, references), all);

describe('a snapshot', () => {
  test('holds the clusters of services and their references, sorted by cluster, name and revision', () => {
    const own = reference({ place: 'service-connect', valueFrom: PARAMETER });
    const also = reference({ place: 'also', valueFrom: 'prod/db', container: null });
    const world = fleet(
      [
        service({
          name: 'web',
          taskDefinition: revisionArn('web:2'),
          also: [also],
          deployments: [
            deployment({ taskDefinition: revisionArn('web:2'), references: [own] }),
            draining({ taskDefinition: revisionArn('api:1') }),
            draining({ taskDefinition: revisionArn('web:1'), running: 0 }),
          ],
        }),
        service(),
        inEdge('worker'),
      ],
      { 'web:2': [PARAMETER], 'web:1': [SECRET], 'api:1': [{}, { place: 'pull', valueFrom: 'reg' }] },
    );
    const { clusters, revisions } = withRead(NOTHING_SEEN, world, all);
    expect([...clusters].map(([arn, services]) => [nameOf(arn), [...services.keys()]])).toEqual([
      ['edge', ['worker']],
      ['main', ['api', 'web']],
    ]);
    expect(clusters.get(service().cluster.arn)?.get('web')).toEqual({
      revisions: [revisionArn('web:2'), revisionArn('api:1')],
      own: [
        { place: 'service-connect', valueFrom: PARAMETER },
        { place: 'also', valueFrom: 'prod/db' },
      ],
    });
    expect([...revisions]).toEqual([
      [
        revisionArn('api:1'),
        [
          { place: 'secrets', valueFrom: SECRET },
          { place: 'pull', valueFrom: 'reg' },
        ],
      ],
      [revisionArn('web:2'), [{ place: 'secrets', valueFrom: PARAMETER }]],
    ]);
  });

  test('holds what the environments of the revisions in use name, and gives it back', () => {
    const mentions = [SECRET, 'rds!db-1a2b', SECRET].map((names) => ({ container: 'app', names }));
    const mentioning = (world: ReturnType<typeof fleet>) => ({
      ...world,
      revisions: new Map(
        [...world.revisions].map(([arn, one]) => [arn, one.kind === 'readable' ? { ...one, mentions } : one]),
      ),
    });
    const world = mentioning(fleet([service()], { 'api:1': [], 'unused:1': [] }));
    const first = withRead(NOTHING_SEEN, world, all);
    expect([...(first.mentions ?? [])]).toEqual([[revisionArn(), [SECRET, 'rds!db-1a2b']]]);
    expect(hintedFleet(first).revisions.get(revisionArn())).toEqual({
      kind: 'readable',
      references: [],
      mentions: [SECRET, 'rds!db-1a2b'].map((names) => ({ container: null, names })),
    });
    const kept = withRead(first, fleet([], {}), () => false);
    expect(kept.mentions).toEqual(first.mentions);
    expect(withRead(first, fleet([service()], { 'api:1': [] }), all).mentions).toBeUndefined();
  });

  test('leaves out a revision that could not be read, unless it was read before', () => {
    const refused = {
      ...fleet([service()], {}),
      revisions: new Map([[revisionArn(), { kind: 'unreadable', why: 'refused' } as const]]),
    };
    expect(withRead(NOTHING_SEEN, refused, all).revisions).toEqual(new Map());
    const before = { ...seen([service()]), mentions: new Map([[revisionArn(), [PARAMETER]]]) };
    expect(withRead(before, refused, all)).toEqual(before);
  });

  test('keeps what ECS refused to show of a cluster that was read: the cluster, or one of its services', () => {
    const [api, web] = [service(), service({ name: 'web' })];
    const before = seen([api, web, inEdge('worker')]);
    const { cluster: main } = api;
    const namesAfter = (refused: Partial<ReturnType<typeof fleet>>) => {
      const { clusters } = withRead(before, { ...fleet([inEdge('worker')]), ...refused }, all);
      return [...clusters].flatMap(([, services]) => [...services.keys()]);
    };
    expect(namesAfter({})).toEqual(['worker']);
    const unreadable = [{ service: web.arn, cluster: 'main', why: 'refused' }];
    expect(namesAfter({ unreadable })).toEqual(['worker', 'web']);
    const unreadableClusters = [{ arn: main.arn, cluster: 'main', why: 'refused' }];
    expect(namesAfter({ unreadableClusters })).toEqual(['worker', 'api', 'web']);
  });

  test('keeps the services of the clusters that were not read, and drops the revisions that no service uses any more', () => {
    const before = seen([service(), inEdge('worker', 'worker:1')], {
      'api:1': [{}],
      'worker:1': [PARAMETER],
    });
    const read = fleet([service({ name: 'new', taskDefinition: revisionArn('new:1'), deployments: [] })], {
      'new:1': [SECRET],
    });
    const isMain = (arn: ClusterArn) => arn === service().cluster.arn;
    const { clusters, revisions } = withRead(before, read, isMain);
    expect([...clusters].flatMap(([, services]) => [...services.keys()])).toEqual(['worker', 'new']);
    expect([...revisions.keys()]).toEqual([revisionArn('new:1'), revisionArn('worker:1')]);
  });
});

describe('the order in a snapshot', () => {
  const names = ['c', 'a', 'd', 'b'];
  const each = names.map((name) =>
    service({
      name,
      arn: `arn:aws:ecs:eu-west-1:111122223333:service/${name}/${name}`,
      cluster: cluster(name),
      taskDefinition: revisionArn(`${name}:1`),
      deployments: [],
    }),
  );
  const references = Object.fromEntries(names.map((name) => [`${name}:1`, []]));

  test.each([
    ['in no order', each],
    ['backwards', each.toSorted((a, b) => (a.name < b.name ? 1 : -1))],
    ['in order', each.toSorted((a, b) => (a.name < b.name ? -1 : 1))],
  ])('is that of the ARNs if the services were read %s', (_, services) => {
    const { clusters, revisions } = seen(services, references);
    expect([...clusters.keys()].map(nameOf)).toEqual(['a', 'b', 'c', 'd']);
    expect([...revisions.keys()].map(nameOf)).toEqual(['a:1', 'b:1', 'c:1', 'd:1']);
    const inOne = services.map((one) => ({ ...one, cluster: EDGE }));
    const [edge] = seen(inOne, references).clusters.values();
    expect([...(edge?.keys() ?? [])]).toEqual(['a', 'b', 'c', 'd']);
  });

  test('has no place for a cluster that has lost its last service', () => {
    expect(withRead(seen([service(), inEdge('worker')]), fleet([service()]), all).clusters.size).toBe(1);
  });
});

describe('the fleet as a snapshot shows it', () => {
  test('matches the same changes as the fleet that was read', () => {
    const also = reference({ place: 'also', valueFrom: PARAMETER, container: null });
    const world = fleet(
      [service({ also: [also] }), inEdge('worker', 'worker:1'), inEdge('other', 'other:1')],
      {
        'api:1': [{}],
        'worker:1': [SECRET],
        'other:1': ['/else'],
      },
    );
    const subjects = [change(), change({ changeId: 'change-2', kind: 'parameter', arn: PARAMETER })];
    const found = (one: typeof world) =>
      match(one, subjects.map(asSubject), 'ignore')
        .flatMap(({ service: { key }, subject, hits }) =>
          hits.map(({ effect, inPrimary }) => `${key} ${about(subject).changeId} ${effect} ${inPrimary}`),
        )
        .toSorted((a, b) => a.localeCompare(b));
    const hinted = hintedFleet(withRead(NOTHING_SEEN, world, all));
    expect(found(hinted)).toEqual(found(world));
    expect(found(hinted)).toHaveLength(3);
  });

  test('shows each service as running, its first revision as PRIMARY and the others as still in use', () => {
    const old = draining({ taskDefinition: revisionArn('api:0') });
    const hinted = hintedFleet(
      seen([service({ deployments: [deployment(), old] })], { 'api:1': [{}], 'api:0': [] }),
    );
    expect(hinted).toMatchObject({ beganAt: 0, unreadable: [], unreadableClusters: [] });
    expect(hinted.revisions.get(revisionArn())).toEqual({
      kind: 'readable',
      references: [reference({ container: null })],
    });
    const part = {
      id: '',
      createdAt: 0,
      rolloutState: null,
      rolloutStateReason: '',
      desired: 1,
      running: 1,
      pending: 0,
      failed: 0,
      references: [],
    };
    expect(hinted.services).toEqual([
      {
        ...service(),
        desired: 1,
        running: 1,
        deployments: [
          { ...part, primary: true, taskDefinition: revisionArn() },
          { ...part, primary: false, taskDefinition: revisionArn('api:0') },
        ],
      },
    ]);
  });

  test('shows a service without a revision, too', () => {
    const also = reference({ place: 'also', valueFrom: 'prod/db' });
    const hinted = hintedFleet(seen([service({ taskDefinition: null, deployments: [], also: [also] })]));
    expect(hinted.services).toMatchObject([{ name: 'api', taskDefinition: null, deployments: [], also: [] }]);
  });
});
