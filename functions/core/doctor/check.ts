import type { Unanswered } from '../model/access.ts';

/** From the worst on. */
export const CHECK_STATES = ['wrong', 'warning', 'ok'] as const;
export type CheckState = (typeof CHECK_STATES)[number];

/** What is not as it should be (docs/cli.md). */
export const FAULTS = [
  'not-installed',
  'stack-failed',
  'stack-rolled-back',
  'stack-changing',
  'incomplete',
  'versions-differ',
  'function-gone',
  'function-broken',
  'settings-wrong',
  'stopped',
  'modes-differ',
  'rule-gone',
  'rule-disabled',
  'rule-changed',
  'target-gone',
  'target-changed',
  'no-dead-letters',
  'source-gone',
  'source-disabled',
  'source-changed',
  'queue-gone',
  'queue-policy',
  'role-gone',
  'permission-missing',
  'permission-unsure',
  'no-trail',
  'trail-off',
  'alarm',
  'alarm-gone',
  'dead-letters',
  'lost-events',
  'no-sweep',
  'bucket-gone',
  'no-snapshot',
  'snapshot-old',
  'not-shown',
] as const;
export type Fault = (typeof FAULTS)[number];

/** One thing that was looked at, and what was found: plain data. */
export type Check = {
  /** What was looked at, such as `rule SecretLabelUpdatedRule`. */
  readonly check: string;
  readonly state: CheckState;
  readonly code: Fault | 'ok';
  readonly finding: string;
  /** Empty if it is ok. */
  readonly todo: string;
};

export const DEPLOY = 'deploy the stack again, which restores it';

type Told = readonly [code: Fault, finding: string, todo?: string];

export const ok = (check: string, finding: string): Check => ({
  check,
  state: 'ok',
  code: 'ok',
  finding,
  todo: '',
});

export const wrong = (check: string, ...[code, finding, todo = DEPLOY]: Told): Check => ({
  check,
  state: 'wrong',
  code,
  finding,
  todo,
});

export const warning = (check: string, ...told: Told): Check => ({
  ...wrong(check, ...told),
  state: 'warning',
});

/** What AWS does not show is never ok. */
export function notShown(check: string, { why, missingAction }: Unanswered): Check {
  return missingAction === undefined
    ? warning(check, 'not-shown', `not known: ${why}`, 'ask again')
    : warning(
        check,
        'not-shown',
        `not known: the permission ${missingAction} is missing`,
        `allow ${missingAction} to the role of these credentials (docs/security.md)`,
      );
}

/** The faults, or that there is none. */
export function judged(check: string, faults: readonly Check[], fine: string): readonly Check[] {
  return faults.length === 0 ? [ok(check, fine)] : faults;
}

/** What is looked at by one question, or why there is no answer. */
export function ofAnswer<T>(
  check: string,
  answer: { readonly kind: 'shown'; readonly value: T } | { readonly kind: 'gone' } | Unanswered,
  { gone, shown }: { readonly gone: () => readonly Check[]; readonly shown: (value: T) => readonly Check[] },
): readonly Check[] {
  switch (answer.kind) {
    case 'shown':
      return shown(answer.value);
    case 'gone':
      return gone();
    case 'unanswered':
      return [notShown(check, answer)];
    default:
      return answer satisfies never;
  }
}
