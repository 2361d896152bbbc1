import type { Operation } from '../aws.ts';
import { AwsError, invalidParameter } from '../errors.ts';
import { type Input, number, record, records, requiredText, text, texts } from '../input.ts';
import { continueAt } from './hooks.ts';
import { findServiceDeployment } from './lookup.ts';
import { type HookAction, PAUSE_STAGES, type PauseHook, type PauseStage } from './state.ts';

const ACTIONS: readonly HookAction[] = ['CONTINUE', 'ROLLBACK'];
/** API_DeploymentLifecycleHookTimeoutConfiguration and the page on pause hooks, Constraints. */
const DEFAULT_MINUTES = 1440;
const MOST_MINUTES = 20_160;
const MOST_HOOKS = 10;

/** The PAUSE hooks in a deploymentConfiguration; undefined if it names none. Hooks of other types are not modelled. */
export function pauseHooksIn(configuration: Input): readonly PauseHook[] | undefined {
  if (configuration['lifecycleHooks'] === undefined) return undefined;
  const hooks = records(configuration, 'lifecycleHooks');
  if (hooks.length > MOST_HOOKS) throw invalidParameter(`At most ${MOST_HOOKS} pause hooks are allowed.`);
  return hooks.map(pauseHook);
}

function pauseHook(hook: Input): PauseHook {
  if (text(hook, 'targetType') !== 'PAUSE') throw invalidParameter('The simulator models PAUSE hooks only.');
  for (const field of ['hookTargetArn', 'roleArn'])
    if (hook[field] !== undefined) throw invalidParameter(`A PAUSE hook takes no ${field}.`);
  const stages = texts(hook, 'lifecycleStages').map(stageOf);
  if (stages.length === 0) throw invalidParameter('lifecycleStages can not be empty.');
  const timeout = record(hook, 'timeoutConfiguration') ?? {};
  const timeoutMinutes = number(timeout, 'timeoutInMinutes') ?? DEFAULT_MINUTES;
  if (!Number.isInteger(timeoutMinutes) || timeoutMinutes < 1 || timeoutMinutes > MOST_MINUTES)
    throw invalidParameter(`timeoutInMinutes must be between 1 and ${MOST_MINUTES}.`);
  return { stages, timeoutMinutes, timeoutAction: actionOf(text(timeout, 'action') ?? 'ROLLBACK') };
}

function stageOf(name: string): PauseStage {
  const stage = PAUSE_STAGES.find((one) => one === name);
  if (stage === undefined) throw invalidParameter(`PAUSE hooks cannot be configured at ${name}.`);
  return stage;
}

function actionOf(name: string): HookAction {
  const action = ACTIONS.find((one) => one === name);
  if (action === undefined) throw invalidParameter(`${name} is not one of ${ACTIONS.join(', ')}.`);
  return action;
}

/** ContinueServiceDeployment: a person's answer to a PAUSE hook. */
export const continueServiceDeployment: Operation = (aws, input, { at }) => {
  const arn = requiredText(input, 'serviceDeploymentArn');
  const action = actionOf(text(input, 'action') ?? 'CONTINUE');
  const found = findServiceDeployment(aws, arn);
  if (found === undefined)
    throw new AwsError('ServiceDeploymentNotFoundException', 'Service deployment not found.');
  const { service, item } = found;
  const hook = item.hooks.find(({ id }) => id === requiredText(input, 'hookId'));
  const { rollout } = service;
  if (hook?.status !== 'AWAITING_ACTION' || rollout?.record !== item)
    throw invalidParameter('The lifecycle hook is not awaiting an action.');
  continueAt(aws, service, rollout, hook, action, at);
  return { serviceDeploymentArn: arn };
};
