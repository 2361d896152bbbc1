import { describe, expect, it } from 'vitest';
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
  'uses prod/db',
  'plan prod/db',
  'explain prod/api-1',
  'watch prod/db --timeout 1s',
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

describe('the read commands', async () => {
  it('make together every call that the role for reading grants, and no other', async (context) => {
    const sim = await account(context);
    world(sim);
    const made = [];
    for (const line of COMMANDS) made.push(...(await callsOf(sim, line)));
    expect([...new Set(made)].sort()).toEqual([...granted(), ALWAYS].sort());
  });

  it.concurrent.for(granted())('end with 2 and name %s if it is missing', async (action, context) => {
    const sim = await account(context);
    world(sim);
    const [service = '', operation = ''] = action.split(':');
    const line = FIRST_TO_CALL[action] ?? 'stale prod/db --parameter /prod/url';
    sim.faults.add({ service, operation, kind: 'access-denied', times: Infinity });
    const { out, err, code } = await esr(sim, ...line.split(' '));
    const last = err.trimEnd().split('\n').at(-1);
    expect(last).toMatch(
      `error: the permission ${action} is missing, so nothing was decided and nothing was done`,
    );
    expect(err.match(/error:/g)).toHaveLength(1);
    expect({ out, code }).toEqual({ out: '', code: 2 });
    expect(sim.ledger.count('ecs', 'UpdateService')).toBe(0);
  });
});

/** The command that makes a call, where `stale prod/db` does not. */
const FIRST_TO_CALL: Readonly<Record<string, string>> = {
  'secretsmanager:ListSecrets': 'stale',
  'ecs:DescribeServiceDeployments': 'plan prod/db',
};
