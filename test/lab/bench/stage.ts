import {
  type AwsEvent,
  buildLargeFleet,
  type LargeFleet,
  type QueueRef,
  realisticLatency,
  type Simulator,
  startSimulator,
} from '../../simulator/index.ts';
import type { Scenario } from './scenarios.ts';

/** An account of the size of a scenario. */
export type Stage = {
  readonly sim: Simulator;
  readonly fleet: LargeFleet;
  readonly queue: QueueRef;
  readonly bucket: string;
  /** While `work` runs there are no quotas and no latency. */
  hurry<T>(work: () => Promise<T>): Promise<T>;
  /** Rotates the secret to which the affected services refer, or one to which no service refers. */
  rotate(which: 'shared' | 'unused'): AwsEvent;
};

/** Without a failure a rollout takes as long as two containers need to start and the old ones to drain. */
const ROLLOUT_MS = 15_000;

/** A simulated account with AWS's published quotas and the latency of a client in the same Region. */
export async function openStage(scenario: Scenario): Promise<Stage> {
  const latency = realisticLatency();
  let hurried = false;
  const sim = await startSimulator({ latencyMs: () => (hurried ? 0 : latency()), rolloutMs: ROLLOUT_MS });
  const fleet = buildLargeFleet(sim.world, scenario);
  const unused = sim.world.secret({ name: 'no-service/refers-to-it' });
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
      const labelUpdated = heard.find((event) => event['detail-type'] === 'Secret Label Updated');
      if (labelUpdated === undefined)
        throw new Error(`the rotation of ${secret.name} sent no event "Secret Label Updated"`);
      return labelUpdated;
    },
  };
}
