import {
  type AwsEvent,
  buildLargeFleet,
  type LargeFleet,
  type QueueRef,
  realisticLatency,
  type Simulator,
  startSimulator,
} from '../simulator/index.ts';
import type { Scenario } from './scenarios.ts';

/** An account of the size that a scenario wants. */
export type Stage = {
  readonly sim: Simulator;
  readonly fleet: LargeFleet;
  readonly queue: QueueRef;
  readonly bucket: string;
  /** For the time of `work` there are no quotas and no latency. */
  hurry<T>(work: () => Promise<T>): Promise<T>;
  /** A rotation of the secret that the affected services refer to, or of one that nobody does. */
  rotate(which: 'shared' | 'unused'): AwsEvent;
};

/** A rollout takes as long as two containers need to start and the old ones to drain, when all goes well. */
const ROLLOUT_MS = 15_000;

/** A simulated account with AWS's published quotas and the latency of a client in the same Region. */
export async function openStage(scenario: Scenario): Promise<Stage> {
  const latency = realisticLatency();
  let hurried = false;
  const sim = await startSimulator({ latencyMs: () => (hurried ? 0 : latency()), rolloutMs: ROLLOUT_MS });
  const fleet = buildLargeFleet(sim.world, scenario);
  const unused = sim.world.secret({ name: 'nobody/refers-to-it' });
  return {
    sim,
    fleet,
    queue: sim.world.queue({ name: 'changes', visibilitySeconds: 300, maxReceiveCount: 5 }),
    bucket: sim.world.bucket('fleet-snapshot').name,
    async hurry(work) {
      hurried = true;
      sim.throttle.scale(0);
      const result = await work();
      hurried = false;
      sim.throttle.scale(1);
      return result;
    },
    rotate(which) {
      const secret = which === 'shared' ? fleet.shared : unused;
      const heard: AwsEvent[] = [];
      const stop = sim.onEvent((event) => heard.push(event));
      sim.rotateSecret(secret.arn);
      stop();
      const told = heard.find((event) => event['detail-type'] === 'Secret Label Updated');
      if (told === undefined) throw new Error(`the rotation of ${secret.name} told nobody`);
      return told;
    },
  };
}
