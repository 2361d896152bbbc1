import type { FailureClass, Stop } from '../../functions/core/model/failure.ts';

/** Stands for a value, or a fragment of one: no text that holds it may be told. */
export const SENTINEL = 'hUnT3rTwo';

const SECRET = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-a1B2c3';
const PARAMETER = 'arn:aws:ssm:eu-west-1:111122223333:parameter/app/db/password';
const ROLE = 'arn:aws:iam::111122223333:role/service/app-execution';
const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1a2b3c4d-1234-5678-9abc-1a2b3c4d5e6f';
const REPOSITORY = 'arn:aws:ecr:eu-west-1:111122223333:repository/team/app';
const PULL = 'ResourceInitializationError: unable to pull secrets or registry auth:';
const ASM = `${PULL} execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s):`;
const SSM = `${PULL} execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 5 time(s):`;
const FETCH = `${ASM} failed to fetch secret ${SECRET} from secrets manager:`;
const USER = `User: arn:aws:sts::111122223333:assumed-role/app-execution/${SENTINEL}`;

export type StopReason = {
  readonly stop: Stop;
  readonly class: FailureClass;
  readonly code?: string;
  readonly arn?: string;
};

function stopped(text: string, name: FailureClass, code?: string, arn?: string): StopReason {
  const stop = { stopCode: 'TaskFailedToStart', stoppedReason: text };
  return { stop, class: name, ...(code && { code }), ...(arn && { arn }) };
}

/** A task that stopped with this reason of one of its containers. */
function contained(reason: string, name: FailureClass, code?: string, arn?: string): StopReason {
  const said = stopped('Task failed to start', name, code, arn);
  return { ...said, stop: { ...said.stop, containers: [{}, { reason }] } };
}

function ended(stopCode: string, stoppedReason: string, name: FailureClass, code?: string): StopReason {
  return { ...stopped(stoppedReason, name, code), stop: { stopCode, stoppedReason } };
}

const INIT = 'ResourceInitializationError';
const DENIED = 'AccessDeniedException';
const MISSING = 'ResourceNotFoundException';
const PULL_ERROR = 'CannotPullContainerError';

