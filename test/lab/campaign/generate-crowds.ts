import { dice } from '../../support/dice.ts';
import { BUCKET } from './build-world.ts';
import type { Scenario } from './scenario.ts';

type Base = Omit<Scenario, 'faults' | 'deaths'>;

const CROWDS = [40, 40, 80, 150, 400] as const;

/** Four clusters that are read so slowly that one invocation is too short for all of them, and long enough for each. */
export const SLOWLY = { READ_RATE: '0.12', READ_BURST: '15' };
export const LARGE = ['crowd-a', 'crowd-b', 'crowd-c', 'crowd-d'] as const;
/** With slow reads: the number of services and changes that do not keep each other from being looked at. */
const FEW = 4;

/**
 * In a tenth of the scenarios there are 40 to 400 services beside those that are concerned: they are found by hints, by
 * the snapshot, and by reads that one invocation may be too short for.
 */
export function crowded(base: Base): Base {
  const roll = dice(base.seed * 5801 + 37);
  if (!roll.chance(0.1)) return base;
  const { settings } = base;
  const env = {
    ...settings.env,
    ...(roll.chance(0.7) && { SNAPSHOT_BUCKET: BUCKET }),
  };
  const plain = { ...settings, page: 100, wideRules: false };
  if (roll.chance(0.3))
    return {
      ...base,
      services: base.services.slice(0, FEW),
      actions: base.actions.slice(0, FEW),
      crowds: LARGE.map((cluster) => ({ cluster, count: roll.int(60, 80) })),
      settings: { ...plain, env: { ...env, ...SLOWLY } },
    };
  const crowd = { cluster: roll.pick(base.clusters).name, count: roll.pick(CROWDS) };
  return { ...base, crowds: [crowd], settings: { ...plain, env } };
}
