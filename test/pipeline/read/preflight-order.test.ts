import { describe, expect, test } from 'vitest';
import { match } from '../../../functions/core/match/match.ts';
import type { AccessFinding } from '../../../functions/core/model/access.ts';
import type { Service } from '../../../functions/core/model/fleet.ts';
import type { RoleNeed } from '../../../functions/core/plan/access-questions.ts';
import { makePlan } from '../../../functions/core/plan/plan.ts';
import type { Policy } from '../../../functions/core/plan/policy.ts';
import { NOTHING_EARLIER } from '../../../functions/core/plan/waves.ts';
import { readAccess, readObstacles } from '../../../functions/pipeline/read/obstacles.ts';
import type { Run } from '../../../functions/pipeline/run.ts';
import { asSubject, change, fleet, NOW, PARAMETER, POLICY, SECRET, service } from '../../support/build.ts';
import { fakeRun } from '../../support/fake-run.ts';

const api = service();
const fragile = service({ name: 'fragile', minimumHealthyPercent: 99 });
const FINDING = { certainty: 'cannot', cause: 'implicit-deny' } as AccessFinding;

/** Two resources are needed by every service, and the parameter is gone if a test says so. */
function scene(
  preflight: Policy['preflight'],
  { services = [api] as readonly Service[], gone = false } = {},
) {
  const world = fleet(services, { 'api:1': [SECRET, PARAMETER] });
  const policy = { ...POLICY, preflight };
  const subjects = [asSubject(change())];
  const matches = match(world, subjects, 'ignore');
  const basis = { fleet: world, subjects, matches, evidence: new Map(), policy, now: NOW };
  const { redeploys } = makePlan({ ...basis, earlier: NOTHING_EARLIER });
  const asked: (readonly string[])[] = [];
  const access = {
    ask: (needs: readonly RoleNeed[]) => {
      asked.push(needs.map(({ reference }) => reference.valueFrom));
      return Promise.resolve(new Map(needs.map((need) => [need, { arn: '', findings: [FINDING] }])));
    },
  } as unknown as Run['access'];
  const fake = fakeRun(
    {
      parameters: {
        describeAll: (arns) =>
          Promise.resolve({ found: gone ? [] : arns.map((arn) => ({ arn, changedAt: 1 })), refused: [] }),
      },
    },
    { policy, access },
  );
  return { ...fake, world, redeploys, asked };
}

describe('what stands against redeploys', () => {
  test('is nothing where everything stands, and roles are not asked about', async () => {
    const { run, redeploys, world, did, asked } = scene('off');
    expect(await readObstacles(redeploys, world, [], run)).toEqual(new Map());
    expect(did).toEqual([`describeAll ${PARAMETER}`]);
    expect(asked).toEqual([]);
  });

  test('is what is gone, since the look that saw it first', async () => {
    const { run, redeploys, world } = scene('off', { gone: true });
    const found = await readObstacles(redeploys, world, [{ id: PARAMETER, at: NOW - 7 }], run);
    expect(found.get(api.key)).toMatchObject({
      found: [{ problem: 'not-found', kind: 'parameter', arn: PARAMETER }],
      missing: [{ id: PARAMETER, at: NOW - 7 }],
    });
    expect(found.get(api.key)).not.toHaveProperty('access');
  });

  test.each(['warn', 'block'] as const)('is told beside what the role may read: %s', async (mode) => {
    const { run, redeploys, world, asked } = scene(mode);
    const found = await readObstacles(redeploys, world, [], run);
    const findings = [FINDING, FINDING];
    expect(found.get(api.key)).toMatchObject({ found: [], access: { certainty: 'cannot', findings } });
    expect(found.get(api.key)?.verdict?.action).toBe(mode === 'block' ? 'skip' : undefined);
    expect(asked).toEqual([[], [SECRET, PARAMETER]]);
  });

  test('is asked for within a fifth of the time, so that the rest is for the redeploys', async () => {
    const { redeploys, world } = scene('off');
    let given: AbortSignal | undefined;
    const { run } = fakeRun(
      {
        parameters: {
          describeAll: (_, signal) => {
            given = signal;
            return Promise.resolve({ found: [], refused: [] });
          },
        },
      },
      { remainingMs: () => 30_000 },
    );
    await readObstacles(redeploys, world, [], run);
    expect(given).not.toBe(run.reading);
    expect(given?.aborted).toBe(false);
  });
});

describe('what execution roles may read is asked', () => {
  test.each([[[api, fragile]], [[fragile, api]]])(
    'first for services whose tasks ECS stops before new ones run',
    async (services) => {
      const { run, world, asked } = scene('warn', { services });
      const found = await readAccess(services, world, run);
      expect([...found.keys()]).toEqual([fragile.key, api.key]);
      expect(asked).toEqual([
        [SECRET, PARAMETER],
        [SECRET, PARAMETER],
      ]);
    },
  );

  test('and nothing speaks against a role about which nothing is found', async () => {
    const { run, world } = scene('warn');
    const access = { ask: () => Promise.resolve(new Map()) } as unknown as Run['access'];
    const found = await readAccess([api], world, { ...run, access });
    expect(found.get(api.key)).toEqual({ certainty: 'nothing-against', findings: [] });
  });
});
