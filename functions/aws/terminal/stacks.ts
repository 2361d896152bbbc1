import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import type { StackFact, StackListing } from '../../core/doctor/facts.ts';
import type { Stacks } from '../../ports.ts';
import type { Installation } from '../../ports-doctor.ts';
import { type CallCounts, counted, reads } from '../clients.ts';
import { hasCode, readFailed } from '../errors.ts';
import { asked } from './asked.ts';

/** The stack of the service, if it is installed. */
export function makeStacks(counts: CallCounts): Stacks {
  const client = counted(new CloudFormationClient(reads), counts);
  return {
    async resources(stack, signal) {
      try {
        const { resources } = await resourcesOf(client, stack, signal);
        return new Map([...resources].map(([id, { physicalId }]) => [id, physicalId]));
      } catch (error) {
        if (isNoStack(error)) return undefined;
        throw readFailed(`describe the resources of stack ${stack}`, error);
      }
    },
  };
}

/** The same for questions about the stack itself. */
export function makeStackFacts(counts: CallCounts): Pick<Installation, 'stack' | 'resources' | 'template'> {
  const client = counted(new CloudFormationClient(reads), counts);
  const gone = isNoStack;
  return {
    stack: (StackName, abortSignal) =>
      asked(
        { attempt: `describe stack ${StackName}`, action: 'cloudformation:DescribeStacks', gone },
        async () => {
          const command = new DescribeStacksCommand({ StackName });
          const [found] = (await client.send(command, { abortSignal })).Stacks ?? [];
          return stackIn(found, StackName);
        },
      ),
    resources: (stack, signal) =>
      asked(
        {
          attempt: `describe the resources of stack ${stack}`,
          action: 'cloudformation:DescribeStackResources',
          gone,
        },
        () => resourcesOf(client, stack, signal),
      ),
    template: (StackName, abortSignal) =>
      asked(
        { attempt: `read the template of stack ${StackName}`, action: 'cloudformation:GetTemplate', gone },
        async () => {
          const command = new GetTemplateCommand({ StackName });
          return (await client.send(command, { abortSignal })).TemplateBody ?? '';
        },
      ),
  };
}

function stackIn(found: Stack | undefined, name: string): StackFact {
  const { StackStatus: status = 'unknown', CreationTime, Parameters = [] } = found ?? {};
  const parameters = Parameters.map(
    ({ ParameterKey: key = '', ParameterValue = '' }) => [key, ParameterValue] as const,
  );
  return {
    name: found?.StackName ?? name,
    status,
    createdAt: CreationTime?.getTime() ?? 0,
    parameters: new Map(parameters),
  };
}

/**
 * One call answers the first 100 resources of a stack, which has fewer
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResources.html). Those that are deleted
 * are listed for a while.
 */
async function resourcesOf(
  client: CloudFormationClient,
  StackName: string,
  abortSignal: AbortSignal,
): Promise<StackListing> {
  const command = new DescribeStackResourcesCommand({ StackName });
  const { StackResources: all = [] } = await client.send(command, { abortSignal });
  const resources = new Map(
    all.flatMap(
      ({
        LogicalResourceId: id = '',
        PhysicalResourceId: physicalId,
        ResourceType: type = '',
        ResourceStatus,
      }) =>
        physicalId === undefined || physicalId === '' || ResourceStatus === 'DELETE_COMPLETE'
          ? []
          : [[id, { type, physicalId }] as const],
    ),
  );
  return { id: all.find(({ StackId }) => StackId !== undefined)?.StackId ?? '', resources };
}

/** CloudFormation has no code of its own for a stack that does not exist. */
function isNoStack(error: unknown): boolean {
  return hasCode(error, 'ValidationError') && /does not exist/.test(String(error));
}
