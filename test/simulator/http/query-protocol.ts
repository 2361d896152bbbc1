import type { IncomingHttpHeaders } from 'node:http';
import type { AwsError } from '../errors.ts';
import { type Input, isRecord } from '../input.ts';
import { escaped } from './xml.ts';

/** The services that take a form and answer in XML. */
const NAMESPACES: Readonly<Record<string, string>> = {
  cloudformation: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
  iam: 'https://iam.amazonaws.com/doc/2010-05-08/',
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
};

/** A request in AWS's Query protocol: a form with the operation as `Action`. */
export interface QueryRequest {
  readonly service: string;
  readonly operation: string;
  readonly input: Input;
}

export function speaksQuery(service: string): boolean {
  return Object.hasOwn(NAMESPACES, service);
}

/** The service for which a request is signed; undefined if it is not signed. */
export function signedFor(headers: IncomingHttpHeaders): string | undefined {
  return /Credential=[^/,\s]+\/\d+\/[^/]+\/([\w-]+)\//.exec(headers.authorization ?? '')?.[1];
}

/** Reads the form of a request. */
export function parseQuery(service: string, body: string): QueryRequest {
  const { Action: operation = '', Version: _, ...input } = Object.fromEntries(new URLSearchParams(body));
  return { service, operation, input };
}

/** The answer of an operation in XML: `<OperationResponse><OperationResult>…`. A list has a `member` for each item. */
export function queryAnswer(service: string, operation: string, body: unknown, requestId: string): string {
  const result = `<${operation}Result>${xmlOf(body)}</${operation}Result>`;
  const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
  return `<${operation}Response xmlns="${NAMESPACES[service]}">${result}${metadata}</${operation}Response>`;
}

export function queryErrorBody(service: string, { code, message }: AwsError, requestId: string): string {
  const error = `<Error><Type>Sender</Type><Code>${escaped(code)}</Code><Message>${escaped(message)}</Message></Error>`;
  return `<ErrorResponse xmlns="${NAMESPACES[service]}">${error}<RequestId>${requestId}</RequestId></ErrorResponse>`;
}

function xmlOf(value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => `<member>${xmlOf(item)}</member>`).join('');
  if (!isRecord(value)) return escaped(String(value));
  return Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .map(([name, field]) => `<${name}>${xmlOf(field)}</${name}>`)
    .join('');
}
