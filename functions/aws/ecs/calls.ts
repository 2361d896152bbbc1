import {
  DescribeClustersCommand,
  type DescribeClustersCommandOutput,
  DescribeServiceDeploymentsCommand,
  DescribeServicesCommand,
  type DescribeServicesCommandOutput,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  type ECSClient,
  ListClustersCommand,
  ListServiceDeploymentsCommand,
  ListServicesCommand,
  ListTasksCommand,
  type ServiceDeployment,
  type ServiceDeploymentBrief,
  type Task,
  type TaskDefinition,
} from '@aws-sdk/client-ecs';
import type { ClusterArn, ServiceArn, TaskDefinitionArn } from '../../core/model/arn.ts';
import { type Page, pages } from '../pages.ts';
import type { Paced, ReadGroup } from '../rate-limit/quota.ts';

/**
 * The most items of one page (functions/README.md, Quotas). ListServices answers with 10 unless it is asked for more.
 */
export const PAGE = 100;

/** The calls that read ECS, each within its quota. They throw the errors of the SDK. */
export class EcsReads {
  readonly #ecs: ECSClient;
  readonly #paced: Paced;

  constructor(ecs: ECSClient, paced: Paced) {
    this.#ecs = ecs;
    this.#paced = paced;
  }

  listClusters(signal: AbortSignal): AsyncIterable<readonly string[]> {
    return this.#pages('cluster', signal, async (nextToken) => {
      const answer = await this.#ecs.send(new ListClustersCommand({ maxResults: PAGE, nextToken }), {
        abortSignal: signal,
      });
      return { items: answer.clusterArns, nextToken: answer.nextToken };
    });
  }

  /** At most 100 clusters. */
  describeClusters(
    clusters: readonly ClusterArn[],
    signal: AbortSignal,
  ): Promise<DescribeClustersCommandOutput> {
    const command = new DescribeClustersCommand({ clusters: [...clusters], include: ['TAGS'] });
    return this.#paced('cluster', signal, () => this.#ecs.send(command, { abortSignal: signal }));
  }

  listServices(cluster: ClusterArn, signal: AbortSignal): AsyncIterable<readonly string[]> {
    return this.#pages('service', signal, async (nextToken) => {
      const command = new ListServicesCommand({ cluster, maxResults: PAGE, nextToken });
      const answer = await this.#ecs.send(command, { abortSignal: signal });
      return { items: answer.serviceArns, nextToken: answer.nextToken };
    });
  }

  /** At most 10 services, by name or ARN. */
  describeServices(
    cluster: ClusterArn,
    services: readonly string[],
    signal: AbortSignal,
  ): Promise<DescribeServicesCommandOutput> {
    const command = new DescribeServicesCommand({ cluster, services: [...services], include: ['TAGS'] });
    return this.#paced('service', signal, () => this.#ecs.send(command, { abortSignal: signal }));
  }

  async describeTaskDefinition(
    arn: TaskDefinitionArn,
    signal: AbortSignal,
  ): Promise<TaskDefinition | undefined> {
    const command = new DescribeTaskDefinitionCommand({ taskDefinition: arn });
    const call = () => this.#ecs.send(command, { abortSignal: signal });
    return (await this.#paced('task-definition', signal, call)).taskDefinition;
  }

  listServiceDeployments(
    cluster: ClusterArn,
    service: ServiceArn,
    after: Date,
    signal: AbortSignal,
  ): AsyncIterable<readonly ServiceDeploymentBrief[]> {
    return this.#pages('service-deployment', signal, async (nextToken) => {
      const asked = { cluster, service, createdAt: { after }, maxResults: PAGE, nextToken };
      const answer = await this.#ecs.send(new ListServiceDeploymentsCommand(asked), { abortSignal: signal });
      return { items: answer.serviceDeployments, nextToken: answer.nextToken };
    });
  }

  /** At most 20 service deployments. */
  async describeServiceDeployments(
    arns: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ServiceDeployment[]> {
    const command = new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [...arns] });
    const call = () => this.#ecs.send(command, { abortSignal: signal });
    return (await this.#paced('service-deployment', signal, call)).serviceDeployments ?? [];
  }

  /** Without a service: the tasks of the whole cluster. */
  listTasks(
    cluster: ClusterArn,
    serviceName: string | undefined,
    desiredStatus: 'RUNNING' | 'STOPPED',
    signal: AbortSignal,
  ): AsyncIterable<readonly string[]> {
    return this.#pages('cluster-resource', signal, async (nextToken) => {
      const command = new ListTasksCommand({
        cluster,
        serviceName,
        desiredStatus,
        maxResults: PAGE,
        nextToken,
      });
      const answer = await this.#ecs.send(command, { abortSignal: signal });
      return { items: answer.taskArns, nextToken: answer.nextToken };
    });
  }

  /** At most 100 tasks. */
  async describeTasks(
    cluster: ClusterArn,
    tasks: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Task[]> {
    const command = new DescribeTasksCommand({ cluster, tasks: [...tasks] });
    return (
      (await this.#paced('cluster-resource', signal, () => this.#ecs.send(command, { abortSignal: signal })))
        .tasks ?? []
    );
  }

  #pages<Item>(
    group: ReadGroup,
    signal: AbortSignal,
    call: (nextToken: string | undefined) => Promise<Page<Item>>,
  ): AsyncIterable<readonly Item[]> {
    return pages((nextToken) => this.#paced(group, signal, () => call(nextToken)));
  }
}
