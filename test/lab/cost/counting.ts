import { z } from 'zod/mini';
import type { Call } from '../../simulator/index.ts';

/** Counts the calls of each of ECS's quota groups (functions/README.md, Quotas) and of each other AWS service. */
export function callsByGroup(calls: readonly Call[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const group of calls.map(groupOf)) counts.set(group, (counts.get(group) ?? 0) + 1);
  return Object.fromEntries(counts);
}

const GROUPS: Readonly<Record<string, string>> = {
  ListClusters: 'ECS, clusters',
  DescribeClusters: 'ECS, clusters',
  ListServices: 'ECS, services',
  DescribeServices: 'ECS, services',
  DescribeTaskDefinition: 'ECS, task definitions',
  ListTasks: 'ECS, tasks',
  DescribeTasks: 'ECS, tasks',
  ListServiceDeployments: 'ECS, deployments',
  UpdateService: 'ECS, UpdateService',
};
const SERVICES: Readonly<Record<string, string>> = {
  secretsmanager: 'Secrets Manager',
  ssm: 'Parameter Store',
  sqs: 'SQS',
  events: 'EventBridge',
};

function groupOf({ service, operation }: Call): string {
  return GROUPS[operation] ?? SERVICES[service] ?? `${service}:${operation}`;
}

const PutEvents = z.object({ Entries: z.array(z.unknown()) });

/** How many own events a call puts on the bus. */
export function entriesIn({ operation, input }: Call): number {
  return operation === 'PutEvents' ? PutEvents.parse(input).Entries.length : 0;
}

export const bytesOf = (lines: readonly string[]) =>
  lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);

const Emf = z.looseObject({
  _aws: z.object({
    CloudWatchMetrics: z.array(z.object({ Namespace: z.string(), Dimensions: z.array(z.array(z.string())) })),
  }),
});

/** The sets of dimensions, with their values, under which a line of the log writes metrics. */
export function dimensionsIn(line: string): readonly string[] {
  if (!line.includes('"_aws"')) return [];
  const record = Emf.parse(JSON.parse(line));
  return record._aws.CloudWatchMetrics.flatMap(({ Namespace: namespace, Dimensions: sets }) =>
    sets.map((names) => [namespace, ...names.map((name) => `${name}=${String(record[name])}`)].join(' ')),
  );
}
