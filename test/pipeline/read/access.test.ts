import { describe, expect, test } from 'vitest';
import { canRead, startPreflight } from '../../support/preflight.ts';
import { SITUATIONS } from '../../support/preflight-situations.ts';

describe('whether an execution role can read what a service refers to:', () => {
  test.each(SITUATIONS)('$title: $certainty', async ({ build, certainty, cause, reads }) => {
    const { sim, ask } = await startPreflight();
    const { role, valueFrom, key, unseen = {} } = build(sim);
    sim.world.service({
      cluster: 'main',
      name: 'api',
      secrets: [valueFrom],
      ...(role && { executionRole: role }),
    });
    const { services } = await ask(['main/api']);
    const [reference] = services[0]?.references ?? [];
    expect(reference?.findings.map((one) => one.cause)).toEqual(cause === undefined ? [] : [cause]);
    expect(services[0]?.certainty).toBe(certainty);
    if (reference === undefined) throw new Error('the service has a reference');
    if (
      !['no-version', 'key-unusable', 'elsewhere', 'role-gone'].includes(cause ?? '') &&
      !reference.valueFrom.startsWith('/aws/')
    )
      expect(canRead(sim, reference, key || undefined, unseen), 'the truth').toBe(reads);
  });
});
