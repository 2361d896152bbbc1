import { grouped } from './lists.ts';

/**
 * Why a task stopped or was never placed. ECS tells it in prose that may hold a fragment of a secret's value ("invalid
 * character 'h' looking for beginning of value"): the prose ends here, and only a class, a code of a closed list and an
 * ARN of a strict shape go on (functions/README.md, Stopped tasks).
 */
export const FAILURE_CLASSES = [
  /** The execution role does not exist or cannot be assumed. */
  'role',
  /** The key that encrypts the secret refuses to decrypt. */
  'kms-denied',
  /** The execution role lacks a permission, or a policy denies it. */
  'denied',
  /** A secret, parameter, version or log group that the task names does not exist, or is scheduled for deletion. */
  'not-found',
  /** The value is JSON without the key that the reference names. */
  'json-key',
  /** The value had to be JSON, with certain fields for a registry, and is not. */
  'not-json',
  /** What the task definition names is no valid reference. */
  'bad-reference',
  /** An AWS service or a registry could not be reached, or did not answer. */
  'network',
  /** The image could not be pulled, or does not run on this machine. */
  'image',
  /** No place for the task: capacity, memory, CPU, a host port, a network interface, a constraint. */
  'placement',
  /** The task ran and failed the health checks of its container or its load balancer. */
  'health-check',
  /** The task ran and an essential container ended. */
  'essential-exit',
  'other',
] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];

/** `code`: the error code of AWS or of ECS. `arn`: the secret, parameter, key or role that is named. */
export type Failure = { readonly class: FailureClass; readonly code?: string; readonly arn?: string };

/** What DescribeTasks tells about the end of a task. */
export type Stop = {
  readonly stopCode?: string | undefined;
  readonly stoppedReason?: string | undefined;
  readonly containers?:
    | readonly { readonly reason?: string | undefined; readonly exitCode?: number | undefined }[]
    | undefined;
};

/** Stops that a person, a spot interruption or the end of an instance caused: they say nothing about the new tasks. */
const ORDERLY_CODES = ['UserInitiated', 'SpotInterruption', 'TerminationNotice', 'InfrastructureHealth'];
const ORDERLY_TEXT =
  /^(?:Scaling activity initiated|Service scheduler initiated|Task stopped by user|Host EC2 |Container instance deregistration|(?:Your )?Spot )/i;

/** A task that has stopped, or is told to; ECS shows it for about an hour. Instants are in milliseconds. */
export type StoppedTask = {
  /** The deployment that started the task: `ecs-svc/…`; null for a task set, or where ECS does not say it. */
  readonly startedBy: string | null;
  readonly createdAt: number;
  /** Null while the task still stops. */
  readonly stoppedAt: number | null;
  /** Undefined: the task was stopped in good order. */
  readonly failure: Failure | undefined;
};

/**
 * Why most of the tasks that were created after this instant failed; undefined: none did. Of two reasons that are equally
 * frequent, the younger one counts.
 */
export function mainFailure(tasks: readonly StoppedTask[], since: number): Failure | undefined {
  const failed = tasks
    .filter(({ createdAt }) => createdAt > since)
    .toSorted((a, b) => b.createdAt - a.createdAt)
    .flatMap(({ failure }) => failure ?? []);
  const alike = [...grouped(failed, (one) => JSON.stringify(one)).values()];
  return alike.toSorted((a, b) => b.length - a.length)[0]?.[0];
}

/** Undefined: the stop was orderly. ECS stops what fails a health check with the stop code of its scheduler. */
export function failureOf({ stopCode, stoppedReason = '', containers = [] }: Stop): Failure | undefined {
  const text = [stoppedReason, ...containers.map(({ reason = '' }) => reason)].filter(Boolean).join('; ');
  const failure = classified(text);
  if (stopCode === 'ServiceSchedulerInitiated')
    return failure?.class === 'health-check' ? failure : undefined;
  if (ORDERLY_CODES.includes(stopCode ?? '') || ORDERLY_TEXT.test(stoppedReason)) return undefined;
  if (failure !== undefined) return failure;
  const exited = containers.some(({ exitCode = 0 }) => exitCode !== 0);
  if (stopCode === 'EssentialContainerExited' || exited) return withCode('essential-exit', text, text);
  return text === '' && stopCode === undefined ? undefined : withCode('other', text, text);
}

