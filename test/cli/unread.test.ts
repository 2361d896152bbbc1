import { describe, expect, it } from 'vitest';
import type { Simulator } from '../simulator/index.ts';
import { changed, services } from './fleets.ts';
import { account, esr } from './terminal.ts';

/** Two services for a secret, of which ECS does not show one. */
function world(sim: Simulator, operation: string, named: string) {
  const secret = changed(sim, 'prod/db');
  services(sim, secret, 'prod', { stale: 0, fresh: 1 });
  sim.world.service({ cluster: 'other', name: 'hidden', secrets: [secret.arn] });
  sim.faults.add({
    operation,
    match: (input) => JSON.stringify(input).includes(named),
    kind: 'client-error',
    code: 'InvalidParameterException',
    times: Infinity,
  });
}

const REFUSED = [
  ['DescribeTaskDefinition', 'hidden', 'other/hidden'],
  ['DescribeServices', 'hidden', 'other/hidden'],
  ['ListServices', 'other', 'other'],
] as const;

describe.concurrent('where ECS does not show everything', () => {
  it.concurrent.for(REFUSED)(
    'uses says what may refer to it, too: %s',
    async ([operation, named, name], context) => {
      const sim = await account(context);
      world(sim, operation, named);
      const { out, code } = await esr(sim, 'uses', 'prod/db');
      expect(out).toContain('prod/api-1');
      expect(out).toContain(`ECS does not show everything, so more may refer to it: ${name}`);
      expect(code).toBe(2);
      const json = JSON.parse((await esr(sim, 'uses', 'prod/db', '-o', 'json')).out);
      expect(json).toMatchObject({ unreadable: [{ why: expect.any(String) }] });
    },
  );

  it.concurrent.for(REFUSED)('doctor access says so: %s', async ([operation, named, name], context) => {
    const sim = await account(context);
    world(sim, operation, named);
    const { out, code } = await esr(sim, 'doctor', 'access', 'prod/db');
    expect(out).toContain(`ECS does not show everything, so more may refer to it: ${name}`);
    expect(code).toBe(3);
  });

  it.concurrent.for(REFUSED.slice(0, 2))(
    'a service is not said to refer to nothing: %s',
    async ([operation, named], context) => {
      const sim = await account(context);
      world(sim, operation, named);
      const uses = await esr(sim, 'uses', '--service', 'other/hidden');
      expect(uses.out).toContain('ECS does not show everything, so it may refer to more: other/hidden');
      expect(uses.code).toBe(2);
      const access = await esr(sim, 'doctor', 'access', '--service', 'other/hidden');
      expect(access.out).toContain('ECS does not show everything, so it may refer to more: other/hidden');
      expect(access.code).toBe(3);
    },
  );
});
