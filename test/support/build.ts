import type { OpenService } from '../../functions/core/follow-up/follow-up.ts';
import {
  clusterArn,
  homeOf,
  keyOf,
  serviceArn,
  type TaskDefinitionArn,
  taskDefinitionArn,
} from '../../functions/core/model/arn.ts';
import type { Change, Notice, Subject } from '../../functions/core/model/change.ts';
import type { SkipReason, WaitReason } from '../../functions/core/model/decision.ts';
import type { Deployment, Fleet, Revision, Service } from '../../functions/core/model/fleet.ts';
import { parseReference, type RawReference, type Reference } from '../../functions/core/model/reference.ts';
import type { Policy } from '../../functions/core/plan/policy.ts';
import { REASONS } from '../../functions/core/plan/reasons.ts';

/** Valid values with defaults: a test states only what is different. */
export const REGION = 'eu-west-1';
export const ACCOUNT = '111122223333';
export const SECRET = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:prod/db-a1B2c3`;
export const PARAMETER = `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/app/db/password`;

/** CHANGED_AT is the instant of the change in most tests; NOW is the instant at which most tests look at the fleet. */
export const CHANGED_AT = Date.UTC(2026, 9, 7, 1, 47, 18, 999);
export const BEFORE = CHANGED_AT - 3_600_000;
export const AFTER = CHANGED_AT + 2_000;
export const NOW = CHANGED_AT + 10_000;

export const POLICY: Policy = {
  select: 'all',
  tagPrefix: 'secret-redeploy',
  clusters: [],
  pull: 'ignore',
  maxServices: 0,
  preflight: 'off',
  cooldownMs: 60_000,
  maxPerHour: 6,
};

export function change(different: Partial<Change> = {}): Change {
  return {
    changeId: 'change-1',
    kind: 'secret',
    arn: SECRET,
    label: 'AWSCURRENT',
    versionId: 'version-2',
    changedAt: CHANGED_AT,
    source: 'Secret Label Updated',
    optedOut: false,
    ...different,
  };
}

export function notice(different: Partial<Notice> = {}): Notice {
  return {
    changeId: 'n',
    kind: 'secret',
    arn: SECRET,
    notice: 'deleted',
    at: NOW,
    source: 'x',
    ...different,
  };
}

export function revisionArn(name = 'api:1', partition = 'aws', region = REGION): TaskDefinitionArn {
  return taskDefinitionArn(`arn:${partition}:ecs:${region}:${ACCOUNT}:task-definition/${name}`);
}

export function reference(different: Partial<RawReference> = {}): Reference {
  const raw: RawReference = {
    taskDefinition: revisionArn(),
    container: 'app',
    place: 'secrets',
    valueFrom: SECRET,
    ...different,
  };
  return parseReference(raw, homeOf(raw.taskDefinition));
}

/** PRIMARY, complete, started before the change. */
export function deployment(different: Partial<Deployment> = {}): Deployment {
  return {
    id: 'ecs-svc/1',
    primary: true,
    taskDefinition: revisionArn(),
    createdAt: BEFORE,
    rolloutState: 'COMPLETED',
    rolloutStateReason: '',
    desired: 2,
    running: 2,
    pending: 0,
    failed: 0,
    references: [],
    ...different,
  };
}

/** An older deployment whose tasks are still there. */
export function draining(different: Partial<Deployment> = {}): Deployment {
  return deployment({ id: 'ecs-svc/0', primary: false, createdAt: BEFORE - 1, running: 1, ...different });
}

export type ServiceDifference = Partial<Omit<Service, 'arn' | 'key'>> & { readonly arn?: string };

export function service(different: ServiceDifference = {}): Service {
  const { arn, ...rest } = different;
  const name = rest.name ?? 'api';
  const ownArn = serviceArn(arn ?? `arn:aws:ecs:${REGION}:${ACCOUNT}:service/main/${name}`);
  return {
    key: keyOf(rest.cluster?.name ?? 'main', ownArn),
    arn: ownArn,
    name,
    cluster: {
      arn: clusterArn(`arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/main`),
      name: 'main',
      tags: new Map(),
    },
    status: 'ACTIVE',
    controller: 'ECS',
    strategy: 'ROLLING',
    desired: 2,
    running: 2,
    pending: 0,
    minimumHealthyPercent: 100,
    maximumPercent: 200,
    hasHooks: false,
    tags: new Map(),
    taskDefinition: revisionArn(),
    deployments: [deployment()],
    also: [],
    ...rest,
  };
}

/** A fleet in which each revision has the listed references. By default revision `api:1` refers to the secret. */
export function fleet(
  services: readonly Service[],
  references: Readonly<Record<string, readonly (Partial<RawReference> | string)[]>> = { 'api:1': [{}] },
): Fleet {
  const revisions = Object.entries(references).map(([name, ofRevision]): [TaskDefinitionArn, Revision] => {
    const taskDefinition = revisionArn(name);
    const read = ofRevision.map((one) =>
      reference({ taskDefinition, ...(typeof one === 'string' ? { valueFrom: one } : one) }),
    );
    return [taskDefinition, { kind: 'readable', references: read }];
  });
  return { beganAt: NOW, services, revisions: new Map(revisions), unreadable: [], unreadableClusters: [] };
}

const reasonsTo = (action: string) => Object.entries(REASONS).filter(([, one]) => one.action === action);

/** Every reason of the table of reasons, by its action. */
export const SKIP_REASONS = reasonsTo('skip').map(([reason]) => reason as SkipReason);
export const WAIT_REASONS = reasonsTo('wait').map(([reason]) => reason as WaitReason);

export function asSubject(one: Change | Notice): Subject {
  return 'notice' in one ? { kind: 'notice', notice: one } : { kind: 'change', change: one };
}

/** A service that a change waits for: it follows the deployment that we started. */
export function openService(different: Partial<OpenService> = {}): OpenService {
  return {
    cluster: service().cluster.arn,
    name: 'api',
    deploymentId: 'ecs-svc/2',
    ours: true,
    lastLogged: 'wait rolling-out',
    ...different,
  };
}
