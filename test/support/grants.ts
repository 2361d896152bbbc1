import { expect } from 'vitest';
import { EVERY_CONDITION, grantedActions } from '../infra/template.ts';
import type { Simulator } from '../simulator/index.ts';
import type { BundleName } from './bundles.ts';

const granted = new Map<BundleName, readonly string[]>();

/**
 * Fails if the function made an AWS call that its role does not grant. (It can call S3 only where there is a bucket.)
 * Each function signs with its own name, so that the simulator can tell its calls from all others.
 */
export function expectGranted({ ledger }: Simulator, name: BundleName): void {
  const actions = granted.get(name) ?? grantedActions(name, EVERY_CONDITION);
  granted.set(name, actions);
  const beyond = [...ledger.actionsOf(name)].filter((action) => !actions.includes(action));
  expect(beyond, `calls of ${name} that infra/ does not grant`).toEqual([]);
}
