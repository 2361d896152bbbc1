import { z } from 'zod/mini';
import type { Terminal } from './terminal.ts';

export const STACK = 'ecs-secret-redeploy-prod';

/** What CloudFormation made for the stack in one Region. */
export type Stack = {
  readonly region: string;
  /** The name or URL that AWS knows a resource by, by its name in the template. */
  readonly physicalId: (logicalId: string) => string;
  /** The kinds of its resources, less those that moto does not make. */
  readonly kinds: ReadonlySet<string>;
};

/** Of a kind that moto does not make it tells nothing at all. */
const Resource = z.object({
  LogicalResourceId: z.optional(z.string()),
  PhysicalResourceId: z.optional(z.string()),
  ResourceType: z.optional(z.string()),
});
const Resources = z.object({ StackResources: z.array(Resource) });

/** The resources are asked for one by one: moto forgets the outputs of a stack that is updated. */
export async function readStack(terminal: Terminal, region: string): Promise<Stack> {
  const command = `cloudformation describe-stack-resources --stack-name ${STACK} --region ${region}`;
  const { StackResources: resources } = await terminal.aws(command, Resources);
  const ids = new Map(resources.map((one) => [one.LogicalResourceId, one.PhysicalResourceId]));
  return {
    region,
    kinds: new Set(resources.flatMap(({ ResourceType: kind }) => kind ?? [])),
    physicalId(logicalId) {
      const id = ids.get(logicalId);
      if (id === undefined) throw new Error(`the stack in ${region} has no ${logicalId}`);
      return id;
    },
  };
}
