import type { ServiceSpec, TaskDefinitionSpec } from '../simulator/index.ts';

/**
 * What must become of a service, said without asking the service under test:
 * `redeployed`: exactly one deployment by us, and no task keeps an old value;
 * `fresh-by-itself`: none by us, and yet no task keeps an old value in the end;
 * `left-alone`: none by us, whatever its tasks hold.
 */
export type Expectation = 'redeployed' | 'fresh-by-itself' | 'left-alone';

/** One ECS service of the demo's fleet: plain data. */
export type Member = {
  readonly cluster: 'shop' | 'back-office' | 'sandbox';
  readonly name: string;
  readonly expect: Expectation;
  /** How it refers to what changes or, if it is not redeployed, why it must not be: in plain words. */
  readonly because: string;
  /** Revisions of the task definition family that is called like the service; PRIMARY runs the last one. */
  readonly revisions: readonly Omit<TaskDefinitionSpec, 'family'>[];
  readonly service?: Omit<ServiceSpec, 'cluster' | 'name' | 'taskDefinition' | 'secrets'>;
  /** The application reads the secret itself as it starts, so that ECS does not know which value a task holds. */
  readonly readsItself?: true;
  /** CI deploys it during the demo, shortly before or after AWSCURRENT moves. */
  readonly ci?: 'before' | 'after';
};

/** As its tag says; 0 without one. */
export function waveOf({ service }: Member): number {
  return Number(service?.tags?.['secret-redeploy:wave'] ?? 0);
}

/** `shop/web`, as people and the service's own requests call it. */
export function labelOf({ cluster, name }: Pick<Member, 'cluster' | 'name'>): string {
  return `${cluster}/${name}`;
}
