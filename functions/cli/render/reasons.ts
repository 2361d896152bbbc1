import type { Failure, FailureClass } from '../../core/model/failure.ts';
import { grouped } from '../../core/model/lists.ts';
import type { Advice } from '../../core/report/advice.ts';
import type { List } from './list.ts';
import { inOrder, type Row } from './rollout.ts';
import { some } from './words.ts';

/** Why tasks fail, as docs/operate.md says it. */
export const WHY: Readonly<Record<FailureClass, string>> = {
  role: 'the execution role does not exist or cannot be assumed',
  'kms-denied': 'the key that encrypts the secret refuses to decrypt',
  denied: 'the execution role lacks a permission, or a policy denies it',
  'not-found': 'a secret, parameter, version or log group does not exist, or is scheduled for deletion',
  'json-key': 'the value is JSON without the key that the reference names',
  'not-json': 'the value had to be JSON and is not',
  'bad-reference': 'what the task definition names is no valid reference',
  network: 'an AWS service or a registry could not be reached, or did not answer',
  image: 'the image could not be pulled, or does not run on the machine',
  placement: 'no place was free: capacity, memory, CPU, a host port, a network interface, a constraint',
  'health-check': 'the tasks ran and failed a health check',
  'essential-exit': 'the tasks ran and an essential container ended',
  other: 'a reason that is none of those that docs/operate.md lists',
};

/** What helps, in a sentence; docs/operate.md says more. */
export const TO_DO: Readonly<Record<Advice, string>> = {
  restore: 'the new value may be the cause: put the version from before back with the command below',
  'rotate-again':
    "a rotation made the value: rotate again, or set the database's password to what the secret says",
  'newer-version': 'the value has changed again since: what becomes of the newer change counts',
  'compare-versions':
    'the new value may be the cause: compare the versions by hand, then put the right one back',
  repair: 'no value is the cause: mend what the reason names, then "esr redeploy SECRET --force"',
  'failed-before': 'the service failed before the change, too: repair and deploy it',
  'look-at-tasks':
    'ECS shows no failed task that gives a reason: look at the events and tasks of the service',
};

/** Why rollouts fail and what helps, once for all services for which both are the same. */
export function reasonLines(rows: readonly Row[]): NonNullable<List<Row>['after']> {
  const explained = inOrder(rows).flatMap((row) =>
    row.advice === undefined ? [] : [{ ...row, advice: row.advice }],
  );
  const alike = grouped(explained, ({ failure, advice, restore }) =>
    JSON.stringify([failure, advice, restore]),
  );
  return [...alike.values()].flatMap(([first, ...others]) => {
    const { failure, advice, restore } = first;
    const names = some([first, ...others].map(({ key }) => key));
    return [
      ...(failure === undefined ? [] : [`${names} (${named(failure)}): ${WHY[failure.class]}`]),
      `${failure === undefined ? names : 'what helps'} (${advice}): ${TO_DO[advice]}`,
      ...(restore === undefined ? [] : [{ whole: restore }]),
    ];
  });
}

const named = ({ class: name, code, arn }: Failure): string => [name, code, arn].filter(Boolean).join(' ');
