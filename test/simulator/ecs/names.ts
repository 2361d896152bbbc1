import { arnOf, type Place } from '../place.ts';
import type { ServiceDeploymentState, ServiceState, TaskGroup, TaskState } from './state.ts';

/** `…:cluster/NAME` */
export function clusterArn(place: Place, name: string): string {
  return arnOf(place, 'ecs', `cluster/${name}`);
}

/** The new form names the cluster; services from before 2018 can still have the old form. */
export function serviceArn(place: Place, cluster: string, name: string, oldForm: boolean): string {
  return arnOf(place, 'ecs', oldForm ? `service/${name}` : `service/${cluster}/${name}`);
}

/** `…:task-definition/FAMILY:REVISION` */
export function taskDefinitionArn(place: Place, family: string, revision: number): string {
  return arnOf(place, 'ecs', `task-definition/${family}:${revision}`);
}

/** `…:task/CLUSTER/ID` */
export function taskArn(place: Place, service: ServiceState, task: TaskState): string {
  return arnOf(place, 'ecs', `task/${service.cluster.name}/${task.id}`);
}

/** `…:service-deployment/CLUSTER/SERVICE/ID` */
export function serviceDeploymentArn(
  place: Place,
  service: ServiceState,
  record: ServiceDeploymentState,
): string {
  return arnOf(place, 'ecs', `service-deployment/${service.cluster.name}/${service.name}/${record.id}`);
}

/** `…:service-revision/CLUSTER/SERVICE/ID`; one revision for each deployment. */
export function serviceRevisionArn(place: Place, service: ServiceState, deploymentId: string): string {
  return arnOf(
    place,
    'ecs',
    `service-revision/${service.cluster.name}/${service.name}/${deploymentId.slice(8)}`,
  );
}

/** `…:task-set/CLUSTER/SERVICE/ID` */
export function taskSetArn(place: Place, service: ServiceState, taskSet: TaskGroup): string {
  return arnOf(place, 'ecs', `task-set/${service.cluster.name}/${service.name}/${taskSet.id}`);
}
