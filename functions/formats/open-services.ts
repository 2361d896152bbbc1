import type * as z from 'zod/mini';
import type { FollowUp, OpenService } from '../core/follow-up/follow-up.ts';
import { keyOf, nameOf } from '../core/model/arn.ts';
import type { carried } from './follow-up-shape.ts';

/** The services of a follow-up, grouped by cluster; what was seen of their deployments stands beside them. */
type Read = z.infer<typeof carried>['followUps'][number];

export function openIn(open: Read['open'], rollouts: Read['rollouts']): readonly OpenService[] {
  const seen = new Map(
    rollouts.flatMap(([cluster, services]) =>
      services.map(([name, one]) => [keyOf(nameOf(cluster), name), one] as const),
    ),
  );
  return open.flatMap(([cluster, services]) =>
    services.map(([name, deploymentId, ours, lastLogged]) => ({
      cluster,
      name,
      deploymentId,
      ours,
      lastLogged,
      ...seenIn(seen.get(keyOf(nameOf(cluster), name))),
    })),
  );
}

type Seen = Read['rollouts'][number][1][number][1];

function seenIn(one: Seen | undefined): Pick<OpenService, 'rollout' | 'ranBefore'> {
  const { state, since, alarmed = false, ran } = one ?? {};
  return {
    ...(state !== undefined && since !== undefined && { rollout: { state, since, alarmed } }),
    ...(ran !== undefined && { ranBefore: ran }),
  };
}

/** Beside the services, so that older code reads the message and does without them. JSON leaves out what is undefined. */
export function writtenRollouts(open: FollowUp['open']): object {
  const seen = open.filter(({ rollout, ranBefore }) => rollout !== undefined || ranBefore !== undefined);
  if (seen.length === 0) return {};
  return {
    rollouts: grouped(seen, ({ name, rollout, ranBefore }) => [name, { ...rollout, ran: ranBefore }]),
  };
}

export function grouped<One extends { readonly cluster: string }, Short>(
  all: readonly One[],
  shorten: (one: One) => Short,
): readonly (readonly [string, readonly Short[]])[] {
  const byCluster = new Map<string, Short[]>();
  for (const one of all) {
    const ofCluster = byCluster.get(one.cluster);
    if (ofCluster === undefined) byCluster.set(one.cluster, [shorten(one)]);
    else ofCluster.push(shorten(one));
  }
  return [...byCluster];
}
