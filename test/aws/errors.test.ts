import { describe, expect, test } from 'vitest';
import {
  callError,
  hasCode,
  isAnswered,
  isPermanent,
  isThrottled,
  isVanished,
  ReadFailed,
  readFailed,
} from '../../functions/aws/errors.ts';

/** An error as the SDK throws it if AWS answered. */
const answered = (name: string, httpStatusCode: number, message = 'no') =>
  Object.assign(new Error(message), { name, $fault: 'client', $metadata: { httpStatusCode } });
/** An error as the SDK throws it if there was no answer. */
const lost = (code: string) => Object.assign(new Error('socket hang up'), { code });

describe('what an error tells about a call', () => {
  test.each([
    ['an invalid request', answered('InvalidParameterException', 400), { permanent: true, answered: true }],
    ['throttling by its name', answered('ThrottlingException', 400), { throttled: true, answered: true }],
    ['throttling by its status', answered('Whatever', 429), { throttled: true, answered: true }],
    ['a missing permission', answered('AccessDeniedException', 400), { answered: true }],
    ['credentials that have expired', answered('ExpiredTokenException', 403), { answered: true }],
    ['an error of the server', answered('ServerException', 500), {}],
    ['a lost connection', lost('ECONNRESET'), {}],
    [
      'credentials that cannot be found',
      Object.assign(new Error('none'), { name: 'CredentialsProviderError' }),
      { answered: true },
    ],
    ['a value that is no error', 'text', {}],
  ])('%s', (_, error, told) => {
    expect({
      throttled: isThrottled(error),
      permanent: isPermanent(error),
      answered: isAnswered(error),
    }).toEqual({
      throttled: false,
      permanent: false,
      answered: false,
      ...told,
    });
  });
});

test('a service or cluster that was deleted meanwhile has vanished, and a task definition has not', () => {
  const vanished = ['ClusterNotFoundException', 'ServiceNotFoundException', 'ServiceNotActiveException'];
  for (const name of vanished) expect(isVanished(answered(name, 400))).toBe(true);
  expect(isVanished(answered('ClientException', 400))).toBe(false);
  expect(hasCode(lost('ECONNRESET'), 'EPIPE', 'ECONNRESET')).toBe(true);
});

test('an error names the IAM action only if a permission is missing', () => {
  expect(callError(answered('AccessDeniedException', 400), 'ecs:UpdateService')).toEqual({
    code: 'AccessDeniedException',
    message: 'no',
    retryable: true,
    throttled: false,
    missingAction: 'ecs:UpdateService',
  });
  expect(callError(answered('ClientException', 400), 'ecs:UpdateService')).toEqual({
    code: 'ClientException',
    message: 'no',
    retryable: false,
    throttled: false,
  });
});

test('an error names the IAM action that AWS misses, which need not be that of the call', () => {
  const why = 'User: x is not authorized to perform: iam:PassRole on resource: y because of its policy';
  const { missingAction } = callError(answered('AccessDeniedException', 400, why), 'ecs:UpdateService');
  expect(missingAction).toBe('iam:PassRole');
});

test('a failed read says what was attempted and what AWS answered, once', () => {
  const cause = answered('ServerException', 500);
  const failed = readFailed('list the clusters', cause);
  expect(failed).toMatchObject({ message: 'cannot list the clusters: ServerException: no', cause });
  expect(failed).toBeInstanceOf(ReadFailed);
  expect(readFailed('read the fleet', failed)).toBe(failed);
});