/** An event of a service that says that no task starts. */
const NOT_STARTED =
  /unable to place (?:a )?tasks?|could not launch|failed to launch|unable to stop or start tasks|No Container Instances were found|Timed out waiting for Amazon ECS Agent|(?:permissions policies|trust relationship) ha(?:s|ve) been misconfigured/i;

/**
 * Why a service cannot start or keep its tasks, from the message of one of its events; undefined: the event is about
 * something else, or gives no reason (stopped tasks do).
 */
export function placementOf(message: string): Failure | undefined {
  const failure = classified(message);
  if (failure?.class === 'health-check') return failure;
  if (!NOT_STARTED.test(message)) return undefined;
  return failure ?? { class: 'placement' };
}

type Rule = readonly [FailureClass, RegExp];

/**
 * In the order of their strength: of several reasons for one stop, the one counts that no value can mend. Each text
 * has its example in the test, with its source.
 */
const RULES: readonly Rule[] = [
  ['health-check', /failed (?:[\w ]{1,20} )?health checks?|is (?:unhealthy|not healthy) in /i],
  [
    'role',
    /unable to assume the role|execution role credentials|sts:AssumeRole|trust relationship has been misconfigured|NoCredentialProviders|UnrecognizedClientException|ExpiredToken/i,
  ],
  [
    'kms-denied',
    /Access to KMS is not allowed|not authorized to perform:? kms:|DecryptionFailure|ciphertext refers to a|KMS[A-Z]\w*Exception|KMS key .{0,200}(?:disabled|pending deletion)/i,
  ],
  [
    'denied',
    /AccessDenied|is not authorized to perform|UnauthorizedOperation|permissions policies have been misconfigured/i,
  ],
  [
    'not-found',
    /ResourceNotFoundException|can't find the specified secret|invalid (?:ssm )?parameters:|ParameterNotFound|marked for deletion|scheduled for deletion/i,
  ],
  ['json-key', /did not contain json key/i],
  [
    'not-json',
    /invalid character '|unexpected end of JSON input|cannot unmarshal|unable to unmarshal|AuthorizationData is malformed|empty secrets value/i,
  ],
  [
    'bad-reference',
    /invalid ARN format|could not find a secretsmanager secretID|trying to retrieve secret with value|ValidationException|arn: (?:invalid prefix|not enough sections)/i,
  ],
  [
    'placement',
    /RESOURCE:(?:CPU|MEMORY|ENI|PORTS?|GPU|DISK)|error "AGENT"|^(?:TaskFailedToStart: )?AGENT$|placement constraint|insufficient (?:CPU|memory)|Capacity is unavailable|already using a port|No Container Instances were found|not compatible with the selected compute strategy|limit on the number of|above your limit|unused device index|capacity limit|EMPTY CAPACITY PROVIDER|(?:subnet|addresses).{0,80}insufficient|insufficient.{0,80}(?:subnet|addresses)/i,
  ],
  [
    'network',
    /dial (?:tcp|udp)|i\/o timeout|TLS handshake timeout|connection (?:timed out|refused|reset)|Client\.Timeout|request (?:context )?canceled|RequestCanceled|signal: killed|context (?:deadline exceeded|canceled)|connection issue between|network (?:configuration|connection)|no such host|network is unreachable|network interface|ThrottlingException|Rate exceeded|InternalServiceError|ServiceUnavailable|InternalError/i,
  ],
  ['not-found', /can't retrieve the secret|cannot find the .{0,40}log group|log group does not exist/i],
  [
    'image',
    /CannotPull|can't pull the image|pull access denied|manifest unknown|toomanyrequests|pulling image|no space left on device|exec format error|executable file not found|matching platform/i,
  ],
  ['essential-exit', /Essential container in task exited|OutOfMemory/i],
];

/** ECS joins several reasons with a semicolon. */
function classified(text: string): Failure | undefined {
  const reasons = text.replaceAll(/[‘’]/g, "'").split(';');
  for (const [name, pattern] of RULES) {
    const reason = reasons.find((one) => pattern.test(one.trim()));
    if (reason !== undefined) return withCode(name, reason, text, namedBefore(name, pattern, reason));
  }
  return undefined;
}

/** The part of a reason that may name an ARN: what follows a complaint about a value may come from the value. */
function namedBefore(name: FailureClass, pattern: RegExp, reason: string): string {
  return SPEAKS_OF_VALUE.includes(name) ? reason.slice(0, reason.search(pattern)) : reason;
}

const SPEAKS_OF_VALUE: readonly FailureClass[] = ['json-key', 'not-json', 'bad-reference'];

function withCode(name: FailureClass, reason: string, text: string, named = ''): Failure {
  const code = AWS_CODES.find((one) => hasWord(reason, one)) ?? ECS_CODES.find((one) => hasWord(text, one));
  const arn = arnIn(named, name);
  return { class: name, ...(code !== undefined && { code }), ...(arn !== undefined && { arn }) };
}

/** The error codes that may be told. A closed list, because a word that looks like a code may come from a value. */
const AWS_CODES = [
  'AccessDeniedException',
  'AccessDenied',
  'UnauthorizedOperation',
  'ResourceNotFoundException',
  'ParameterNotFound',
  'InvalidRequestException',
  'InvalidParameterException',
  'ValidationException',
  'DecryptionFailure',
  'KMSAccessDeniedException',
  'KMSDisabledException',
  'KMSInvalidStateException',
  'KMSNotFoundException',
  'ThrottlingException',
  'InternalServiceError',
  'UnrecognizedClientException',
  'ExpiredTokenException',
  'RequestCanceled',
];
const ECS_CODES = [
  'ResourceInitializationError',
  'CannotPullContainerError',
  'CannotPullECRContainerError',
  'CannotStartContainerError',
  'CannotCreateContainerError',
  'CannotInspectContainerError',
  'CannotCreateVolumeError',
  'ContainerRuntimeError',
  'ContainerRuntimeTimeoutError',
  'DockerTimeoutError',
  'OutOfMemoryError',
  'InternalError',
];

function hasWord(text: string, word: string): boolean {
  return text.split(/[^A-Za-z]/).includes(word);
}

const ACCOUNT = String.raw`arn:aws[a-z-]*:%:[a-z0-9-]{0,30}:\d{12}:`;
const resource = (service: string, rest: string) => ACCOUNT.replace('%', service) + rest;
const SECRET = resource('secretsmanager', String.raw`secret:[\w/+=.@!-]{1,512}-[A-Za-z0-9]{6}`);
const PARAMETER = resource('ssm', String.raw`parameter/[\w./-]{0,1010}[\w-]`);
const KEY = resource('kms', '(?:key/(?:mrk-)?[0-9a-f-]{32,36})');
const ROLE = resource('iam', String.raw`role/[\w+=,.@/-]{0,575}[\w-]`);
const REPOSITORY = resource('ecr', 'repository/[a-z0-9._/-]{2,256}');

/** Each class names only what it is about. */
const NAMED: Partial<Readonly<Record<FailureClass, readonly string[]>>> = {
  role: [ROLE],
  'kms-denied': [KEY, SECRET, PARAMETER],
  denied: [SECRET, PARAMETER, REPOSITORY],
  'not-found': [SECRET, PARAMETER],
  'json-key': [SECRET],
  'not-json': [SECRET],
  'bad-reference': [SECRET],
  network: [SECRET],
};

/** AWS's words before an ARN. */
const LEAD = "(?:on resource: |with ARN '|secret (?:from the service for )?|the role ')";

/**
 * The ARN that the reason names, where AWS's words lead to it and nothing but a delimiter follows: what follows a
 * colon (a JSON key, a label) is cut off.
 */
function arnIn(reason: string, name: FailureClass): string | undefined {
  for (const shape of NAMED[name] ?? []) {
    const found = new RegExp(String.raw`${LEAD}(${shape})(?:$|['",:)\s]|\.(?:\s|$))`).exec(reason)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}
