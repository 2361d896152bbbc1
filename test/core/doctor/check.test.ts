import { expect, test } from 'vitest';
import { notShown, ofAnswer, ok, warning, wrong } from '../../../functions/core/doctor/check.ts';
import { GONE, NOT_KNOWN, shown, told, UNANSWERED } from './told.ts';

test('what is ok needs nothing to be done', () => {
  expect(ok('a rule', 'enabled')).toEqual({
    check: 'a rule',
    state: 'ok',
    code: 'ok',
    finding: 'enabled',
    todo: '',
  });
});

test('what is wrong is mended by a deployment, unless something else is said', () => {
  expect(
    told([wrong('a rule', 'rule-gone', 'it is gone'), wrong('a rule', 'rule-gone', 'gone', 'look')]),
  ).toEqual([
    ['wrong', 'rule-gone', 'it is gone', 'deploy the stack again, which restores it'],
    ['wrong', 'rule-gone', 'gone', 'look'],
  ]);
  expect(warning('a rule', 'rule-gone', 'gone', 'look')).toEqual({
    check: 'a rule',
    state: 'warning',
    code: 'rule-gone',
    finding: 'gone',
    todo: 'look',
  });
});

test('what AWS does not show is a warning that says why, or which permission would show it', () => {
  const denied = { ...UNANSWERED, missingAction: 'sqs:GetQueueAttributes' };
  expect(told([notShown('a queue', UNANSWERED), notShown('a queue', denied)])).toEqual([
    NOT_KNOWN,
    [
      'warning',
      'not-shown',
      'not known: the permission sqs:GetQueueAttributes is missing',
      'allow sqs:GetQueueAttributes to the role of these credentials (docs/security.md)',
    ],
  ]);
});

test('an answer is judged by what it is: shown, gone, or none at all', () => {
  const judges = {
    gone: () => [wrong('a queue', 'queue-gone', 'gone', 'look')],
    shown: (value: number) => [ok('a queue', `${value} messages`)],
  };
  const judged = [shown(3), GONE, UNANSWERED].map((answer) => told(ofAnswer('a queue', answer, judges)));
  expect(judged).toEqual([
    [['ok', 'ok', '3 messages', '']],
    [['wrong', 'queue-gone', 'gone', 'look']],
    [NOT_KNOWN],
  ]);
});
