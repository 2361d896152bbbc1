import { onTestFinished, vi } from 'vitest';
import { type Simulator, type SimulatorOptions, startSimulator } from '../simulator/index.ts';
import { withoutSockets } from './wire.ts';

/**
 * A simulated account, by default without throttling, that is the environment of this process until the test ends. What
 * this process asks it needs no socket.
 */
export async function simulatedAccount(options: SimulatorOptions = {}): Promise<Simulator> {
  const sim = await startSimulator({ throttling: false, ...options });
  const release = withoutSockets(sim);
  for (const [name, value] of Object.entries(sim.env)) vi.stubEnv(name, value);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    release();
    await sim.close();
  });
  return sim;
}
