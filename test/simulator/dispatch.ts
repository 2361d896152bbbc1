import { setTimeout as sleep } from 'node:timers/promises';
import { type Aws, type Occasion, type Operation, type Operations, principalOf } from './aws.ts';
import { CLOUDWATCH } from './cloudwatch/operations.ts';
import { ECS } from './ecs/operations.ts';
import { AwsError, accessDenied, serverError, throttled } from './errors.ts';
import { EVENTS } from './events/operations.ts';
import type { Faults, Hit } from './faults.ts';
import type { Request } from './http/protocol.ts';
import { IAM } from './iam/operations.ts';
import type { Input } from './input.ts';
import { CLOUDTRAIL } from './installed/cloudtrail.ts';
import { CLOUDFORMATION, LAMBDA, STS } from './installed/operations.ts';
import { KMS } from './kms/operations.ts';
import { type Call, type Caller, withoutValues } from './ledger.ts';
import { checkInput } from './model/check.ts';
import { SSM } from './parameters/operations.ts';
import { S3 } from './s3/operations.ts';
import { SECRETS_MANAGER } from './secrets/operations.ts';
import { SQS } from './sqs/operations.ts';
import type { Throttle } from './throttle.ts';

/** The reply to a request on the wire. */
export type Reply =
  | { readonly kind: 'answer'; readonly body: unknown }
  | { readonly kind: 'error'; readonly error: AwsError }
  /** The connection is cut without an answer. */
  | { readonly kind: 'reset' }
  /** No answer, and the connection stays open. */
  | { readonly kind: 'hang' }
  /** An answer whose second half is missing, with a content length that fits the first half. */
  | { readonly kind: 'malformed'; readonly body: unknown }
  /** An answer that announces its full length and breaks off in the middle. */
  | { readonly kind: 'cut'; readonly body: unknown };

const SERVICES: Readonly<Record<string, Operations>> = {
  ecs: ECS,
  secretsmanager: SECRETS_MANAGER,
  ssm: SSM,
  sqs: SQS,
  s3: S3,
  events: EVENTS,
  cloudformation: CLOUDFORMATION,
  cloudtrail: CLOUDTRAIL,
  cloudwatch: CLOUDWATCH,
  lambda: LAMBDA,
  sts: STS,
  iam: IAM,
  kms: KMS,
};

/** Calls that disclose a value, directly or indirectly (functions/README.md, Metadata only). */
const FORBIDDEN: ReadonlySet<string> = new Set([
  'secretsmanager:GetSecretValue',
  'secretsmanager:BatchGetSecretValue',
  'ssm:GetParameter',
  'ssm:GetParameters',
  'ssm:GetParametersByPath',
  'ssm:GetParameterHistory',
  'ecs:RunTask',
  'ecs:StartTask',
  'ecs:ExecuteCommand',
]);

/** Performs one request as AWS would: faults, refusals, throttling, then the operation. The ledger records the call. */
export async function dispatch(
  aws: Aws,
  throttle: Throttle,
  faults: Faults,
  request: Request,
): Promise<Reply> {
  const { service, operation, input, caller } = request;
  const call: Call = {
    at: aws.now(),
    service,
    operation,
    input: withoutValues(input),
    outcome: 'pending',
    accessKeyId: caller.accessKeyId,
  };
  aws.ledger.received(call);
  const fault = faults.take(service, operation, input);
  const latency = aws.settings.latencyMs(service, operation);
  if (latency > 0) await sleep(latency);
  await fault?.after?.();
  const reply = await outcomeOf(aws, throttle, fault, request, call);
  call.outcome = nameOf(reply);
  return reply;
}

/** Performs an operation without the wire: without faults or throttling, and without an entry in the ledger's calls. */
export function perform(aws: Aws, service: string, operation: string, input: Input, caller: Caller): unknown {
  const act = operationOf(service, operation);
  if (act === undefined) throw new AwsError('UnknownOperationException', `${service}:${operation}`);
  const at = aws.now();
  aws.agenda.runUntil(at);
  return act(aws, input, { at, caller });
}

async function outcomeOf(
  aws: Aws,
  throttle: Throttle,
  fault: Hit | undefined,
  request: Request,
  call: Call,
): Promise<Reply> {
  if (fault === undefined) return answer(aws, throttle, request, call);
  if (!fault.performs) return spoil(aws, fault, request, undefined);
  const real = await answer(aws, throttle, request, call);
  return spoil(aws, fault, request, real);
}

async function answer(aws: Aws, throttle: Throttle, request: Request, call: Call): Promise<Reply> {
  const { service, operation, input, caller } = request;
  try {
    const act = admitted(aws, throttle, request, call);
    checkInput(service, operation, input);
    const at = aws.now();
    aws.agenda.runUntil(at);
    const occasion: Occasion = { at, caller };
    return { kind: 'answer', body: await act(aws, input, occasion) };
  } catch (error) {
    if (error instanceof AwsError) return { kind: 'error', error };
    throw new Error(`the simulator failed in ${service}:${operation}`, { cause: error });
  }
}

/** The operation of a call that is allowed, modelled and not throttled; throws for any other call. */
function admitted(aws: Aws, throttle: Throttle, request: Request, call: Call): Operation {
  const { service, operation, caller } = request;
  if (FORBIDDEN.has(`${service}:${operation}`)) {
    aws.ledger.refusedAsForbidden(call);
    throw accessDenied(principalOf(aws.place, caller), `${service}:${operation}`);
  }
  const act = operationOf(service, operation);
  if (act === undefined) {
    aws.ledger.refusedAsUnknown(call);
    throw new AwsError('UnknownOperationException', `The simulator does not model ${service}:${operation}.`);
  }
  if (!throttle.admit(service, operation)) throw throttled(service);
  return act;
}

function operationOf(service: string, operation: string): Operation | undefined {
  const operations = Object.hasOwn(SERVICES, service) ? SERVICES[service] : undefined;
  return operations !== undefined && Object.hasOwn(operations, operation) ? operations[operation] : undefined;
}

function spoil(aws: Aws, fault: Hit, request: Request, real: Reply | undefined): Reply {
  const { service, operation, caller } = request;
  switch (fault.kind) {
    case 'throttle':
      return fail(throttled(service));
    case 'server-error':
      return fail(serverError(service, fault.code, fault.message));
    case 'access-denied':
      return fail(accessDenied(principalOf(aws.place, caller), `${service}:${operation}`));
    case 'client-error':
      return fail(
        new AwsError(
          fault.code ?? 'ClientException',
          fault.message ?? 'The request was refused.',
          fault.status,
        ),
      );
    case 'reset-before':
    case 'reset-after':
      return { kind: 'reset' };
    case 'hang':
      return { kind: 'hang' };
    case 'malformed':
    case 'cut':
      return { kind: fault.kind, body: real?.kind === 'answer' ? real.body : {} };
    case 'altered':
      return real?.kind === 'answer'
        ? { kind: 'answer', body: fault.alter?.(real.body) }
        : (real ?? { kind: 'hang' });
    default:
      return fault.kind satisfies never;
  }
}

function fail(error: AwsError): Reply {
  return { kind: 'error', error };
}

function nameOf(reply: Reply): string {
  if (reply.kind === 'answer') return 'ok';
  return reply.kind === 'error' ? reply.error.code : reply.kind;
}
