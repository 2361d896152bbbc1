/**
 * An AWS that runs on a laptop: ECS, Secrets Manager, SSM, SQS, S3 and EventBridge over HTTP, as strict as AWS where
 * this project depends on it.
 */
export { createClock, type VirtualClock } from './clock.ts';
export type { TrueState } from './ecs/state.ts';
export type { AwsEvent } from './events/bus.ts';
export type { Fault } from './faults.ts';
export { buildLargeFleet, type LargeFleet } from './large-fleet.ts';
export { realisticLatency } from './latency.ts';
export type { Call, DeploymentRecord } from './ledger.ts';
export { startNeighbour } from './neighbour.ts';
export type { SimulatorOptions } from './options.ts';
export { type Simulator, startSimulator } from './simulator.ts';
export type * from './world/specs.ts';
export type { World } from './world/world.ts';
