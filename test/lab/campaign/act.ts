import { AwsError } from '../../simulator/errors.ts';
import type { Simulator } from '../../simulator/index.ts';
import type { Built } from './build-world.ts';
import type { Lambda } from './lambda.ts';
import type { Queues } from './queues.ts';
import type { Action } from './scenario.ts';
import type { Timeline } from './time.ts';

/** Where a scenario is performed. */
type Stage = {
  readonly sim: Simulator;
  readonly built: Built;
  readonly timeline: Timeline;
  readonly lambda: Lambda;
  readonly queues: Queues;
};

/** Performs one action of a scenario. */
export function act(action: Action, stage: Stage): void {
  const { sim, built, timeline } = stage;
  isPermitted(() => {
    if ('secret' in action) actOnSecret(action, sim, built, timeline);
    else if ('parameter' in action) actOnParameter(action, sim, built, timeline);
    else if ('service' in action) actOnService(action, stage);
    else actOnFunctions(action, stage);
  });
}

type OnFunctions = Exclude<Action, On<'secret'> | On<'parameter'> | On<'service'>>;

function actOnFunctions(action: OnFunctions, { lambda, queues, built }: Stage): void {
  switch (action.do) {
    case 'cold-start':
      lambda.coldStart();
      break;
    case 'configure':
      lambda.configure(action.env);
      break;
    case 'upgrade':
      lambda.configure({});
      queues.rewriteAsBefore();
      break;
    case 'sweep':
      lambda.beginSweep(action.heal);
      break;
    case 'request': {
      const named = built.requestOf(action.ask);
      if (named !== undefined) lambda.beginRequest(named, action.ask);
      break;
    }
    case 'garbage':
      queues.send(action.body);
      break;
    default:
      action satisfies never;
  }
}

type On<Key extends string> = Extract<Action, Readonly<Record<Key, string>>>;

function actOnSecret(
  action: On<'secret'>,
  sim: Simulator,
  { arnsOf, rotated, remade }: Built,
  timeline: Timeline,
): void {
  const SecretId = arnsOf(action.secret).at(-1);
  if (SecretId === undefined) return;
  const call = (operation: string, input: object) =>
    sim.act('secretsmanager', operation, { SecretId, ...input }, 'OPERATOR');
  switch (action.do) {
    case 'rotate':
      rotated.add(rotate(action, SecretId, sim, timeline));
      break;
    case 'put':
      call('PutSecretValue', { SecretString: `value ${timeline.clock.now()}` });
      break;
    case 'update':
      call('UpdateSecret', { SecretString: `value ${timeline.clock.now()}` });
      break;
    case 'edit':
      call('UpdateSecret', { Description: `edited at ${timeline.clock.now()}` });
      break;
    case 'rollback':
      moveLabel(sim, SecretId, 'AWSCURRENT', 'AWSPREVIOUS');
      break;
    case 'blue':
      moveLabel(sim, SecretId, 'BLUE', 'AWSCURRENT');
      break;
    case 'delete-secret':
      call('DeleteSecret', { RecoveryWindowInDays: 7 });
      break;
    case 'restore-secret':
      call('RestoreSecret', {});
      break;
    case 'tag-secret':
      call('TagResource', { Tags: [{ Key: 'secret-redeploy:enabled', Value: action.enabled }] });
      break;
    case 'recreate-secret':
      call('DeleteSecret', { ForceDeleteWithoutRecovery: true });
      timeline.at(timeline.clock.now() + REMADE_AFTER_MS, () => {
        const input = { Name: action.secret, SecretString: `value ${timeline.clock.now()}` };
        isPermitted(() => {
          const { ARN } = sim.act('secretsmanager', 'CreateSecret', input, 'OPERATOR') as { ARN: string };
          remade(action.secret, ARN);
        });
      });
      break;
    default:
      action satisfies never;
  }
}

/**
 * Rotates step by step; answers the id of the new version. A step that AWS refuses, because the secret is scheduled for
 * deletion, ends the rotation.
 */
function rotate(
  action: On<'secret'> & { do: 'rotate' },
  arn: string,
  sim: Simulator,
  timeline: Timeline,
): string {
  const { stepMs, fails } = action;
  const rotation = sim.prepareRotation(arn);
  const { begin, createSecret, setSecret, testSecret, finishSecret, succeed } = rotation;
  const fail = () => rotation.fail();
  const before = [begin, createSecret, setSecret];
  const steps =
    fails === 'before' ? [...before, fail] : [...before, testSecret, finishSecret, fails ? fail : succeed];
  const start = timeline.clock.now();
  let broken = false;
  for (const [index, step] of steps.entries())
    timeline.at(start + index * stepMs, () => {
      if (!broken) broken = !isPermitted(step);
    });
  return rotation.versionId;
}

/** Whether AWS permits an action; one that it refuses has no effect. */
function isPermitted(happen: () => void): boolean {
  try {
    happen();
    return true;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return false;
  }
}

