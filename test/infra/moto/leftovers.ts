import { z } from 'zod/mini';
import type { Terminal } from './terminal.ts';

/** The command that lists the resources of a kind. moto creates no alarms, saved queries or queue policies. */
const LISTED_BY: Readonly<Record<string, string>> = {
  'AWS::CloudWatch::Dashboard': "cloudwatch list-dashboards --query 'DashboardEntries[].DashboardName'",
  'AWS::Events::Rule': "events list-rules --query 'Rules[].Name'",
  'AWS::IAM::Role': "iam list-roles --query 'Roles[].RoleName'",
  'AWS::Lambda::EventSourceMapping':
    "lambda list-event-source-mappings --query 'EventSourceMappings[].EventSourceArn'",
  'AWS::Lambda::Function': "lambda list-functions --query 'Functions[].FunctionName'",
  'AWS::Logs::LogGroup': "logs describe-log-groups --query 'logGroups[].logGroupName'",
  'AWS::S3::Bucket': "s3api list-buckets --query 'Buckets[].Name'",
  'AWS::SNS::Topic': "sns list-topics --query 'Topics[].TopicArn'",
  'AWS::SQS::Queue': "sqs list-queues --query 'QueueUrls || `[]`'",
};

const Names = z.nullable(z.array(z.string()));

/**
 * The resources of each of these kinds in a Region. Throws for a kind without a command in LISTED_BY, because its
 * resources could be left behind unnoticed.
 */
export async function listAll(
  terminal: Terminal,
  kinds: ReadonlySet<string>,
  region: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const lists = [...kinds].sort().map(async (kind) => {
    const command = LISTED_BY[kind];
    if (command === undefined)
      throw new Error(`cannot list the resources of the kind ${kind}: add its command to LISTED_BY`);
    return [kind, (await terminal.aws(`${command} --region ${region}`, Names)) ?? []] as const;
  });
  return new Map(await Promise.all(lists));
}

/** The names of the stacks of a Region that are not deleted. */
export async function stacksIn(terminal: Terminal, region: string): Promise<readonly string[]> {
  const query = '--query "StackSummaries[?StackStatus!=\'DELETE_COMPLETE\'].StackName"';
  return (await terminal.aws(`cloudformation list-stacks ${query} --region ${region}`, Names)) ?? [];
}
