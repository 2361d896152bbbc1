import { dice } from '../../support/dice.ts';
import type { Action, Resource, Scenario, ServicePlan, Use } from './scenario.ts';

/** How many scenarios have a secret of another account, or one that may not be described. */
const CHANCE = 0.25;

/** What nobody does to such a secret here: another account's is deleted there, and a hidden one shows no tag. */
const UNTOLD = ['delete-secret', 'restore-secret', 'recreate-secret', 'tag-secret'];

/**
 * A part of the scenarios with a secret of another account, whose events are forwarded, or one that may not be described, or
 * both. Everything is as it was but for what such a secret makes impossible: no event of it is dropped, because no sweep
 * would find what was lost, and no request names it by its name.
 */
export function withElsewhere(scenario: Scenario): Scenario {
  const roll = dice(scenario.seed * 4099 + 23);
  const secrets = scenario.resources.filter(({ kind }) => kind === 'secret');
  if (secrets.length === 0 || !roll.chance(CHANCE)) return scenario;
  const { name } = roll.pick(secrets);
  const how = roll.pick([{ foreign: true }, { hidden: true }, { foreign: true, hidden: true }] as const);
  const moved = (resource: Resource): Resource => {
    const { enabled: _, ...rest } = resource;
    return resource.name === name ? { ...rest, ...how } : resource;
  };
  const isForeign = 'foreign' in how;
  return {
    ...scenario,
    resources: scenario.resources.map(moved),
    services: scenario.services.map((plan) => withUses(plan, name, isForeign)),
    actions: scenario.actions.flatMap((action) => possible(action, name, isForeign)),
    deliveries: scenario.deliveries.filter(({ dropped }) => dropped !== true),
  };
}

/** A name without an ARN belongs to the account of the service. */
function spelledThere(use: Use, name: string, isForeign: boolean): Use {
  return isForeign && use.of === name && use.as === 'pass-through' ? { ...use, as: 'partial' } : use;
}

function withUses(plan: ServicePlan, name: string, isForeign: boolean): ServicePlan {
  return { ...plan, uses: plan.uses.map((use) => spelledThere(use, name, isForeign)) };
}

function possible(action: Action, name: string, isForeign: boolean): readonly Action[] {
  const spelled = (uses: readonly Use[]) => uses.map((use) => spelledThere(use, name, isForeign));
  if ('secret' in action && action.secret === name && UNTOLD.includes(action.do))
    return [{ at: action.at, do: 'put', secret: name }];
  if (action.do === 'request' && action.ask.secret === name) return [];
  if (action.do === 'deploy' && action.uses !== undefined) return [{ ...action, uses: spelled(action.uses) }];
  if (action.do === 'retag' && action.also !== undefined) return [{ ...action, also: spelled(action.also) }];
  return [action];
}
