import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { portOf } from './front.ts';

/** Starts moto and waits until it answers. `stop` ends it at once, and so does any end of this process. */
export async function startMoto(): Promise<{ readonly endpoint: string; stop(): void }> {
  const port = await freePort();
  // It has a process group of its own, so that processes which moto_server starts end with it.
  const server = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], {
    // Services of moto start no tasks; with this setting each counts as having its one task running.
    env: { ...process.env, MOTO_ECS_SERVICE_RUNNING: '1' },
    stdio: 'ignore',
    detached: true,
  });
  const stop = () => stopGroup(server);
  process.once('exit', stop);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await Promise.race([answers(endpoint), ended(server)]);
  } catch (error) {
    stop();
    throw error;
  }
  return { endpoint, stop };
}

function stopGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // The process has already ended.
  }
}

async function answers(endpoint: string): Promise<void> {
  for (let tries = 0; tries < 150; tries++) {
    const isUp = await fetch(`${endpoint}/moto-api/`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return;
    await sleep(200);
  }
  throw new Error('started moto_server, but it did not answer within 30 s');
}

/** Rejects if the server ends or cannot be started. */
async function ended(server: ChildProcess): Promise<never> {
  const [code]: unknown[] = await once(server, 'exit').catch((cause: unknown) => {
    throw new Error('moto_server cannot be started: is it installed?', { cause });
  });
  throw new Error(`moto_server ended with exit code ${String(code)}`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const port = portOf(probe);
  probe.close();
  return port;
}
