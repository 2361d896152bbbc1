import type { Dice } from '../../support/dice.ts';
import { randomRollout, randomUses } from './generate-services.ts';
import type { Action, Resource, ServicePlan } from './scenario.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** About the time from a change to its deployments: an action within this time happens in the middle of them. */
const A_LOOK_MS = 8 * SECOND;

/** Some changes, and other actions at about the same time, often within seconds of a change. */
export function randomActions(
  roll: Dice,
  resources: readonly Resource[],
  services: readonly ServicePlan[],
): readonly Action[] {
  const spread = roll.pick([5 * SECOND, MINUTE, 10 * MINUTE, 90 * MINUTE]);
  const at = () => roll.int(1, spread);
  const changes = Array.from({ length: roll.pick([1, 1, 2, 2, 3, 4, 6]) }, () =>
    change(roll, roll.pick(resources), at()),
  );
  const soon = () => roll.pick(changes).at + roll.int(0, A_LOOK_MS);
  const others = Array.from({ length: roll.int(0, 5) }, () =>
    other(roll, roll.pick(services), resources, roll.chance(0.6) ? soon() : at()),
  );
  return [...changes, ...others].toSorted((a, b) => a.at - b.at);
}

function change(roll: Dice, { kind, name }: Resource, at: number): Action {
  if (kind === 'parameter') {
    const doing = roll.pick([
      'put-parameter',
      'put-parameter',
      'put-parameter',
      'fail-parameter',
      'remake-parameter',
    ] as const);
    return { at, do: doing, parameter: name };
  }
  if (roll.chance(0.55)) {
    const stepMs = roll.pick([0, 0, 300, 20 * SECOND, 60 * SECOND]);
    return {
      at,
      do: 'rotate',
      secret: name,
      stepMs,
      ...(roll.chance(0.1) && { fails: roll.pick(['before', 'after'] as const) }),
    };
  }
  const doing = roll.pick([
    'put',
    'put',
    'update',
    'edit',
    'rollback',
    'rollback',
    'blue',
    'delete-secret',
    'restore-secret',
  ] as const);
  return { at, do: doing, secret: name };
}

function other(roll: Dice, { name }: ServicePlan, resources: readonly Resource[], at: number): Action {
  switch (roll.int(1, 10)) {
    case 1:
    case 2:
    case 3:
      return { at, do: 'deploy', service: name };
    case 4:
      return { at, do: 'deploy', service: name, uses: randomUses(roll, resources) };
    case 5:
    case 6:
      return { at, do: 'scale', service: name, count: roll.pick([0, 1, 2, 4]) };
    case 7:
      return { at, do: 'replace', service: name, count: roll.int(1, 3) };
    case 8:
      return roll.chance(0.5)
        ? { at, do: 'delete-service', service: name }
        : { at, do: 'tag', service: name, enabled: roll.pick(['false', 'true']) };
    case 9:
      return { at, do: 'behave', service: name, rollout: randomRollout(roll) };
    default:
      return roll.chance(0.6) ? { at, do: 'cold-start' } : { at, do: 'garbage', body: roll.pick(GARBAGE) };
  }
}

const GARBAGE = ['not even JSON', '{}', '{"source":"aws.secretsmanager"}', '[1]'] as const;
