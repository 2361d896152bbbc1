import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import type { Stacks } from '../../ports.ts';
import { type CallCounts, counted, reads } from '../clients.ts';
import { hasCode, readFailed } from '../errors.ts';

/**
 * The stack of the service, if it is installed. One call answers the first 100 resources of a stack, which has fewer
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResources.html).
 */
export function makeStacks(counts: CallCounts): Stacks {
  const client = counted(new CloudFormationClient(reads), counts);
  return {
    async resources(stack, signal) {
      try {
        const command = new DescribeStackResourcesCommand({ StackName: stack });
        const { StackResources = [] } = await client.send(command, { abortSignal: signal });
        return new Map(
          StackResources.map(({ LogicalResourceId = '', PhysicalResourceId = '' }) => [
            LogicalResourceId,
            PhysicalResourceId,
          ]),
        );
      } catch (error) {
        // CloudFormation has no code of its own for a stack that does not exist.
        if (hasCode(error, 'ValidationError') && /does not exist/.test(String(error))) return undefined;
        throw readFailed(`describe the resources of stack ${stack}`, error);
      }
    },
  };
}
