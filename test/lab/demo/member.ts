import type { ServiceSpec, TaskDefinitionSpec } from '../../simulator/index.ts';

/**
 * The expected end of an ECS service, stated independently of the functions under test:
 * `redeployed`: exactly one deployment by us, and no task keeps an old value;
 * `fresh-by-itself`: no deployment by us, and at the end no task keeps an old value;
 * `left-alone`: no deployment by us, whatever its tasks hold.
 */
export type Expectation = 'redeployed' | 'fresh-by-itself' | 'left-alone';

/** One ECS service of the demo's fleet: plain data. */
export type Member = {
  readonly cluster: 'shop' | 'back-office' | 'sandbox';
  readonly name: string;
  readonly expect: Expectation;
  /** In plain words: how it refers to what changes or, if it must not be redeployed, the reason. */
  readonly because: string;
  /** Revisions of the task definition family, which has the name of the service; PRIMARY runs the last one. */
  readonly revisions: readonly Omit<TaskDefinitionSpec, 'family'>[];
  readonly service?: Omit<ServiceSpec, 'cluster' | 'name' | 'taskDefinition' | 'secrets'>;
  /** The application reads the secret itself as it starts; ECS does not know which value a task holds. */
  readonly readsItself?: true;
  /** CI deploys it during the demo, shortly before or after AWSCURRENT moves. */
  readonly ci?: 'before' | 'after';
};

type Described = Pick<Member, 'revisions' | 'service' | 'readsItself' | 'ci'>;

/** Describes the members of a cluster that have the same expected end. */
export function inCluster(cluster: Member['cluster'], expect: Expectation) {
  return (name: string, because: string, described: Described): Member => ({
    cluster,
    name,
    expect,
    because,
    ...described,
  });
}

/** One revision with these references as secrets of a container. */
export const uses = (...secrets: readonly string[]): Member['revisions'] => [{ secrets }];

/** The wave in its tag; 0 without a tag. */
export function waveOf({ service }: Member): number {
  return Number(service?.tags?.['secret-redeploy:wave'] ?? 0);
}

/** `shop/web`, as in requests. */
export function labelOf({ cluster, name }: Pick<Member, 'cluster' | 'name'>): string {
  return `${cluster}/${name}`;
}