/** From the role to the reference: sources are the ECS agent (asm, asmsecret, ssmsecret, asmauth) and public reports. */
const SECRETS: readonly StopReason[] = [
  stopped('ASM secret resource: unable to find execution role credentials', 'role'),
  stopped(`SSM secret resource: unable to find execution role credentials;${SENTINEL}`, 'role'),
  stopped(
    `ECS was unable to assume the role '${ROLE}' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.`,
    'role',
    undefined,
    ROLE,
  ),
  stopped(
    `${FETCH} NoCredentialProviders: no valid providers in chain. Deprecated. ${SENTINEL}`,
    'role',
    INIT,
  ),
  stopped(
    `${FETCH} UnrecognizedClientException: The security token included in the request is invalid`,
    'role',
    'UnrecognizedClientException',
  ),
  stopped(`${FETCH} AccessDeniedException: Access to KMS is not allowed`, 'kms-denied', DENIED, SECRET),
  stopped(
    `${SSM} AccessDeniedException: The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access. ${SENTINEL}`,
    'kms-denied',
    DENIED,
  ),
  stopped(
    `${ASM} AccessDeniedException: ${USER} is not authorized to perform: kms:Decrypt on resource: ${KEY} because no identity-based policy allows the kms:Decrypt action`,
    'kms-denied',
    DENIED,
    KEY,
  ),
  stopped(
    `${FETCH} DecryptionFailure: Secrets Manager can't decrypt the protected secret text using the provided KMS key.`,
    'kms-denied',
    'DecryptionFailure',
    SECRET,
  ),
  stopped(
    `${SSM} KMSInvalidStateException: ${KEY} is pending deletion.`,
    'kms-denied',
    'KMSInvalidStateException',
  ),
  stopped(
    `${FETCH} operation error Secrets Manager: GetSecretValue, https response error StatusCode: 400, RequestID: d45b80b7-7a19-49eb-8fd2-44305bb5e5d7, api error AccessDeniedException: ${USER} is not authorized to perform: secretsmanager:GetSecretValue on resource: ${SECRET} because no identity-based policy allows the secretsmanager:GetSecretValue action`,
    'denied',
    DENIED,
    SECRET,
  ),
  stopped(
    `${SSM} AccessDeniedException: ${USER} is not authorized to perform: ssm:GetParameters on resource: ${PARAMETER} because no identity-based policy allows the ssm:GetParameters action status code: 400`,
    'denied',
    DENIED,
    PARAMETER,
  ),
  stopped(
    `${ASM} AccessDeniedException: ${USER} is not authorized to perform: secretsmanager:GetSecretValue on resource: ${SECRET} with an explicit deny in a resource-based policy`,
    'denied',
    DENIED,
    SECRET,
  ),
  stopped(
    `fetching secret data from SSM Parameter Store in eu-west-1: AccessDeniedException: ${USER} is not authorized to perform: ssm:GetParameters on resource: ${PARAMETER}`,
    'denied',
    DENIED,
    PARAMETER,
  ),
  stopped(
    `secret ${SECRET}: AccessDeniedException: ${USER} is not authorized to perform: secretsmanager:GetSecretValue`,
    'denied',
    DENIED,
    SECRET,
  ),
  stopped(
    `${FETCH} ResourceNotFoundException: Secrets Manager can't find the specified secret.`,
    'not-found',
    MISSING,
    SECRET,
  ),
  stopped(
    `${FETCH} ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: ${SENTINEL}`,
    'not-found',
    MISSING,
    SECRET,
  ),
  stopped(
    `${PULL} unable to retrieve secret from asm: The task can’t pull the secret from Secrets Manager. The task can't retrieve the secret with ARN ‘${SECRET}' from Secrets Manager. Check whether the secret exists in the specified Region.`,
    'not-found',
    INIT,
    SECRET,
  ),
  stopped(
    `ResourceInitializationError: The task can't retrieve the secret with ARN '${SECRET}' from AWS Secrets Manager. Check that the secret ARN is correct`,
    'not-found',
    INIT,
    SECRET,
  ),
  stopped(
    `fetching secret data from SSM Parameter Store in eu-west-1: invalid parameters: /app/${SENTINEL}`,
    'not-found',
  ),
  stopped(`${SSM} invalid ssm parameters: /app/${SENTINEL}`, 'not-found', INIT),
  stopped(`${SSM} ParameterNotFound: ${SENTINEL}`, 'not-found', 'ParameterNotFound'),
  stopped(
    `${FETCH} InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion.`,
    'not-found',
    'InvalidRequestException',
    SECRET,
  ),
  stopped(
    'Fetching secret data from AWS Secrets Manager in region eu-west-1: secret prod/db: ResourceNotFoundException: Secrets Manager can’t find the specified secret.',
    'not-found',
    MISSING,
  ),
  stopped(
    `${ASM} retrieved secret from Secrets Manager did not contain json key ${SENTINEL}`,
    'json-key',
    INIT,
  ),
  stopped(`retrieved secret from Secrets Manager did not contain json key ${SENTINEL} ${SECRET}`, 'json-key'),
  stopped(
    `${FETCH} retrieved secret from Secrets Manager did not contain json key ${SENTINEL}`,
    'json-key',
    INIT,
    SECRET,
  ),
  stopped(`invalid character 'h' looking for beginning of value`, 'not-json'),
  stopped(`${ASM} invalid character 'h' looking for beginning of value ${SENTINEL}`, 'not-json', INIT),
  stopped(`${FETCH} invalid character '\\'' looking for beginning of value`, 'not-json', INIT, SECRET),
  stopped(`${ASM} invalid character ';' after top-level value`, 'not-json', INIT),
  stopped(`${ASM} invalid character 'n' in literal true (expecting 'r')`, 'not-json', INIT),
  stopped(`${ASM} unexpected end of JSON input`, 'not-json', INIT),
  stopped(
    `${ASM} json: cannot unmarshal string into Go value of type map[string]interface {} ${SENTINEL}`,
    'not-json',
    INIT,
  ),
  contained(
    `asm fetching secret from the service for ${SECRET}: asm fetching authorization data: unable to unmarshal secret value, invalid schema`,
    'not-json',
    undefined,
    SECRET,
  ),
  contained('asm fetching authorization data: empty secrets value', 'not-json'),
  contained('asm fetching password: AuthorizationData is malformed, empty field', 'not-json'),
  stopped(
    `trying to retrieve secret with value ${SECRET}:${SENTINEL} resulted in error: an invalid ARN format for the AWS Secrets Manager secret was specified. Specify a valid ARN and try again.`,
    'bad-reference',
  ),
  stopped(`could not find a secretsmanager secretID from value ${SENTINEL}`, 'bad-reference'),
  stopped(
    `${FETCH} api error ValidationException: Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!`,
    'bad-reference',
    'ValidationException',
    SECRET,
  ),
];

