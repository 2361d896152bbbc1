import { expect } from 'vitest';
import { grantedActions } from '../infra/template.ts';
import type { Simulator } from '../simulator/index.ts';
import type { BundleName } from './bundles.ts';

const granted = new Map<BundleName, readonly string[]>();

/**
 * Fails if the function asked AWS for anything that its role does not grant. (It can ask S3 only where there is a bucket.) Functions sign with their own name, so that the
 * simulator knows their calls from those of everybody else.
 */
export function expectGranted({ ledger }: Simulator, name: BundleName): void {
  const actions = granted.get(name) ?? grantedActions(name, ['HasSnapshot']);
  granted.set(name, actions);
  const beyond = [...ledger.actionsOf(name)].filter((action) => !actions.includes(action));
  expect(beyond, `calls of ${name} that infra/ does not grant`).toEqual([]);
}
