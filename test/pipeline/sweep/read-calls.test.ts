import { describe, expect, test, vi } from 'vitest';
import { match } from '../../../functions/core/match/match.ts';
import type { ClusterArn } from '../../../functions/core/model/arn.ts';
import { CONCURRENCY } from '../../../functions/core/model/limits.ts';
import type { Question } from '../../../functions/core/plan/evidence.ts';
import { rotateFrom } from '../../../functions/core/sweep/rotate.ts';
import type { Run } from '../../../functions/pipeline/run.ts';
import { answerQuestions, readTasks, readWholeFleet } from '../../../functions/pipeline/sweep/read.ts';
import { asSubject, BEFORE, change, deployment, fleet, NOW, service } from '../../support/build.ts';
import { fakeRun } from '../../support/fake-run.ts';

const clusterOf = (name: string) => ({
  ...service().cluster,
  arn: `${service().cluster.arn.slice(0, -4)}${name}` as ClusterArn,
  name,
});
const [A, B, C] = ['a', 'b', 'c'].map((name) => clusterOf(name).arn) as [ClusterArn, ClusterArn, ClusterArn];

describe('the whole fleet', () => {
  const scene = (narrowed: readonly string[] = []) => {
    const calls: unknown[] = [];
    const staged: { readonly fleet: unknown; readonly isRead: (cluster: ClusterArn) => boolean }[] = [];
    const part = { fleet: fleet([service()]), remaining: [B] };
    const ecs: Partial<Run['ports']['ecs']> = {
      listClusters: (globs) => {
        calls.push(globs);
        return Promise.resolve([C, A, B]);
      },
      readFleet: (globs, _, options) => {
        calls.push([globs, options]);
        return Promise.resolve(part);
      },
    };
    const stage = (read: unknown, isRead: (cluster: ClusterArn) => boolean) =>
      void staged.push({ fleet: read, isRead });
    const fleets = { snapshot: { stage } } as unknown as Run['fleets'];
    const scope = { configured: ['prod*'], narrowed };
    return { run: fakeRun({ ecs }, { scope, fleets }).run, calls, staged, part };
  };

  test('is read in an order of its clusters that depends on the hour alone, and is kept but for those that were not read', async () => {
    const { run, calls, staged, part } = scene();
    expect(await readWholeFleet(run)).toBe(part);
    expect(calls).toEqual([[['prod*']], [[['prod*']], { only: rotateFrom([A, B, C], NOW) }]]);
    expect(staged.map((one) => [one.fleet, [A, B, C].map(one.isRead)])).toEqual([
      [part.fleet, [true, false, true]],
    ]);
  });

  test('is read in the clusters that a request narrows it to, and that part is not kept', async () => {
    const GLOBS = [['prod*'], ['a']];
    const { run, calls, staged } = scene(['a']);
    await readWholeFleet(run);
    expect(calls).toEqual([GLOBS, [GLOBS, expect.anything()]]);
    expect(staged).toEqual([]);
  });
});

describe('the tasks of the matched services', () => {
  const [api, web, far] = [
    service({ cluster: clusterOf('a') }),
    service({ name: 'web', cluster: clusterOf('a') }),
    service({ cluster: clusterOf('b') }),
  ] as const;
  const matches = match(fleet([api, web, far]), [asSubject(change())], 'ignore');
  const TASK = { createdAt: BEFORE } as never;
  const scene = (tasksIn: Run['ports']['ecs']['tasksIn']) => fakeRun({ ecs: { tasksIn } });

  test('are read by cluster; a service without one has none', async () => {
    const { run, did } = scene((cluster) =>
      Promise.resolve(cluster === A ? new Map([[api.key, [TASK]]]) : new Map()),
    );
    expect(await readTasks([A, B], matches, run)).toEqual({
      evidence: new Map([
        [api.key, { tasks: [TASK] }],
        [web.key, { tasks: [] }],
        [far.key, { tasks: [] }],
      ]),
      remaining: new Set(),
    });
    expect(did).toEqual([`tasksIn ${A}`, `tasksIn ${B}`]);
  });

  test('are unreadable where ECS refuses to show them, and unknown where the cluster is gone or was not asked', async () => {
    const { run } = scene((cluster) => Promise.resolve(cluster === A ? { why: 'denied' } : undefined));
    expect(await readTasks([A, B], matches, run)).toEqual({
      evidence: new Map([
        [api.key, { unreadable: 'denied' }],
        [web.key, { unreadable: 'denied' }],
      ]),
      remaining: new Set(),
    });
    expect(await readTasks([], matches, run)).toEqual({ evidence: new Map(), remaining: new Set() });
  });

  test('remain if the time for reading ends, and any other failure ends the sweep', async () => {
    const { run, endReading } = scene((cluster) =>
      cluster === A ? Promise.reject(new Error('aborted')) : Promise.resolve(new Map()),
    );
    await expect(readTasks([A, B], matches, run)).rejects.toThrow('aborted');
    endReading();
    expect(await readTasks([A, B], matches, run)).toEqual({
      evidence: new Map([[far.key, { tasks: [] }]]),
      remaining: new Set([A]),
    });
  });
});

