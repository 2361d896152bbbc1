import { type ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import type { TaskDefinitionArn } from '../../core/model/arn.ts';
import type { Revision, Service } from '../../core/model/fleet.ts';
import type { Outcome } from '../../core/model/outcome.ts';
import type { Clock, Ecs, Rates } from '../../ports.ts';
import type { EcsClients } from '../clients.ts';
import { callError, hasActiveDeployments, isAnswered, isThrottled, isVanished } from '../errors.ts';
import { Quota } from '../rate-limit/quota.ts';
import { answer } from './answer.ts';
import { EcsReads } from './calls.ts';
import { ClusterReader } from './cluster-reader.ts';
import { FleetReader } from './fleet-reader.ts';
import { Revisions } from './revisions.ts';
import { ServiceReader } from './service-reader.ts';
import { stoppedTasks, tasksInCluster } from './tasks.ts';

/** An answer that is incomplete after this time counts as lost, even if its bytes are still arriving. */
const WRITE_TIMEOUT_MS = 15_000;

/** The adapter of ECS: every read, and UpdateService. */
export function makeEcs({ ecs, ecsWrites }: EcsClients, rates: Rates, tagPrefix: string, clock: Clock): Ecs {
  const quota = new Quota(rates, clock);
  const known = new Map<TaskDefinitionArn, Revision>();
  const reader = (reads: EcsReads) => {
    const revisions = new Revisions(reads, known);
    const services = new ServiceReader(reads, revisions, tagPrefix);
    return new FleetReader(new ClusterReader(reads, tagPrefix), services, revisions, clock);
  };
  const whole = reader(new EcsReads(ecs, quota.paced('normal')));
  const reads = new EcsReads(ecs, quota.paced('high'));
  const few = reader(reads);
  return {
    listClusters: (globs, signal) => whole.listClusters(globs, signal),
    readFleet: (globs, signal, options) => whole.readFleet(globs, signal, options),
    readNamed: (named, globs, signal) => whole.readNamed(named, globs, signal),
    readThese: (some, wantsRevisions, signal) => few.readThese(some, wantsRevisions, signal),
    stoppedTasks: (service, signal) => stoppedTasks(reads, service, signal),
    recheck: (some, signal) => few.recheck(some, signal),
    answer: (question, signal) => answer(reads, question, signal),
    tasksIn: (cluster, signal) => tasksInCluster(reads, cluster, signal),
    acquireUpdates: (most, signal) => quota.updates.takeUpTo(most, signal, 'high'),
    forceNewDeployment: (service) => forceNewDeployment(ecsWrites, service, quota, clock),
  };
}

/** Sends no more than these three fields: others fail on some services (functions/README.md, Deployments). */
async function forceNewDeployment(
  ecs: ECSClient,
  { arn, cluster }: Service,
  { updates }: Quota,
  clock: Clock,
): Promise<Outcome | undefined> {
  try {
    const command = new UpdateServiceCommand({
      cluster: cluster.arn,
      service: arn,
      forceNewDeployment: true,
    });
    const { service } = await ecs.send(command, { abortSignal: AbortSignal.timeout(WRITE_TIMEOUT_MS) });
    const { id: deploymentId } = service?.deployments?.find(({ status }) => status === 'PRIMARY') ?? {};
    if (!deploymentId) throw new Error('the answer of UpdateService does not name the deployment');
    return { service: arn, result: 'accepted', deploymentId, acceptedAt: clock.now() };
  } catch (error) {
    if (isVanished(error)) return { service: arn, result: 'gone' };
    if (hasActiveDeployments(error)) return undefined;
    if (isThrottled(error)) updates.backOff();
    const result = isAnswered(error) ? 'failed' : 'unknown';
    return { service: arn, result, error: callError(error, 'ecs:UpdateService') };
  }
}