/** The network, images, places: AWS's pages about stopped tasks. */
const SURROUNDINGS: readonly StopReason[] = [
  stopped(
    `${FETCH} RequestCanceled: request context canceled caused by: context deadline exceeded. Please check your task network configuration.`,
    'network',
    'RequestCanceled',
    SECRET,
  ),
  stopped(
    `${PULL} unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager. There is a connection issue between the task and AWS Systems Manager Parameter Store. Check your task network configuration. operation error SSM: GetParameters, https response error StatusCode: 0, RequestID: , canceled, context deadline exceeded`,
    'network',
    INIT,
  ),
  stopped(
    `${PULL} The task can’t pull secrets from AWS Secrets Manager. There is a connection issue between the task and Secrets Manager. Check your task network configuration.`,
    'network',
    INIT,
  ),
  stopped(
    `${PULL} The task can't retrieve the secret with ARN '${SECRET}' from Secrets Manager. Check whether the secret exists in the specified Region. dial tcp 10.0.0.12:443: i/o timeout`,
    'network',
    INIT,
    SECRET,
  ),
  stopped(
    'ResourceInitializationError: The task cannot pull registry authentication from Amazon ECR. There is a connection issue between the task and Amazon ECR. Check your task network configuration.',
    'network',
    INIT,
  ),
  stopped(
    'pull command failed: unable to pull secrets or registry auth Check your task network configuration.',
    'network',
  ),
  stopped(`pull command failed: signal: killed ${SENTINEL}`, 'network'),
  stopped(
    "ResourceInitializationError: The task can't download the environment variable files from Amazon S3. There is a connection issue between the task and Amazon S3. Check your task network configuration.",
    'network',
    INIT,
  ),
  stopped(
    "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in subnet 'subnet-0a'",
    'network',
  ),
  stopped(`${SSM} ThrottlingException: Rate exceeded`, 'network', 'ThrottlingException'),
  contained(
    `CannotPullContainerError: API error (500): Get https://111122223333.dkr.ecr.eu-west-1.amazonaws.com/v2/: net/http: request canceled while waiting for connection`,
    'network',
    PULL_ERROR,
  ),
  contained(
    `CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/team/app:${SENTINEL}: failed to do request: Head: dial tcp 54.0.0.1:443: i/o timeout`,
    'network',
    PULL_ERROR,
  ),
  contained(
    `CannotPullContainerError: AccessDeniedException: ${USER} is not authorized to perform: ecr:BatchGetImage on resource: ${REPOSITORY} because no identity-based policy allows it`,
    'denied',
    DENIED,
    REPOSITORY,
  ),
  contained(
    `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref team/app:${SENTINEL}: not found`,
    'image',
    PULL_ERROR,
  ),
  contained(
    'CannotPullContainerError: Error response from daemon: pull access denied for app, repository does not exist or may require docker login: denied: requested access to the resource is denied',
    'image',
    PULL_ERROR,
  ),
  contained(
    'CannotPullContainerError: toomanyrequests: You have reached your pull rate limit.',
    'image',
    PULL_ERROR,
  ),
  contained(
    'CannotPullContainerError: write /var/lib/docker/tmp/GetImageBlob1: no space left on device',
    'image',
    PULL_ERROR,
  ),
  contained('CannotPullECRContainerError: manifest unknown', 'image', 'CannotPullECRContainerError'),
  stopped(
    `The task can’t pull the image. Check that the role has the permissions to pull images from the registry. ${SENTINEL}`,
    'image',
  ),
  contained(
    `CannotStartContainerError: Error response from daemon: failed to create shim task: OCI runtime create failed: exec: "${SENTINEL}": executable file not found in $PATH`,
    'image',
    'CannotStartContainerError',
  ),
  contained('CannotStartContainerError: exec /app: exec format error', 'image', 'CannotStartContainerError'),
  stopped('RESOURCE:MEMORY', 'placement'),
  stopped('RESOURCE:ENI', 'placement'),
  stopped('AGENT', 'placement'),
  stopped('MemberOf placement constraint unsatisfied', 'placement'),
  stopped('The selected task definition is not compatible with the selected compute strategy', 'placement'),
  stopped('Unable to attach network interface to unused device index', 'placement'),
  stopped(
    'Capacity is unavailable at this time. Please try again later or in a different availability zone',
    'placement',
  ),
];

