import { array, assert, constantFrom, oneof, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  FAILURE_CLASSES,
  type Failure,
  failureOf,
  mainFailure,
  placementOf,
} from '../../../functions/core/model/failure.ts';
import { ORDERLY, SENTINEL, STOP_REASONS } from '../../support/stop-reasons.ts';

const asm = (rest: string) =>
  `ResourceInitializationError: unable to retrieve secret from asm: failed to fetch ${rest}`;
const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-a1B2c3';
const PARAMETER = 'arn:aws:ssm:eu-west-1:111122223333:parameter/app/db';
const stoppedWith = (stoppedReason: string) => failureOf({ stopCode: 'TaskFailedToStart', stoppedReason });

describe('a stopped task has the class of its reason', () => {
  test('and the table has at least 60 reasons, of every class', () => {
    expect(STOP_REASONS.length).toBeGreaterThanOrEqual(60);
    expect(new Set(STOP_REASONS.map((one) => one.class))).toEqual(new Set(FAILURE_CLASSES));
  });

  test.each(STOP_REASONS.map((one) => [JSON.stringify(one.stop), one] as const))(
    '%s',
    (_, { stop, ...told }) => {
      expect(failureOf(stop)).toStrictEqual(told);
    },
  );

  test.each(ORDERLY.map((one) => [JSON.stringify(one), one] as const))(
    'and none where the stop was orderly: %s',
    (_, stop) => expect(failureOf(stop)).toBeUndefined(),
  );

  test('and of several reasons the one that no value can mend', () => {
    const text = `did not contain json key a;secret ${ARN}: AccessDeniedException: x;invalid character 'h' looking for beginning of value`;
    expect(stoppedWith(text)).toEqual({ class: 'denied', code: 'AccessDeniedException', arn: ARN });
  });
});

describe('a stopped task', () => {
  test.each<[string, Parameters<typeof failureOf>[0], Failure | undefined]>([
    [
      'that only speaks of an orderly stop has failed',
      { stoppedReason: 'No Host EC2 at all', containers: [{ exitCode: 1 }] },
      { class: 'essential-exit' },
    ],
    [
      'that the scheduler stops for another reason than its health has not failed',
      { stopCode: 'ServiceSchedulerInitiated', stoppedReason: 'CannotPullContainerError: x' },
      undefined,
    ],
    [
      'that stopped for no reason at all, with a code, has failed',
      { stopCode: 'TaskFailedToStart' },
      { class: 'other' },
    ],
    ['of which nothing is said has not', {}, undefined],
    [
      'whose containers alone give a reason has failed for it',
      {
        stopCode: 'EssentialContainerExited',
        containers: [{}, { reason: 'OutOfMemoryError: x', exitCode: 137 }],
      },
      { class: 'essential-exit', code: 'OutOfMemoryError' },
    ],
    [
      'that failed a health check has failed',
      { stopCode: 'ServiceSchedulerInitiated', stoppedReason: 'Task failed a health check' },
      { class: 'health-check' },
    ],
    [
      'that failed health checks of no kind has failed',
      { stopCode: 'ServiceSchedulerInitiated', stoppedReason: 'Task failed health checks' },
      { class: 'health-check' },
    ],
    [
      'that failed one health check has failed',
      { stopCode: 'ServiceSchedulerInitiated', stoppedReason: 'Task failed ELB health check' },
      { class: 'health-check' },
    ],
    [
      'whose KMS key is named and disabled may not use it',
      {
        stopCode: 'TaskFailedToStart',
        stoppedReason: 'KMS key arn:aws:kms:eu-west-1:111122223333:key/1 is disabled',
      },
      { class: 'kms-denied' },
    ],
    [
      'that may not use KMS, without a colon',
      { stopCode: 'TaskFailedToStart', stoppedReason: 'not authorized to perform kms:Decrypt' },
      { class: 'kms-denied' },
    ],
    ['of whose containers nothing is said has not, either', { containers: [{}] }, undefined],
    [
      'that stopped for a reason of no other class has failed, without a code, too',
      { stoppedReason: 'for a reason of its own' },
      { class: 'other' },
    ],
    [
      'whose last reason is that it found no agent',
      { stopCode: 'TaskFailedToStart', stoppedReason: 'one reason; AGENT' },
      { class: 'placement' },
    ],
    [
      'that found no port',
      { stopCode: 'TaskFailedToStart', stoppedReason: 'RESOURCE:PORT' },
      { class: 'placement' },
    ],
    [
      'that found no agent',
      { stopCode: 'TaskFailedToStart', stoppedReason: 'TaskFailedToStart: AGENT' },
      { class: 'placement' },
    ],
    [
      'that speaks of an agent only',
      { stopCode: 'TaskFailedToStart', stoppedReason: 'the AGENT' },
      { class: 'other' },
    ],
    [
      'that begins with an agent only',
      { stopCode: 'TaskFailedToStart', stoppedReason: 'AGENT x' },
      { class: 'other' },
    ],
    [
      'that found no address in any subnet',
      { stopCode: 'TaskFailedToStart', stoppedReason: 'the subnet has an insufficient number' },
      { class: 'placement' },
    ],
    [
      'that found too few addresses',
      { stopCode: 'TaskFailedToStart', stoppedReason: 'insufficient free ip addresses' },
      { class: 'placement' },
    ],
    [
      'that found no log group of a name',
      { stopCode: 'TaskFailedToStart', stoppedReason: 'cannot find the awslogs log group' },
      { class: 'not-found' },
    ],
  ])('%s', (_, stop, failure) => {
    expect(failureOf(stop)).toEqual(failure);
  });
});

