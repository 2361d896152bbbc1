import { inCluster, type Member, uses } from './member.ts';
import {
  DELETED_ARN,
  FIRST_VERSION,
  LOOK_ALIKE_ARN,
  PARAMETER_ARN,
  REPLICA_ARN,
  SECRET_ARN,
  SECRET_NAME,
} from './resources.ts';

const fresh = inCluster('back-office', 'fresh-by-itself');
const backOffice = inCluster('back-office', 'left-alone');
const sandbox = inCluster('sandbox', 'left-alone');
const shop = inCluster('shop', 'left-alone');
const revisions = uses(SECRET_ARN);

/** Services that must not get a deployment, although many of them refer to the secret or seem to. */
export const LEFT_ALONE: readonly Member[] = [
  fresh('reports', 'CI deployed it just after the change: its tasks already have the new value', {
    revisions,
    service: { rollout: { durationMs: 300, drainMs: 0 } },
    ci: 'after',
  }),
  fresh('archive', 'its new revision no longer uses the secret, and the old tasks are draining', {
    revisions: [...revisions, {}],
    service: {
      desired: 2,
      older: [{ taskDefinition: 'archive:1', running: 1 }],
      rollout: { durationMs: 7500 },
    },
  }),
  backOffice(
    'scheduler',
    'one task, at least and at most 100 %: ECS would accept a redeploy and never replace the task',
    { revisions, service: { minimumHealthyPercent: 100, maximumPercent: 100 } },
  ),
  backOffice('audit', 'refers to one version of the secret by its id: a redeploy would change nothing', {
    revisions: uses(`${SECRET_ARN}:::${FIRST_VERSION}`),
  }),
  backOffice('preview', 'follows the label BLUE, which did not move', {
    revisions: uses(`${SECRET_ARN}::BLUE:`),
  }),
  backOffice('registry', 'uses the secret only to pull its image: running containers do not hold it', {
    revisions: [{ pullCredentials: SECRET_NAME }],
  }),
  backOffice('night-jobs', 'runs no task: the next one will start with the new value', {
    revisions,
    service: { desired: 0 },
  }),
  backOffice('billing', 'CodeDeploy runs its deployments: ECS refuses a forced one', {
    revisions,
    service: { controller: 'CODE_DEPLOY', desired: 2 },
  }),
  backOffice('batch', 'an external controller runs its deployments: ECS refuses a forced one', {
    revisions,
    service: { controller: 'EXTERNAL' },
  }),
  backOffice('vault', 'it is tagged secret-redeploy:enabled=false', {
    revisions,
    service: { tags: { 'secret-redeploy:enabled': 'false' } },
  }),
  sandbox('trial-web', 'its cluster is tagged secret-redeploy:enabled=false', {
    revisions,
    service: { desired: 2 },
  }),
  sandbox('trial-api', 'its cluster is tagged secret-redeploy:enabled=false', {
    revisions: uses(PARAMETER_ARN),
  }),
  shop('mirror', `uses ${SECRET_NAME}-replica, another secret whose name begins in the same way`, {
    revisions: uses(LOOK_ALIKE_ARN),
  }),
  shop('standby', "uses the secret's replica in another Region, which has its own events", {
    revisions: uses(REPLICA_ARN),
  }),
  shop('museum', 'uses a secret of the same name that was deleted long ago (another suffix)', {
    revisions: uses(DELETED_ARN),
  }),
  shop('notes', 'has the ARN only as a plain environment variable, which is not a reference', {
    revisions: [{ environment: { DB_SECRET: SECRET_ARN } }],
  }),
];