/** Tasks that ran. */
const ENDED: readonly StopReason[] = [
  ended(
    'ServiceSchedulerInitiated',
    'Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/app/1c38bf81f6e9e283)',
    'health-check',
  ),
  ended('ServiceSchedulerInitiated', 'Task failed ELB health checks in (elb app)', 'health-check'),
  ended('ServiceSchedulerInitiated', 'Task failed container health checks', 'health-check'),
  ended('EssentialContainerExited', 'Task failed container health checks', 'health-check'),
  ended('EssentialContainerExited', `Essential container in task exited ${SENTINEL}`, 'essential-exit'),
  ended('EssentialContainerExited', '', 'essential-exit'),
  {
    stop: {
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      containers: [{ exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' }],
    },
    class: 'essential-exit',
    code: 'OutOfMemoryError',
  },
  { stop: { containers: [{ exitCode: 0 }, { exitCode: 1 }] }, class: 'essential-exit' },
  contained(
    `CannotStartContainerError: Error response from daemon: failed to initialize logging driver: splunk: parse "https://${SENTINEL}@host": invalid character " " in host name`,
    'other',
    'CannotStartContainerError',
  ),
  contained(
    `CannotCreateContainerError: Error response from daemon: invalid environment variable: =${SENTINEL}`,
    'other',
    'CannotCreateContainerError',
  ),
  contained(
    `ContainerRuntimeTimeoutError: Could not transition to running; timed out after waiting 3m0s`,
    'other',
    'ContainerRuntimeTimeoutError',
  ),
  stopped(
    'ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes',
    'other',
    INIT,
  ),
  stopped(`${SENTINEL}Exception: AcccessDenied arn:aws:iam::111122223333:role/${SENTINEL}`, 'other'),
  stopped('', 'other'),
];

/** Reasons for which tasks stop, with the class of each and what else may be told. */
export const STOP_REASONS: readonly StopReason[] = [...SECRETS, ...SURROUNDINGS, ...ENDED];

/** Stops that say nothing about the tasks of a rollout. */
export const ORDERLY: readonly Stop[] = [
  {
    stopCode: 'ServiceSchedulerInitiated',
    stoppedReason: 'Scaling activity initiated by (deployment ecs-svc/1)',
  },
  { stopCode: 'ServiceSchedulerInitiated' },
  { stopCode: 'UserInitiated', stoppedReason: `Task stopped by user ${SENTINEL}` },
  { stopCode: 'SpotInterruption', stoppedReason: 'Your Spot Task was interrupted.' },
  { stopCode: 'TerminationNotice', stoppedReason: 'Your Spot Task was interrupted.' },
  { stopCode: 'InfrastructureHealth' },
  { stoppedReason: 'Host EC2 (instance i-0a) terminated.', containers: [{ exitCode: 137 }] },
  { stoppedReason: 'Container instance deregistration forced by user' },
  { stoppedReason: 'Spot interruption of the instance' },
  { stoppedReason: 'Scaling activity initiated by (deployment ecs-svc/1)' },
  {},
];
