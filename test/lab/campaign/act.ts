import { AwsError } from '../../simulator/errors.ts';
import type { Simulator } from '../../simulator/index.ts';
import type { Built } from './build-world.ts';
import type { Action, Settings } from './scenario.ts';
import type { Timeline } from './time.ts';

/** Performs one action of a scenario in the world; `coldStart` replaces every idle process, `configure` each of them. */
export function act(
  action: Action,
  {
    sim,
    built,
    timeline,
    coldStart,
    configure,
    send,
  }: {
    readonly sim: Simulator;
    readonly built: Built;
    readonly timeline: Timeline;
    readonly coldStart: () => void;
    readonly configure: (env: Settings['env']) => void;
    readonly send: (body: string) => void;
  },
): void {
  isPermitted(() => {
    if ('secret' in action) actOnSecret(action, sim, built, timeline);
    else if ('parameter' in action) actOnParameter(action, sim, built, timeline);
    else if ('service' in action) actOnService(action, sim, built);
    else if (action.do === 'garbage') send(action.body);
    else if (action.do === 'configure') configure(action.env);
    else coldStart();
  });
}

type On<Key extends string> = Extract<Action, Readonly<Record<Key, string>>>;

function actOnSecret(
  action: On<'secret'>,
  sim: Simulator,
  { arnOf, rotated }: Built,
  timeline: Timeline,
): void {
  const SecretId = arnOf(action.secret);
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

function actOnService(action: On<'service'>, sim: Simulator, { services, revisionFor }: Built): void {
  const arn = services.get(action.service);
  if (arn === undefined || !isActive(sim, arn)) return;
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
    case 'tag':
      sim.act('ecs', 'TagResource', {
        resourceArn: arn,
        tags: [{ key: 'secret-redeploy:enabled', value: action.enabled }],
      });
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

function isActive(sim: Simulator, arn: string): boolean {
  const { cluster, service } = placeOf(arn);
  const { services } = sim.act('ecs', 'DescribeServices', { cluster, services: [service] }) as {
    services: readonly { status: string }[];
  };
  return services[0]?.status === 'ACTIVE';
}

function placeOf(arn: string): { readonly cluster: string; readonly service: string } {
  const [, cluster = '', service = ''] = arn.split('/');
  return { cluster, service };
}
