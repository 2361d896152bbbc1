import { expect, test } from 'vitest';
import { replay } from './replay.ts';
import { PLAIN_SETTINGS, type Scenario } from './scenario.ts';

/** A scenario with one secret and without services, actions or faults. A test states only the differences. */
function scenario(
  different: Partial<Omit<Scenario, 'settings'>> & { readonly settings?: Partial<Scenario['settings']> },
): Scenario {
  return {
    seed: 1,
    clusters: [],
    resources: [{ kind: 'secret', name: 'prod/db' }],
    services: [],
    actions: [],
    deliveries: [],
    faults: [],
    deaths: [],
    ...different,
    settings: { ...PLAIN_SETTINGS, ...different.settings },
  };
}

const API = {
  name: 'api',
  cluster: 'prod',
  kind: 'rolling',
  desired: 2,
  uses: [{ of: 'prod/db', as: 'full', in: 'secrets' }],
  ageMs: 86_400_000,
} as const;
const REASON = 'Task failed container health checks';

test('a rollback that ends after a change does not make a service fresh if its deployment is older', async () => {
  const rollout = { outcome: 'rollback-new-primary', durationMs: 180_000, reason: REASON } as const;
  const violations = await replay(
    scenario({
      services: [{ ...API, kind: 'blue-green', breaker: true, rollout }],
      actions: [
        { at: 10_000, do: 'deploy', service: 'api' },
        { at: 60_000, do: 'put', secret: 'prod/db' },
        { at: 150_000, do: 'behave', service: 'api', rollout: { outcome: 'success' } },
      ],
    }),
  );
  expect(violations).toEqual([]);
});

test('a deployment that only begins to replace the tasks of such a rollback does not make a service fresh', async () => {
  const rollout = { outcome: 'rollback-new-primary', durationMs: 180_000, reason: REASON } as const;
  const violations = await replay(
    scenario({
      services: [{ ...API, kind: 'blue-green', breaker: true, rollout }],
      actions: [
        { at: 10_000, do: 'deploy', service: 'api' },
        { at: 60_000, do: 'put', secret: 'prod/db' },
      ],
    }),
  );
  expect(violations).toEqual([]);
});

test.each([187, 188, 189, 190, 191])(
  'a rollback at second 190 does not make a service fresh if a parameter changes at second %i',
  async (second) => {
    const rollout = { outcome: 'rollback-new-primary', durationMs: 180_000, reason: REASON } as const;
    const violations = await replay(
      scenario({
        resources: [{ kind: 'parameter', name: '/app/db' }],
        services: [
          {
            ...API,
            kind: 'blue-green',
            uses: [{ of: '/app/db', as: 'full', in: 'secrets' }],
            breaker: true,
            rollout,
          },
        ],
        actions: [
          { at: 10_000, do: 'deploy', service: 'api' },
          { at: 150_000, do: 'behave', service: 'api', rollout: { outcome: 'success' } },
          { at: second * 1_000, do: 'put-parameter', parameter: '/app/db' },
        ],
      }),
    );
    expect(violations).toEqual([]);
  },
);

test('a rollback that ends between the questions to ECS and the last look makes no service fresh (seed 70498)', async () => {
  const violations = await replay(
    scenario({
      resources: [{ kind: 'parameter', name: 'root' }],
      services: [
        {
          ...API,
          cluster: 'shared',
          desired: 1,
          uses: [{ of: 'root', as: 'full', in: 'log' }],
          rollout: { outcome: 'rollback-new-primary', durationMs: 30_000, failAfter: 0, reason: REASON },
          ageMs: 43_200_000,
          inProgress: true,
        },
      ],
      actions: [{ at: 24_821, do: 'put-parameter', parameter: 'root' }],
      settings: { windowMs: 5_000, page: 2 },
    }),
  );
  expect(violations).toEqual([]);
});

test('a secret that only a tag names and that is scheduled for deletion is told by the sweep (seed 70437)', async () => {
  const violations = await replay(
    scenario({
      services: [{ ...API, desired: 1, uses: [{ of: 'prod/db', as: 'full', in: 'also' }] }],
      actions: [
        { at: 18_311, do: 'rollback', secret: 'prod/db' },
        { at: 57_694, do: 'delete-secret', secret: 'prod/db' },
      ],
      deliveries: [
        { event: 1, dropped: true },
        { event: 2, dropped: true },
        { event: 3, dropped: true },
      ],
    }),
  );
  expect(violations).toEqual([]);
});