describe('the main reason of several failed tasks', () => {
  const image: Failure = { class: 'image' };
  const other: Failure = { class: 'other' };
  const failed = (createdAt: number, failure: Failure | undefined) => ({
    startedBy: null,
    createdAt,
    stoppedAt: null,
    failure,
  });

  test.each<[string, readonly (readonly [number, Failure | undefined])[], Failure | undefined]>([
    [
      'is the most frequent one',
      [
        [3, other],
        [1, image],
        [2, image],
      ],
      image,
    ],
    [
      'is the most frequent one in any order',
      [
        [1, image],
        [2, image],
        [3, other],
      ],
      image,
    ],
    [
      'is the younger one of two',
      [
        [1, other],
        [2, image],
      ],
      image,
    ],
    [
      'is the younger one of two in any order',
      [
        [2, image],
        [1, other],
      ],
      image,
    ],
    [
      'counts only tasks that are younger than the instant',
      [
        [-1, other],
        [0, other],
        [0, other],
        [1, image],
      ],
      image,
    ],
    [
      'does not count orderly stops',
      [
        [1, undefined],
        [2, undefined],
        [3, image],
      ],
      image,
    ],
    ['is unknown where none failed', [[1, undefined]], undefined],
    ['is unknown without tasks', [], undefined],
  ])('%s', (_, tasks, expected) => {
    expect(
      mainFailure(
        tasks.map((one) => failed(...one)),
        0,
      ),
    ).toEqual(expected);
  });
});

describe('an ARN is told', () => {
  test.each([
    ['at the end', asm(`secret ${ARN}`)],
    ['before a sentence', asm(`secret ${ARN}. ${SENTINEL}`)],
    ['without the JSON key, label and version that follow it', asm(`secret ${ARN}:${SENTINEL}:AWSCURRENT:`)],
    ['without a value that follows a colon', asm(`secret ${ARN}:${SENTINEL}`)],
    ['in quotes', asm(`secret with ARN '${ARN}'${SENTINEL}`)],
  ])('%s', (_, text) => {
    expect(stoppedWith(`${text} AccessDenied`)?.arn).toBe(ARN);
  });

  test.each([
    'arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:db-a1B2c3',
    'arn:aws-us-gov:secretsmanager:us-gov-west-1:111122223333:secret:rds!cluster-1-a1B2c3',
    'arn:aws-eusc:secretsmanager:eusc-de-east-1:111122223333:secret:team+x=1@y/db_2.z-a1B2c3',
  ])('in every partition and with every character of a name: %s', (arn) => {
    expect(stoppedWith(asm(`secret ${arn} AccessDenied`))?.arn).toBe(arn);
  });

  test.each([
    ['with something at its end that is not its own', asm(`secret ${ARN}${SENTINEL}`)],
    ['with another character of a value at its end', asm(`secret ${ARN}"${SENTINEL}`.replace('"', '$'))],
    ['that stands where AWS does not name one', `AccessDenied ${SENTINEL} ${ARN}`],
    ['without an account', asm(`secret arn:aws:secretsmanager:eu-west-1:${SENTINEL}:secret:prod/db-a1B2c3`)],
    [
      'in a Region that is none',
      asm(`secret arn:aws:secretsmanager:${SENTINEL}:111122223333:secret:prod/db-a1B2c3`),
    ],
    [
      'of a partition that is none',
      asm(`secret arn:${SENTINEL}:secretsmanager:eu-west-1:111122223333:secret:db-a1B2c3`),
    ],
    ['of a user', `AccessDenied on resource: arn:aws:iam::111122223333:user/${SENTINEL}`],
    [
      'of a parameter with a character that no parameter has',
      `AccessDenied on resource: ${PARAMETER}$${SENTINEL}`,
    ],
  ])('but not one %s', (_, text) => {
    expect(stoppedWith(`${text} AccessDenied`)?.arn).toBeUndefined();
  });

  test.each([
    'did not contain json key',
    "invalid character 'h' looking for beginning of value",
    'could not find a secretsmanager secretID from value',
  ])('but none that follows "%s", which may be a value', (complaint) => {
    expect(stoppedWith(`${complaint} secret ${ARN}`)?.arn).toBeUndefined();
  });
});