/** Moves a label to the version that carries another label. */
function moveLabel(sim: Simulator, SecretId: string, label: string, target: string): void {
  const { VersionIdsToStages: labels } = sim.act('secretsmanager', 'DescribeSecret', { SecretId }) as {
    VersionIdsToStages: Readonly<Record<string, readonly string[]>>;
  };
  const holder = (one: string) => Object.entries(labels).find(([, stages]) => stages.includes(one))?.[0];
  const [RemoveFromVersionId, MoveToVersionId] = [holder(label), holder(target)];
  if (MoveToVersionId === undefined || MoveToVersionId === RemoveFromVersionId) return;
  const input = { SecretId, VersionStage: label, RemoveFromVersionId, MoveToVersionId };
  sim.act('secretsmanager', 'UpdateSecretVersionStage', input, 'OPERATOR');
}

const REMADE_AFTER_MS = 5_000;

function actOnParameter(action: On<'parameter'>, sim: Simulator, { arnOf }: Built, timeline: Timeline): void {
  if (arnOf(action.parameter) === undefined) return;
  const put = () =>
    void sim.act(
      'ssm',
      'PutParameter',
      { Name: action.parameter, Value: 'value', Overwrite: true },
      'OPERATOR',
    );
  switch (action.do) {
    case 'put-parameter':
      put();
      break;
    case 'fail-parameter':
      if (isThere(sim, action.parameter)) sim.world.failParameterUpdate(action.parameter);
      break;
    case 'remake-parameter':
      sim.act('ssm', 'DeleteParameter', { Name: action.parameter }, 'OPERATOR');
      timeline.at(timeline.clock.now() + REMADE_AFTER_MS, put);
      break;
    default:
      action.do satisfies never;
  }
}

function isThere(sim: Simulator, name: string): boolean {
  const ParameterFilters = [{ Key: 'Name', Values: [name] }];
  const { Parameters } = sim.act('ssm', 'DescribeParameters', { ParameterFilters }) as {
    Parameters: readonly object[];
  };
  return Parameters.length > 0;
}

function actOnService(action: On<'service'>, { sim, built, timeline }: Stage): void {
  const arn = built.services.get(action.service);
  const status = arn === undefined ? 'INACTIVE' : statusOf(sim, arn);
  if (action.do === 'create-service') {
    if (status === 'INACTIVE') built.create(action.service, timeline.clock.now());
  } else if (arn !== undefined && status === 'ACTIVE') {
    if (action.do === 'tag') retag(sim, arn, { enabled: action.enabled });
    else if (action.do === 'retag') retag(sim, arn, tagsOf(action, built));
    else actOnActive(action, arn, sim, built);
  }
}

type Retagging = Extract<Action, { readonly do: 'retag' }>;

function tagsOf({ wave, also }: Retagging, { alsoTag }: Built) {
  return {
    ...(wave !== undefined && { wave: String(wave) }),
    ...(also !== undefined && { also: alsoTag(also) }),
  };
}

type OnActive = Exclude<On<'service'>, { readonly do: 'create-service' | 'tag' | 'retag' }>;

function actOnActive(action: OnActive, arn: string, sim: Simulator, { revisionFor }: Built): void {
  const named = { arn };
  switch (action.do) {
    case 'deploy': {
      if (sim.deploymentsOf(arn).length === 0) return;
      const more =
        action.uses === undefined ? {} : { taskDefinition: revisionFor(action.service, action.uses) };
      sim.world.deploy(named, { by: 'CI', ...more });
      break;
    }
    case 'scale':
      sim.world.scale(named, action.count);
      break;
    case 'replace':
      sim.world.replaceTasks(named, action.count);
      break;
    case 'delete-service':
      sim.act('ecs', 'DeleteService', { ...placeOf(arn), force: true }, 'OPERATOR');
      break;
    case 'behave':
      sim.world.behave(named, action.rollout);
      break;
    case 'mend':
      sim.world.mend(named);
      break;
    case 'answer':
      if (sim.stateOf(named)?.state === 'awaiting-approval')
        sim.world.continueDeployment(named, action.answer);
      break;
    default:
      action satisfies never;
  }
}

/** Sets a tag of ours, or removes it if it has no value. */
function retag(
  sim: Simulator,
  resourceArn: string,
  tags: Readonly<Record<string, string | undefined>>,
): void {
  for (const [name, value] of Object.entries(tags)) {
    const key = `secret-redeploy:${name}`;
    if (value === undefined || value === '') sim.act('ecs', 'UntagResource', { resourceArn, tagKeys: [key] });
    else sim.act('ecs', 'TagResource', { resourceArn, tags: [{ key, value }] });
  }
}

function statusOf(sim: Simulator, arn: string): string | undefined {
  const { cluster, service } = placeOf(arn);
  const { services } = sim.act('ecs', 'DescribeServices', { cluster, services: [service] }) as {
    services: readonly { status: string }[];
  };
  return services[0]?.status;
}

function placeOf(arn: string): { readonly cluster: string; readonly service: string } {
  const [, cluster = '', service = ''] = arn.split('/');
  return { cluster, service };
}
