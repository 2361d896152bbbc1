import type { Aws } from '../aws.ts';
import { arnOf } from '../place.ts';
import type { StackRef, StackSpec } from './specs.ts';

/** The functions of the service by the logical ids that osls gives to them. */
const FUNCTIONS = {
  OnDashchangeLambdaFunction: 'on-change',
  OnDashrequestLambdaFunction: 'on-request',
  OnDashscheduleLambdaFunction: 'on-schedule',
} as const;

/** Installs the service as `osls deploy` does: its functions, and whatever else the spec has. */
export function buildStack(aws: Aws, spec: StackSpec): StackRef {
  const { stage = 'prod', version = '0.1.0', environment = {}, handlers = {}, resources = {} } = spec;
  const { template = '{}', status = 'CREATE_COMPLETE', createdAt = aws.now(), roles = {} } = spec;
  const name = spec.name ?? `ecs-secret-redeploy-${stage}`;
  const { region, account } = aws.place;
  const { physicalId: queueUrl = `https://sqs.${region}.amazonaws.com/${account}/${name}-ChangeQueue` } =
    resources['ChangeQueue'] ?? {};
  const functions = Object.entries(FUNCTIONS).map(([logicalId, short]) => {
    const physicalId = `${name}-${short}`;
    const variables = { STAGE: stage, CHANGE_QUEUE_URL: queueUrl, ...environment };
    aws.installed.functions.set(physicalId, {
      name: physicalId,
      environment: variables,
      version,
      revision: 1,
      role: roles[short] ?? arnOf({ ...aws.place, region: '' }, 'iam', `role/${physicalId}`),
      handle: handlers[short],
    });
    return [logicalId, { type: 'AWS::Lambda::Function', physicalId }] as const;
  });
  const all = new Map([...functions, ...Object.entries(resources)]);
  aws.installed.stacks.set(name, { name, resources: all, template, createdAt, status });
  return { name };
}
