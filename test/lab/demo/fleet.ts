import type { ServiceRef, World } from '../../simulator/index.ts';
import { LEFT_ALONE } from './fleet-left-alone.ts';
import { REDEPLOYED } from './fleet-redeployed.ts';
import type { Member } from './member.ts';
import { PARAMETER, SECRETS } from './resources.ts';

/** A member that has become a service of the simulated AWS. */
export type Built = Member & { readonly arn: string; readonly ref: ServiceRef };

/** Builds the secrets, the parameter and the whole fleet, in the state in which it is after an hour. */
export function buildFleet(world: World): readonly Built[] {
  for (const secret of SECRETS) world.secret(secret);
  world.parameter(PARAMETER);
  world.cluster({ name: 'sandbox', tags: { 'secret-redeploy:enabled': 'false' } });
  return [...REDEPLOYED, ...LEFT_ALONE].map((member) => build(world, member));
}

function build(world: World, member: Member): Built {
  const { cluster, name, revisions, service } = member;
  const definitions = revisions.map((revision) => world.taskDefinition({ ...revision, family: name }));
  const latest = definitions.at(-1);
  if (latest === undefined) throw new TypeError(`${name} has no revision`);
  const rollout = { durationMs: 2000, drainMs: 300, ...service?.rollout };
  const ref = world.service({ ...service, rollout, cluster, name, taskDefinition: latest });
  return { ...member, arn: ref.arn, ref };
}
