import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  paginateListClusters,
  paginateListServices,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';

/**
 * What public tools and blog posts do that look for the services themselves: walk through every cluster, list its
 * services, describe them ten at a time, describe the task definition of each one, and update a service as soon as one
 * of its containers names the secret. One call after the other, the SDK's defaults, nothing remembered, no follow-up.
 */
export async function handler({ secret }: { readonly secret: string }): Promise<void> {
  const ecs = new ECSClient({});
  for await (const { clusterArns = [] } of paginateListClusters({ client: ecs }, {})) {
    for (const cluster of clusterArns) await updateServicesIn(ecs, cluster, secret);
  }
}

async function updateServicesIn(ecs: ECSClient, cluster: string, secret: string): Promise<void> {
  for await (const { serviceArns = [] } of paginateListServices({ client: ecs }, { cluster })) {
    if (serviceArns.length === 0) continue;
    const { services = [] } = await ecs.send(new DescribeServicesCommand({ cluster, services: serviceArns }));
    for (const { serviceArn, taskDefinition } of services) {
      if (!(await refersTo(ecs, taskDefinition, secret))) continue;
      await ecs.send(new UpdateServiceCommand({ cluster, service: serviceArn, forceNewDeployment: true }));
    }
  }
}

async function refersTo(ecs: ECSClient, revision: string | undefined, secret: string): Promise<boolean> {
  const { taskDefinition } = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: revision }));
  const containers = taskDefinition?.containerDefinitions ?? [];
  return containers.some(({ secrets = [] }) =>
    secrets.some(({ valueFrom = '' }) => valueFrom.startsWith(secret)),
  );
}
