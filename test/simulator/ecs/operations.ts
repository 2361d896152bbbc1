import type { Operations } from '../aws.ts';
import { ECS_READS } from './reads.ts';
import { ECS_WRITES } from './writes.ts';

/** ECS's operations. */
export const ECS: Operations = { ...ECS_READS, ...ECS_WRITES };