test('a rolling deployment that waits for a person is not interrupted', async () => {
  const violations = await replay(
    scenario({
      services: [
        {
          ...API,
          rollout: { durationMs: 2_000 },
          pauses: [{ stage: 'POST_SCALE_UP', timeoutMinutes: 10, timeoutAction: 'CONTINUE' }],
        },
      ],
      actions: [
        { at: 10_000, do: 'deploy', service: 'api' },
        { at: 90_000, do: 'put', secret: 'prod/db' },
      ],
    }),
  );
  expect(violations).toEqual([]);
});

test('of more services than MAX_SERVICES none is redeployed at a later look, not even one that was unread (seed 7012)', async () => {
  const violations = await replay(
    scenario({
      settings: { env: { MAX_SERVICES: '1' } },
      services: ['a', 'b', 'c'].map((name) => ({ ...API, name, cluster: name })),
      actions: [{ at: 10_000, do: 'update', secret: 'prod/db' }],
      deliveries: [{ event: 2, delayMs: 200_000 }],
      faults: [{ kind: 'invalid-parameter', operation: 'DescribeTasks', nth: 1, times: 1 }],
    }),
  );
  expect(violations).toEqual([]);
});

/** A change about every twenty seconds, and no pause between the redeploys for them. */
const PUTS = [64_451, 84_451, 104_451].map((at) => ({ at, do: 'put', secret: 'prod/db' }) as const);
const BURST = { env: { COOLDOWN_SECONDS: '0' }, windowMs: 5_000 };

test('a redeploy for another change that is refused does not end what a change waits for (seed 1394)', async () => {
  const violations = await replay(
    scenario({
      services: [{ ...API, desired: 1, ageMs: 1_800_000 }],
      actions: PUTS,
      faults: [{ kind: 'access-denied', operation: 'UpdateService', nth: 3, times: 1 }],
      settings: BURST,
    }),
  );
  expect(violations).toEqual([]);
});

test('an early redeploy for one change does not make the service fresh for a change that follows it (seed 974)', async () => {
  const violations = await replay(
    scenario({
      services: [{ ...API, desired: 1 }],
      crowds: [{ cluster: 'prod', count: 80 }],
      actions: PUTS,
      settings: BURST,
    }),
  );
  expect(violations).toEqual([]);
});

test('the deployment of a rollback is known a moment before the next deployment (seed 1473)', async () => {
  const violations = await replay(
    scenario({
      services: [
        {
          ...API,
          cluster: 'prod-a',
          name: 's2',
          desired: 1,
          ageMs: 60_000,
          pauses: [{ stage: 'PRE_SCALE_UP', timeoutMinutes: 90, timeoutAction: 'ROLLBACK' }],
        },
      ],
      actions: [
        { at: 97_465, do: 'put', secret: 'prod/db' },
        { at: 117_465, do: 'put', secret: 'prod/db' },
      ],
      deaths: [{ invocation: 3, call: 5, after: false }],
      settings: { ...BURST, skewsMs: [4_893, 263] },
    }),
  );
  expect(violations).toEqual([]);
});

test('deployments that a rollback has removed count in the hourly limit (seed 90017)', async () => {
  const rollout = {
    outcome: 'rollback-old-primary',
    durationMs: 1_200_000,
    failAfter: 0,
    reason: REASON,
  } as const;
  const violations = await replay(
    scenario({
      services: [{ ...API, desired: 1, rollout }],
      actions: [
        { at: 573_214, do: 'rotate', secret: 'prod/db', stepMs: 0 },
        { at: 577_191, do: 'deploy', service: 'api' },
        { at: 3_990_426, do: 'rotate', secret: 'prod/db', stepMs: 300 },
      ],
      settings: { env: { MAX_REDEPLOYS_PER_HOUR: '2' } },
    }),
  );
  expect(violations).toEqual([]);
});

test('an exposure lasts as long as the rollout that made the service fresh without a redeploy (seed 1246)', async () => {
  const rollout = { outcome: 'cannot-place', durationMs: 2_000, failAfter: 0 } as const;
  const violations = await replay(
    scenario({
      services: [
        { ...API, desired: 1, kind: 'express', rollout },
        { ...API, name: 'other', desired: 1 },
      ],
      actions: [
        { at: 280_941, do: 'put', secret: 'prod/db' },
        { at: 479_116, do: 'put', secret: 'prod/db' },
        { at: 1_289_582, do: 'mend', service: 'api' },
      ],
    }),
  );
  expect(violations).toEqual([]);
});

