import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod/mini';
import { read } from '../docs/documents.ts';
import { blocksOf } from '../docs/markdown.ts';
import type { Simulator } from '../simulator/index.ts';
import { changed, HOUR, services } from './fleets.ts';
import { account, esr, PERSON } from './terminal.ts';

const Policy = z.object({
  Statement: z.array(z.object({ Effect: z.literal('Allow'), Action: z.array(z.string()) })),
});

/** The actions of the role for reading, as docs/security.md grants them. */
function granted(): readonly string[] {
  const [block, ...others] = blocksOf(read('docs/security.md')).filter(({ language }) => language === 'json');
  if (block === undefined || others.length > 0) throw new Error('docs/security.md has one policy');
  return Policy.parse(JSON.parse(block.text)).Statement.flatMap(({ Action }) => Action);
}

/** AWS allows it to every caller. */
const ALWAYS = 'sts:GetCallerIdentity';

const COMMANDS = [
  'stale',
  'stale prod/db --parameter /prod/url',
  'uses prod/db -c prod',
  'uses --service prod/api-1',
  'plan prod/db',
  'explain prod/api-1',
  'watch prod/db --timeout 1s',
  'watch --parameter /prod/url --timeout 1s',
  'watch prod/shop --timeout 1s',
] as const;

/** An account in which the commands have to ask everything, with an installed service. */
function world(sim: Simulator): void {
  const secret = changed(sim, 'prod/db');
  services(sim, secret, 'prod', { stale: 1, fresh: 1 });
  const parameter = sim.world.parameter({ name: '/prod/url' });
  sim.world.service({ cluster: 'prod', name: 'web', secrets: [parameter.arn], startedAt: Date.now() - HOUR });
  sim.world.service({
    cluster: 'prod',
    name: 'shop',
    secrets: [secret.arn],
    strategy: 'BLUE_GREEN',
    startedAt: Date.now() - 5 * HOUR,
    rollout: { bakeMs: HOUR },
  });
  sim.world.deploy({ arn: `arn:aws:ecs:eu-west-1:111122223333:service/prod/shop` });
  sim.world.stack();
}

async function callsOf(sim: Simulator, line: string): Promise<readonly string[]> {
  const before = sim.ledger.calls.length;
  const { err, code } = await esr(sim, ...line.split(' '));
  expect(err).not.toContain('error');
  expect([0, 3, 5]).toContain(code);
  const calls = sim.ledger.calls.slice(before).filter(({ accessKeyId }) => accessKeyId === PERSON);
  return [...new Set(calls.map(({ service, operation }) => `${service}:${operation}`))];
}

const granting = (): readonly string[] => [...granted(), ALWAYS].sort();

describe('the read commands', () => {
  it('make together every call that the role for reading grants, and no other', async (context) => {
    const sim = await account(context, { rolloutMs: 10 });
    world(sim);
    const made = [];
    for (const line of COMMANDS) made.push(...(await callsOf(sim, line)));
    expect([...new Set(made)].sort()).toEqual(granting());
  });

  it.concurrent.for(COMMANDS)(
    '%s ends with 2 and names any action that is missing of those it uses',
    async (line, context) => {
      const sim = await account(context, { rolloutMs: 10 });
      world(sim);
      const made = (await callsOf(sim, line)).filter((action) => action !== ALWAYS);
      expect(made.length).toBeGreaterThan(2);
      expect(granting()).toEqual(expect.arrayContaining(made));
      for (const action of made) {
        const [service = '', operation = ''] = action.split(':');
        const restore = sim.faults.add({ service, operation, kind: 'access-denied', times: Infinity });
        const { out, err, code } = await esr(sim, ...line.split(' '));
        restore();
        const sentence = `error: the permission ${action} is missing, so nothing was decided and nothing was done`;
        expect([action, ...(err.match(/^error: .*$/gm) ?? [])]).toEqual([
          action,
          expect.stringContaining(sentence),
        ]);
        expect({ out, code }).toEqual({ out: '', code: 2 });
      }
      expect(sim.ledger.count('ecs', 'UpdateService')).toBe(0);
    },
  );

  it('watch ends so, too, if a permission is withdrawn while it looks', async (context) => {
    const sim = await account(context, { rolloutMs: 24 * HOUR });
    world(sim);
    const ran = esr(sim, 'watch', 'prod/db');
    await vi.waitUntil(() => sim.ledger.count('ecs', 'DescribeServices') > 0, { timeout: 20_000 });
    sim.faults.add({ service: 'ecs', operation: 'DescribeServices', kind: 'access-denied', times: Infinity });
    const { err, code } = await ran;
    expect(err).toMatch(/^error: the permission ecs:DescribeServices is missing/m);
    expect(code).toBe(2);
  });
});