test('whatever text surrounds them, only a class, a listed code and an ARN of the strict shape come out', () => {
  const piece = oneof(
    string(),
    constantFrom(
      SENTINEL,
      ARN,
      PARAMETER,
      'on resource: ',
      'secret ',
      ':',
      ';',
      "'",
      'AccessDeniedException',
    ),
    constantFrom(...STOP_REASONS.map(({ stop }) => stop.stoppedReason ?? '')),
  );
  const allowed = /^arn:aws[a-z-]*:(?:secretsmanager|ssm|kms|iam|ecr):[a-z0-9-]*:\d{12}:[\w/+=.@!,:-]+$/;
  assert(
    property(array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join(' ');
      const { class: name, code, arn, ...rest } = stoppedWith(text) ?? { class: 'other' };
      expect(FAILURE_CLASSES).toContain(name);
      expect(code ?? 'AccessDenied').toMatch(/^[A-Za-z]+$/);
      expect(arn ?? ARN).toMatch(allowed);
      expect(rest).toEqual({});
      expect(JSON.stringify([name, code, arn])).not.toContain(SENTINEL);
    }),
  );
});

const place = (rest: string) => `(service api) was unable to place a task ${rest}`;
const NO_INSTANCE = 'because no container instance met all of its requirements.';

describe('an event of a service says why no task starts', () => {
  test.each<[string, ReturnType<typeof placementOf>]>([
    [
      place(`${NO_INSTANCE} Reason: No Container Instances were found in your cluster.`),
      { class: 'placement' },
    ],
    [
      place(
        `${NO_INSTANCE} The closest matching (container-instance 636) is already using a port required by your task.`,
      ),
      { class: 'placement' },
    ],
    [
      place(
        `${NO_INSTANCE} The closest matching (container-instance 636) has insufficient memory available.`,
      ),
      { class: 'placement' },
    ],
    [
      place(
        `${NO_INSTANCE} The closest matching container-instance 636 has insufficient CPU units available.`,
      ),
      { class: 'placement' },
    ],
    [
      place(`${NO_INSTANCE} The closest matching container-instance 636 encountered error "AGENT".`),
      { class: 'placement' },
    ],
    [place(`${NO_INSTANCE} ${SENTINEL}`), { class: 'placement' }],
    [place('because the resources could not be found.'), { class: 'placement' }],
    [
      place(
        '. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone.',
      ),
      { class: 'placement' },
    ],
    [
      place(". Reason: You've reached the limit on the number of vCPUs you can run concurrently"),
      { class: 'placement' },
    ],
    [place('. Reason: The requested MEMORY configuration is above your limit.'), { class: 'placement' }],
    [place('. Reason: Internal error.'), { class: 'placement' }],
    [
      place('. Reason: CannotPullContainerError: ref pull has been retried 1 time(s): not found'),
      { class: 'image', code: 'CannotPullContainerError' },
    ],
    [
      place(`. Reason: ${asm(`secret ${ARN} from secrets manager: AccessDeniedException: ${SENTINEL}`)}`),
      { class: 'denied', code: 'AccessDeniedException', arn: ARN },
    ],
    [
      '(service api) was unable to reach steady state. Reason: No Container Instances were found in your capacity provider.',
      { class: 'placement' },
    ],
    [
      '(service api) was unable to place tasks in your cluster because the tasks provisioning capacity limit was exceeded.',
      { class: 'placement' },
    ],
    [
      '(service api) could not launch 2 tasks for deployment ecs-svc/1. Reason: insufficient CPU',
      { class: 'placement' },
    ],
    [
      '(service api) Timed out waiting for Amazon ECS Agent to start. Please check logs at /var/log/ecs/ecs-agent.log".',
      { class: 'placement' },
    ],
    [
      '(service api) was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.',
      { class: 'placement' },
    ],
    [
      "(service api) failed to launch a task with (error ECS was unable to assume the role 'arn:aws:iam::111122223333:role/task' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions.).",
      { class: 'role', arn: 'arn:aws:iam::111122223333:role/task' },
    ],
    [
      'IAM trust relationship has been misconfigured or changed, and ECS can no longer maintain your service',
      { class: 'role' },
    ],
    [
      'IAM permissions policies have been misconfigured or changed, and ECS can no longer maintain your service',
      { class: 'denied' },
    ],
    [
      '(service api) (task 1a) (port 8080) is unhealthy in (target-group arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/a/1) due to (reason Request timed out)',
      { class: 'health-check' },
    ],
    ['(service api) (task 1a) failed container health checks.', { class: 'health-check' }],
    [
      '(service api) task set (ts-1) (task 1a) is not healthy in target-group (a) due to TARGET IS NOT FOUND.',
      { class: 'health-check' },
    ],
  ])('%s', (message, failure) => {
    expect(placementOf(message)).toEqual(failure);
  });

  test.each([
    '(service api) has reached a steady state.',
    '(service api) has started 1 tasks: (task 53074e).',
    '(service api) has begun draining connections on 1 tasks.',
    '(service api) is unable to consistently start tasks successfully. For more information, see the Troubleshooting section.',
    '(service api) deployment ecs-svc/1 deployment failed: tasks failed to start.',
    '(service api) operations are being throttled. Will try again later.',
    '(service api) was unable to reach steady state because task set (ts-1) was unable to scale in. Reason: The number of protected tasks are more than the desired count of tasks',
    '(service api) (deployment ecs-svc/1) deployment completed.',
  ])('and no other event does: %s', (message) => {
    expect(placementOf(message)).toBeUndefined();
  });
});
