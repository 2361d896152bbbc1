import type { World } from '../simulator/index.ts';
import type { FleetModel, GroupModel, RevisionModel, ServiceModel } from './fleet-model.ts';

/** Builds the model's fleet in a simulated world. Nothing in that fleet changes by itself. */
export function buildFleet(world: World, fleet: FleetModel): void {
  for (const cluster of fleet.clusters) world.cluster(cluster);
  for (const service of fleet.services) buildService(world, service);
}

function buildService(world: World, service: ServiceModel): void {
  const { name, cluster, tags, status, desired, controller, strategy, daemon, express, oldArn, state } =
    service;
  const { primary, others, percents } = service;
  const external = controller === 'CODE_DEPLOY' || controller === 'EXTERNAL';
  const family = `${cluster}-${name}`;
  const taskDefinition = revisionOf(world, family, primary.revision);
  const older = others.map((group) => ({
    taskDefinition: revisionOf(world, family, group.revision),
    startedAt: group.createdAt,
    running: group.running,
    pending: group.pending,
    serviceConnectSecrets: group.connect,
  }));
  world.service({
    name,
    cluster,
    tags,
    status,
    desired,
    strategy,
    daemon,
    express,
    oldArn,
    ...(controller === undefined ? {} : { controller }),
    taskDefinition,
    startedAt: primary.createdAt,
    running: primary.running,
    pending: primary.pending,
    rollout: { outcome: 'stuck' },
    ...(percents === undefined ? {} : { minimumHealthyPercent: percents[0], maximumPercent: percents[1] }),
    ...(external
      ? { taskSets: [{ ...older[0], running: primary.running, taskDefinition }, ...older] }
      : {
          rolloutState: state,
          older,
          serviceConnectSecrets: primary.connect,
          tasksStartedAt: startsOf(primary),
        }),
  });
}

function startsOf({ running, tasksStartedAt }: GroupModel): readonly number[] {
  return Array.from({ length: running }, () => tasksStartedAt);
}

function revisionOf(world: World, family: string, revision: RevisionModel) {
  const { secrets, sidecarSecrets, log, pull, credentialSpecs, dockerSecurityOptions, fsx, environment } =
    revision;
  return world.taskDefinition({
    family,
    secrets,
    credentialSpecs,
    dockerSecurityOptions,
    environment: Object.fromEntries(environment.map((value, index) => [`PLAIN_${index}`, value])),
    ...(log.length === 0 ? {} : { logSecrets: log }),
    ...(fsx.length === 0 ? {} : { fsxCredentials: fsx }),
    ...(pull === undefined ? {} : { pullCredentials: pull }),
    ...(sidecarSecrets.length === 0
      ? {}
      : {
          containers: [
            {
              name: 'sidecar',
              image: 'sidecar',
              essential: false,
              secrets: sidecarSecrets.map((valueFrom, index) => ({ name: `S${index}`, valueFrom })),
            },
          ],
        }),
  });
}
