import type { IncomingHttpHeaders } from 'node:http';
import { AwsError } from '../errors.ts';
import { type Input, isRecord } from '../input.ts';
import type { Caller } from '../ledger.ts';
import { isForS3, parseS3Request, s3ErrorBody } from './s3-protocol.ts';

/** A request that names a service and an operation. */
export interface Request {
  readonly service: string;
  readonly operation: string;
  readonly input: Input;
  readonly caller: Caller;
}

const SERVICES: Readonly<Record<string, string>> = {
  AmazonEC2ContainerServiceV20141113: 'ecs',
  secretsmanager: 'secretsmanager',
  AmazonSSM: 'ssm',
  AmazonSQS: 'sqs',
  AWSEvents: 'events',
};

/** Reads a request of AWS's JSON protocols or S3's. Without a service it is `unknown`, with its method and path. */
export function parseRequest(
  headers: IncomingHttpHeaders,
  method: string,
  path: string,
  body: Buffer,
): Request {
  const target = headers['x-amz-target'];
  const [prefix = '', operation = ''] = typeof target === 'string' ? target.split('.') : [];
  const caller = callerIn(headers);
  if (prefix !== '') {
    return { service: SERVICES[prefix] ?? prefix, operation, input: parseBody(body.toString()), caller };
  }
  if (isForS3(headers)) return { service: 's3', caller, ...parseS3Request(headers, method, path, body) };
  return { service: 'unknown', operation: `${method} ${path}`, input: {}, caller };
}

/** SQS uses JSON 1.0, S3 XML, and the others JSON 1.1. */
export function contentType(service: string): string {
  if (service === 's3') return 'application/xml';
  return service === 'sqs' ? 'application/x-amz-json-1.0' : 'application/x-amz-json-1.1';
}

/** The body of an error, in the format of the service. */
export function errorBody(service: string, error: AwsError, requestId: string): string {
  if (service === 's3') return s3ErrorBody(error, requestId);
  const type = service === 'sqs' ? `com.amazonaws.sqs#${error.code}` : error.code;
  const text = service === 'secretsmanager' ? { Message: error.message } : { message: error.message };
  return JSON.stringify({ __type: type, ...text });
}

function parseBody(body: string): Input {
  try {
    const parsed: unknown = body === '' ? {} : JSON.parse(body);
    if (isRecord(parsed)) return parsed;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw new AwsError('SerializationException', 'The body of the request is not a JSON object.');
}

/** The caller, by the access key id in the signature; the signature itself is not verified. */
function callerIn(headers: IncomingHttpHeaders): Caller {
  const accessKeyId = /Credential=([^/,\s]+)/.exec(headers.authorization ?? '')?.[1] ?? 'anonymous';
  return { accessKeyId, userAgent: headers['user-agent'] ?? '' };
}
