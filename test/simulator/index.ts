/** An AWS that runs on a laptop: ECS, Secrets Manager, SSM and SQS over HTTP, as strict as AWS where it matters to us. */
export { createClock, type VirtualClock } from './clock.ts';
export type { StaleTask } from './ecs/staleness.ts';
export type { RolloutOutcome } from './ecs/state.ts';
export type { AwsEvent } from './events/bus.ts';
export type { Fault, FaultKind } from './faults.ts';
export type { Call, DeploymentRecord, Ledger } from './ledger.ts';
export type { SimulatorOptions } from './options.ts';
export type { RotationOptions } from './rotations.ts';
export type { Rotation } from './secrets/rotation.ts';
export { type Simulator, startSimulator } from './simulator.ts';
export type { BucketName } from './throttle.ts';
export type * from './world/specs.ts';
export type { World } from './world/world.ts';