describe('a question about a service', () => {
  const one = service({
    cluster: clusterOf('a'),
    deployments: [deployment({ createdAt: BEFORE }), deployment({ createdAt: BEFORE - 1 })],
  });
  const question = (about = one): Question => ({ service: about, askTasks: false });
  const known = { evidence: new Map([[one.key, { tasks: [] }]]), remaining: new Set([B]) };

  test('adds its answer to what is known, as of the youngest deployment', async () => {
    const { run } = fakeRun({ ecs: { answer: () => Promise.resolve({ serviceDeployments: [] }) } });
    const bare = service({ name: 'bare', deployments: [] });
    expect(await answerQuestions([question(), question(bare)], known, run)).toEqual({
      evidence: new Map([
        [one.key, { tasks: [], serviceDeployments: [], asOf: BEFORE }],
        [bare.key, { serviceDeployments: [], asOf: 0 }],
      ]),
      remaining: new Set([B]),
    });
  });

  test('leaves its cluster unread if the time for reading ends, and any other failure ends the sweep', async () => {
    const { run, endReading } = fakeRun({ ecs: { answer: () => Promise.reject(new Error('aborted')) } });
    await expect(answerQuestions([question()], known, run)).rejects.toThrow('aborted');
    endReading();
    expect(await answerQuestions([question()], known, run)).toEqual({
      evidence: known.evidence,
      remaining: new Set([B, A]),
    });
  });
});

describe('of the time that is left', () => {
  test('each of the two long reads may take six tenths, less the reserve at the end', async () => {
    const timeout = vi.spyOn(AbortSignal, 'timeout');
    const ecs = {
      listClusters: () => Promise.resolve([]),
      readFleet: () => Promise.resolve({ fleet: fleet([]), remaining: [] }),
    };
    const scope = { configured: [], narrowed: ['a'] };
    const { run } = fakeRun({ ecs }, { scope, remainingMs: () => 40_000 });
    await readWholeFleet(run);
    await readTasks([], [], run);
    expect(timeout.mock.calls).toEqual([[6_000], [6_000]]);
    timeout.mockRestore();
  });
});

describe('at once are read', () => {
  /** Notes the most calls that were under way at once. */
  const counting = () => {
    const seen = { underWay: 0, most: 0 };
    const call = async <T>(answer: T): Promise<T> => {
      seen.most = Math.max(seen.most, ++seen.underWay);
      await new Promise(setImmediate);
      seen.underWay--;
      return answer;
    };
    return { seen, call };
  };
  const several = (count: number) => Array.from({ length: count }, (_, i) => `${i}`);

  test('the tasks of a few clusters', async () => {
    const { seen, call } = counting();
    const { run } = fakeRun({ ecs: { tasksIn: () => call(new Map()) } });
    const clusters = several(CONCURRENCY.clusters + 2).map((name) => clusterOf(name).arn);
    await readTasks(clusters, [], run);
    expect(seen.most).toBe(CONCURRENCY.clusters);
  });

  test('the answers to as many questions as the quota of ECS allows', async () => {
    const { seen, call } = counting();
    const { run } = fakeRun({ ecs: { answer: () => call({}) } });
    const questions = several(CONCURRENCY.ecsReads + 2).map((name) => ({
      service: service({ name }),
      askTasks: false,
    }));
    await answerQuestions(questions, { evidence: new Map(), remaining: new Set() }, run);
    expect(seen.most).toBe(CONCURRENCY.ecsReads);
  });
});
