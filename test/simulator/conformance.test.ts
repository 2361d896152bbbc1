import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { conformanceSuite, type Target } from './conformance.suite.ts';
import { startSimulator } from './index.ts';

const REGION = 'eu-west-1';
const MOTO = 'moto_server';

conformanceSuite('the simulator', async () => {
  const sim = await startSimulator({ region: REGION, throttling: false });
  return { endpoint: sim.endpoint, region: REGION, stop: () => sim.close() };
});

// PATH may hold a shim without a Python behind it, so moto_server counts as installed only if it runs.
const moto = spawnSync(MOTO, ['--help'], { timeout: 30_000, stdio: 'ignore' });
if (moto.status === 0) {
  conformanceSuite('moto', startMoto);
} else {
  describe('conformance: moto', () => {
    it('is tested only if moto_server on PATH runs', ({ skip }) => {
      skip(`moto_server does not run here (${moto.error?.message ?? `exit code ${moto.status}`})`);
    });
  });
}

async function startMoto(): Promise<Target> {
  const port = await freePort();
  const server = spawn(MOTO, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const endpoint = `http://127.0.0.1:${port}`;
  await untilAnswering(endpoint, server);
  return { endpoint, region: REGION, stop: () => stop(server) };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1');
  return address.port;
}

async function untilAnswering(endpoint: string, server: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (server.exitCode !== null)
      throw new Error(`waited for moto_server to listen, but it ended with code ${server.exitCode}`);
    const answered = await fetch(`${endpoint}/moto-api/`).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await sleep(100);
  }
  throw new Error(`moto_server does not answer at ${endpoint}`);
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const ended = once(server, 'exit');
  server.kill();
  await ended;
}
