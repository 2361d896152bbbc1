import type { Functions, Stacks } from '../ports.ts';
import { wrongIn } from './config.ts';

/** The stack that a command looks for; `name` undefined: the one that `osls deploy` makes for the stage. */
export type WantedStack = { readonly stage: string; readonly name: string | undefined };

/** `--stack none`: no stack is looked for. */
export const NO_STACK = 'none';

/** An installed service. */
export type Stack = {
  readonly name: string;
  /** The physical ids of its resources by their logical ids. */
  readonly resources: ReadonlyMap<string, string>;
  /** The environment of on-change: the settings with which the service decides. */
  readonly environment: Readonly<Record<string, string>>;
};

/** The stack that a person named is not one of this service, or does not exist. */
export class NoStack extends Error {
  override readonly name = 'NoStack';
}

export const FUNCTION_NAMES = ['on-change', 'on-request', 'on-schedule'] as const;
export type FunctionName = (typeof FUNCTION_NAMES)[number];

/** The logical ids that osls gives to the functions. */
export const FUNCTIONS: Readonly<Record<FunctionName, string>> = {
  'on-change': 'OnDashchangeLambdaFunction',
  'on-request': 'OnDashrequestLambdaFunction',
  'on-schedule': 'OnDashscheduleLambdaFunction',
};

/** The stack that `osls deploy` makes for a stage. */
export const stackOf = (stage: string): string => `ecs-secret-redeploy-${stage}`;

/** Undefined if the stack of the stage does not exist. Throws NoStack if one that was named does not. */
export async function findStack(
  { stage, name }: WantedStack,
  region: string,
  { stacks, functions }: { readonly stacks: Stacks; readonly functions: Functions },
  signal: AbortSignal,
): Promise<Stack | undefined> {
  if (name === NO_STACK) return undefined;
  const stack = name ?? stackOf(stage);
  const resources = await stacks.resources(stack, signal);
  if (resources === undefined) {
    if (name === undefined) return undefined;
    throw new NoStack(`there is no stack ${stack} in ${region}`);
  }
  const onChange = resources.get(FUNCTIONS['on-change']);
  if (onChange === undefined)
    throw new NoStack(`stack ${stack} is not one of ecs-secret-redeploy: it has no function on-change`);
  return { name: stack, resources, environment: (await functions.settings(onChange, signal)).variables };
}

/** Of settings that are wrong, the one that says of which stage the metrics are. */
export function stageIn(stack: Stack | undefined): Readonly<Record<string, string>> {
  const { STAGE = '' } = stack?.environment ?? {};
  return wrongIn({ STAGE }) === undefined ? { STAGE } : {};
}

/** What is wrong with the settings of the stack. */
export function problemOf(stack: Stack | undefined): string | undefined {
  const wrong = wrongIn(stack?.environment ?? {});
  return (
    wrong && `on-change of stack ${stack?.name} rejects every invocation: ${wrong}; deploy the right values`
  );
}
