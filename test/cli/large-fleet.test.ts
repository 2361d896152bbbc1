import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { Simulator } from '../simulator/index.ts';
import { terminalBundle } from '../support/bundles.ts';
import { changed, HOUR, services } from './fleets.ts';
import { HAS_SCRIPT, inScript } from './pty.ts';
import { ALONE, account, esr } from './terminal.ts';

/** 200 services of one revision each in two clusters; 99 of them run on the old value. */
function large(sim: Simulator): void {
  const secret = changed(sim, 'prod/db');
  services(sim, secret, 'prod', { stale: 99, fresh: 1 });
  services(sim, secret, 'test', { stale: 0, fresh: 100 });
  sim.world.stack({ environment: { READ_RATE: '1000', READ_BURST: '1000' } });
}

describe.concurrent('of 200 services, stale', () => {
  it.runIf(HAS_SCRIPT)('shows at most 30 lines on a terminal, and how to see the rest', async (context) => {
    const sim = await account(context);
    large(sim);
    const { screen, code } = await inScript(sim, 80, ['stale', 'prod/db']);
    const [header, , verdict, ...rest] = screen.trimEnd().split('\n');
    expect(header).toContain('111122223333');
    expect(verdict).toBe('prod/db changed 4 h ago: 99 of 200 services still run on the old value');
    expect(rest).toHaveLength(29);
    expect(rest.at(-1)).toBe('… 72 more: --all');
    expect(code).toBe(3);
    const all = await inScript(sim, 80, ['stale', 'prod/db', '--all']);
    expect(all.screen.match(/^(?:prod|test)\/api-\d+ /gm)).toHaveLength(200);
  });

  it('prints every stale service into a pipe', async (context) => {
    const sim = await account(context);
    large(sim);
    const { out } = await esr(sim, 'stale', 'prod/db');
    expect(out.match(/^prod\/api-\d+ /gm)).toHaveLength(99);
  });
});

/** Runs `esr` as long as a part of the read is held back, until stderr has said something. */
async function saysBefore(sim: Simulator, held: string, said: RegExp): Promise<string> {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const cluster = (input: object) => Object.values(input).some((value) => String(value).endsWith('/test'));
  sim.faults.add({
    service: 'ecs',
    operation: held,
    kind: 'throttle',
    match: (input) => held === 'ListClusters' || cluster(input),
    after: () => released,
  });
  const child = spawn(process.execPath, [await terminalBundle(), 'uses', 'prod/db'], {
    env: { PATH: process.env['PATH'], ...ALONE, ...sim.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out = text(child.stdout);
  let err = '';
  for await (const chunk of child.stderr) {
    err += String(chunk);
    if (said.test(err)) release();
  }
  await once(child, 'close');
  expect(err).toMatch(said);
  return out;
}

describe.concurrent('before everything has been read', () => {
  it('a command says where it is', async (context) => {
    const sim = await account(context);
    services(sim, changed(sim, 'prod/db'), 'prod', { stale: 1, fresh: 0 });
    const out = await saysBefore(sim, 'ListClusters', /^111122223333 · eu-west-1/);
    expect(out).toContain('1 service refers to prod/db');
  });

  it('a command says which users it has found', async (context) => {
    const sim = await account(context);
    const secret = changed(sim, 'prod/db');
    services(sim, secret, 'prod', { stale: 1, fresh: 0 });
    sim.world.service({ cluster: 'test', name: 'late', secrets: [secret.arn], startedAt: Date.now() - HOUR });
    const out = await saysBefore(sim, 'ListServices', /1 found: prod\/api-1\n/);
    expect(out).toContain('2 services refer to prod/db');
  });
});