test.each(['rollback-new-primary', 'rollback-old-primary'] as const)(
  'an early redeploy that is refused does not make a service fresh whose rollout ended as %s',
  async (outcome) => {
    const violations = await replay(
      scenario({
        resources: [
          { kind: 'secret', name: 'prod/db' },
          { kind: 'secret', name: 'prod/two' },
        ],
        services: [
          {
            ...API,
            desired: 1,
            uses: [...API.uses, { of: 'prod/two', as: 'full', in: 'secrets' }],
            breaker: true,
            rollout: { outcome, durationMs: 60_000, failAfter: 0, reason: REASON },
          },
        ],
        crowds: [{ cluster: 'prod', count: 80 }],
        actions: [
          { at: 60_000, do: 'put', secret: 'prod/db' },
          { at: 149_000, do: 'put', secret: 'prod/two' },
        ],
        faults: [{ kind: 'access-denied', operation: 'UpdateService', nth: 2, times: 1 }],
        settings: BURST,
      }),
    );
    expect(violations).toEqual([]);
  },
);

test('an exposure lasts as long as the old tasks of a service that was scaled to zero (seed 70428)', async () => {
  const rollout = { outcome: 'fail', durationMs: 180_000, failAfter: 0, reason: REASON } as const;
  const violations = await replay(
    scenario({
      services: [
        { ...API, rollout },
        { ...API, name: 'web' },
      ],
      actions: [
        { at: 10_000, do: 'put', secret: 'prod/db' },
        { at: 150_000, do: 'scale', service: 'api', count: 0 },
        { at: 250_000, do: 'deploy', service: 'api' },
      ],
    }),
  );
  expect(violations).toEqual([]);
});

test('a deployment that waits for a person is not interrupted where ECS refuses to tell so (seed 425455)', async () => {
  const violations = await replay(
    scenario({
      seed: 425455,
      resources: [{ kind: 'parameter', name: 'root' }],
      services: [
        {
          name: 's0',
          cluster: 'prod-a',
          kind: 'rolling',
          desired: 1,
          uses: [{ of: 'root', as: 'full', in: 'service-connect' }],
          ageMs: 86_400_000,
          pauses: [{ stage: 'POST_SCALE_UP', timeoutMinutes: 90, timeoutAction: 'ROLLBACK' }],
        },
      ],
      actions: [
        { at: 171_684, do: 'deploy', service: 's0' },
        { at: 215_457, do: 'put-parameter', parameter: 'root' },
      ],
      faults: [{ kind: 'client-error', operation: 'DescribeServiceDeployments', nth: 2, times: 1 }],
    }),
  );
  expect(violations).toEqual([]);
});

test('what ECS shows only later is not redeployed where too many were left at the first look (seed 317)', async () => {
  const stale = (name: string, cluster: string) => ({ ...API, name, cluster });
  const violations = await replay(
    scenario({
      services: [stale('a', 'prod'), stale('b', 'prod'), stale('dark', 'shared')],
      actions: [{ at: 10_000, do: 'put', secret: 'prod/db' }],
      faults: [{ kind: 'access-denied', operation: 'ListServices', in: 'shared', at: 0, forMs: 120_000 }],
      settings: { env: { MAX_SERVICES: '1' } },
    }),
  );
  expect(violations).toEqual([]);
});

test('a rotation that has ended is not waited for when a value is written by hand since (seed 424776)', async () => {
  const violations = await replay(
    scenario({
      seed: 424776,
      resources: [
        { kind: 'secret', name: 'prod/db' },
        { kind: 'secret', name: 'rds!db-0c9f' },
      ],
      services: [
        {
          ...API,
          ageMs: 20_000,
          uses: [
            { of: 'prod/db', as: 'key', in: 'secrets' },
            { of: 'rds!db-0c9f', as: 'partial', in: 'secrets' },
          ],
        },
      ],
      actions: [
        { at: 557, do: 'rotate', secret: 'prod/db', stepMs: 0 },
        { at: 1_242, do: 'rotate', secret: 'rds!db-0c9f', stepMs: 0 },
        { at: 2_947, do: 'put', secret: 'rds!db-0c9f' },
      ],
    }),
  );
  expect(violations).toEqual([]);
});

test('a sweep that has not read everything counts the later waves towards the cap all the same (seed 463)', async () => {
  const stale = (name: string, cluster: string, wave = 0) => ({ ...API, name, cluster, wave });
  const violations = await replay(
    scenario({
      services: [stale('a', 'shared'), stale('b', 'shared', 1), stale('dark', 'prod')],
      actions: [
        { at: 16_172, do: 'put', secret: 'prod/db' },
        { at: 1_336_172, do: 'sweep', heal: true },
      ],
      deliveries: [
        { event: 1, dropped: true },
        { event: 2, dropped: true },
      ],
      faults: [
        { kind: 'invalid-parameter', operation: 'DescribeServices', in: 'prod', at: 0, forMs: 1_400_000 },
      ],
      settings: { env: { MAX_SERVICES: '1' } },
    }),
  );
  expect(violations).toEqual([]);
});
