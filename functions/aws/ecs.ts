import {
  DescribeTasksCommand,
  type ECSClient,
  ListServiceDeploymentsCommand,
  ListTasksCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import type { Evidence, Question, ServiceDeployment } from '../core/evidence.ts';
import type { Service } from '../core/fleet.ts';
import type { Task } from '../core/freshness.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Clock, Ecs, Rates } from '../ports.ts';
import type { Clients } from './clients.ts';
import { callError, hasCode, isAnswered, isPermanent, readFailed } from './errors.ts';
import { FleetReader } from './fleet-reader.ts';
import { chunks, pages } from './pages.ts';
import { Quota } from './quota.ts';
import { Revisions } from './revisions.ts';

/** Pages of ListTasks and ListServiceDeployments, and tasks in one DescribeTasks (AWS-FACTS §6). */
const PAGE = 100;

/** Everything this service asks of ECS and does to it. */
export function makeEcs({ ecs, ecsWrites }: Clients, rates: Rates, tagPrefix: string, clock: Clock): Ecs {
  const quota = new Quota(rates, clock);
  const reader = new FleetReader(ecs, quota, new Revisions(ecs, quota), tagPrefix, clock);
  return {
    readFleet: (globs, signal) => reader.readFleet(globs, signal),
    readNamed: (named, globs, signal) => reader.readNamed(named, globs, signal),
    readAgain: (services, signal) => reader.readAgain(services, signal),
    lookOnceMore: (services, signal) => reader.lookOnceMore(services, signal),
    answer: (question, signal) => answer(ecs, quota, question, signal),
    takeUpdates: (most) => quota.updates.takeUpTo(most),
    forceNewDeployment: (service) => forceNewDeployment(ecsWrites, service, clock),
  };
}

/** Sends cluster, service and forceNewDeployment and nothing else: any more fails on some services (AWS-FACTS §5). */
async function forceNewDeployment(ecs: ECSClient, { arn, cluster }: Service, clock: Clock): Promise<Outcome> {
  try {
    const { service } = await ecs.send(
      new UpdateServiceCommand({ cluster: cluster.arn, service: arn, forceNewDeployment: true }),
    );
    const primary = service?.deployments?.find(({ status }) => status === 'PRIMARY');
    return { service: arn, result: 'accepted', deploymentId: primary?.id ?? '', acceptedAt: clock.now() };
  } catch (error) {
    if (hasCode(error, 'ServiceNotFoundException', 'ServiceNotActiveException', 'ClusterNotFoundException')) {
      return { service: arn, result: 'gone' };
    }
    return {
      service: arn,
      result: isAnswered(error) ? 'failed' : 'unknown',
      error: callError(error, 'ecs:UpdateService'),
    };
  }
}

async function answer(
  ecs: ECSClient,
  quota: Quota,
  question: Question,
  signal: AbortSignal,
): Promise<Evidence> {
  const { service, deploymentsSince, askTasks } = question;
  try {
    const [serviceDeployments, tasks] = await Promise.all([
      deploymentsSince === undefined
        ? undefined
        : listServiceDeployments(ecs, quota, service, deploymentsSince, signal),
      askTasks ? listTasks(ecs, quota, service, signal) : undefined,
    ]);
    return { ...(serviceDeployments && { serviceDeployments }), ...(tasks && { tasks }) };
  } catch (error) {
    if (!isPermanent(error)) throw readFailed(`look closer at ${service.arn}`, error);
    return { unreadable: callError(error, 'ecs:ListServiceDeployments').message };
  }
}

async function listServiceDeployments(
  ecs: ECSClient,
  quota: Quota,
  { arn, cluster }: Service,
  since: number,
  signal: AbortSignal,
): Promise<readonly ServiceDeployment[]> {
  const found: ServiceDeployment[] = [];
  const listing = pages(({ nextToken }) =>
    quota.read('service-deployment', signal, () =>
      ecs.send(
        new ListServiceDeploymentsCommand({
          service: arn,
          cluster: cluster.arn,
          createdAt: { after: new Date(since) },
          maxResults: PAGE,
          nextToken,
        }),
        { abortSignal: signal },
      ),
    ),
  );
  for await (const { serviceDeployments = [] } of listing) {
    found.push(
      ...serviceDeployments.map(({ createdAt, status = '' }) => ({
        createdAt: createdAt?.getTime() ?? 0,
        status,
      })),
    );
  }
  return found;
}

async function listTasks(
  ecs: ECSClient,
  quota: Quota,
  { name, cluster }: Service,
  signal: AbortSignal,
): Promise<readonly Task[]> {
  const tasks: Task[] = [];
  const listing = pages(({ nextToken }) =>
    quota.read('cluster-resource', signal, () =>
      ecs.send(
        new ListTasksCommand({ cluster: cluster.arn, serviceName: name, maxResults: PAGE, nextToken }),
        {
          abortSignal: signal,
        },
      ),
    ),
  );
  for await (const { taskArns = [] } of listing) {
    for (const some of chunks(taskArns, PAGE)) {
      const { tasks: described = [] } = await quota.read('cluster-resource', signal, () =>
        ecs.send(new DescribeTasksCommand({ cluster: cluster.arn, tasks: [...some] }), {
          abortSignal: signal,
        }),
      );
      tasks.push(...described.map(({ createdAt }) => ({ createdAt: createdAt?.getTime() ?? 0 })));
    }
  }
  return tasks;
}
