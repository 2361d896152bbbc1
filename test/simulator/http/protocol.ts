import type { IncomingHttpHeaders } from 'node:http';
import { AwsError } from '../errors.ts';
import { type Input, isRecord } from '../input.ts';
import type { Caller } from '../ledger.ts';
import { parseLambdaRequest } from './lambda-protocol.ts';
import { parseQuery, queryAnswer, queryErrorBody, signedFor, speaksQuery } from './query-protocol.ts';
import { parseS3Request, s3ErrorBody } from './s3-protocol.ts';

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
  GraniteServiceVersion20100801: 'cloudwatch',
  TrentService: 'kms',
  CloudTrail_20131101: 'cloudtrail',
};

/** Reads a request of AWS's JSON and Query protocols, S3's or Lambda's. Without a service it is `unknown`, with its method and path. */
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
  // These name no operation in their headers.
  const service = signedFor(headers) ?? 'unknown';
  if (service === 's3') return { service, caller, ...parseS3Request(headers, method, path, body) };
  if (service === 'lambda') return { service, caller, ...parseLambdaRequest(headers, method, path, body) };
  if (speaksQuery(service)) return { caller, ...parseQuery(service, body.toString()) };
  return { service: 'unknown', operation: `${method} ${path}`, input: {}, caller };
}

/** SQS and CloudWatch use JSON 1.0, S3 and the Query protocol XML, Lambda plain JSON, and the others JSON 1.1. */
export function contentType(service: string): string {
  if (service === 's3') return 'application/xml';
  if (speaksQuery(service)) return 'text/xml';
  if (service === 'lambda') return 'application/json';
  return ['sqs', 'cloudwatch'].includes(service)
    ? 'application/x-amz-json-1.0'
    : 'application/x-amz-json-1.1';
}

/** The body of an answer, in the format of the service. */
export function bodyOfAnswer(service: string, operation: string, body: unknown, requestId: string): string {
  return speaksQuery(service) ? queryAnswer(service, operation, body, requestId) : JSON.stringify(body ?? {});
}

/** Lambda names the code of an error in a header. */
export function errorHeaders(service: string, { code }: AwsError): Readonly<Record<string, string>> {
  return service === 'lambda' ? { 'x-amzn-errortype': code } : {};
}

/** The body of an error, in the format of the service. */
export function errorBody(service: string, error: AwsError, requestId: string): string {
  if (service === 's3') return s3ErrorBody(error, requestId);
  if (speaksQuery(service)) return queryErrorBody(service, error, requestId);
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
