import { type Home, homeOf, type TaskDefinitionArn } from '../../core/model/arn.ts';
import type { Revision } from '../../core/model/fleet.ts';
import { isRefusal, readFailed, refusalOf } from '../errors.ts';
import type { EcsReads } from './calls.ts';
import { mentionsOf, referencesOf } from './references-of.ts';

/**
 * A cache of what each task-definition revision refers to, kept for the life of the process: a registered revision
 * never changes, and its number is never used again (functions/README.md, Deployments).
 */
export class Revisions {
  readonly #reads: EcsReads;
  readonly #known: Map<TaskDefinitionArn, Revision>;
  readonly #asked = new Map<TaskDefinitionArn, Promise<Revision>>();
  /** For each read of a fleet, known by its signal, what ECS refused to describe ahead of it. */
  readonly #refused = new WeakMap<AbortSignal, Map<TaskDefinitionArn, Revision>>();

  constructor(reads: EcsReads, known: Map<TaskDefinitionArn, Revision>) {
    this.#reads = reads;
    this.#known = known;
  }

  /** Reads each revision at most once; a revision that ECS refused to describe is read again at the next call. */
  async get(arn: TaskDefinitionArn, signal: AbortSignal): Promise<Revision> {
    const known = this.#known.get(arn) ?? this.#asked.get(arn);
    if (known !== undefined) return known;
    const asking = this.#read(arn, signal).finally(() => this.#asked.delete(arn));
    this.#asked.set(arn, asking);
    return asking;
  }

  /**
   * Reads a revision while the services are still being read. One that ECS refuses to describe is not asked for again with each
   * of the services that share it, but once more by `get`.
   */
  async readAhead(arn: TaskDefinitionArn, signal: AbortSignal): Promise<Revision> {
    const refused = this.#refused.get(signal) ?? new Map<TaskDefinitionArn, Revision>();
    this.#refused.set(signal, refused);
    const revision = refused.get(arn) ?? (await this.get(arn, signal));
    if (revision.kind === 'unreadable') refused.set(arn, revision);
    return revision;
  }

  async #read(arn: TaskDefinitionArn, signal: AbortSignal): Promise<Revision> {
    try {
      const taskDefinition = await this.#reads.describeTaskDefinition(arn, signal);
      if (taskDefinition?.containerDefinitions === undefined)
        return { kind: 'unreadable', why: NOT_DESCRIBED };
      const mentions = mentionsOf(taskDefinition);
      const revision: Revision = {
        kind: 'readable',
        references: referencesOf(taskDefinition, arn),
        ...(taskDefinition.executionRoleArn && {
          executionRole: roleArn(taskDefinition.executionRoleArn, homeOf(arn)),
        }),
        ...(mentions.length > 0 && { mentions }),
      };
      this.#known.set(arn, revision);
      return revision;
    } catch (error) {
      if (!isRefusal(error)) throw readFailed(`describe task definition ${arn}`, error);
      return { kind: 'unreadable', ...refusalOf(error) };
    }
  }
}

/** Every task definition has a container; what names none may refer to anything. */
const NOT_DESCRIBED = 'ECS did not describe the containers of the task definition';

/** A role may be registered by its name alone, or by path and name. */
function roleArn(named: string, { partition, account }: Home): string {
  return named.startsWith('arn:')
    ? named
    : `arn:${partition}:iam::${account}:role/${named.replace(/^\//, '')}`;
}
