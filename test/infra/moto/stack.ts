import { z } from 'zod/mini';
import type { Terminal } from './terminal.ts';

export const STACK = 'ecs-secret-redeploy-prod';

/** The resources that CloudFormation created for the stack in one Region. */
export type Stack = {
  readonly region: string;
  /** The name or URL that AWS knows a resource by, by its name in the template. */
  readonly physicalId: (logicalId: string) => string;
  /** The kinds of its resources, without those that moto does not create. */
  readonly kinds: ReadonlySet<string>;
};

/** For a resource of a kind that moto does not create, moto answers none of these fields. */
const Resource = z.object({
  LogicalResourceId: z.optional(z.string()),
  PhysicalResourceId: z.optional(z.string()),
  ResourceType: z.optional(z.string()),
});
const Resources = z.object({ StackResources: z.array(Resource) });

/** Reads the resources of the stack instead of its outputs, which moto forgets when a stack is updated. */
export async function readStack(terminal: Terminal, region: string): Promise<Stack> {
  const command = `cloudformation describe-stack-resources --stack-name ${STACK} --region ${region}`;
  const { StackResources: resources } = await terminal.aws(command, Resources);
  const ids = new Map(resources.map((one) => [one.LogicalResourceId, one.PhysicalResourceId]));
  return {
    region,
    kinds: new Set(resources.flatMap(({ ResourceType: kind }) => kind ?? [])),
    physicalId(logicalId) {
      const id = ids.get(logicalId);
      if (id === undefined)
        throw new Error(`looked for the resource ${logicalId}, which the stack in ${region} does not have`);
      return id;
    },
  };
}
