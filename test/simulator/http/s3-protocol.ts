import type { IncomingHttpHeaders } from 'node:http';
import type { AwsError } from '../errors.ts';
import type { Input } from '../input.ts';
import { escaped } from './xml.ts';

/** An S3 request in path style: `/bucket/key`. */
export interface S3Request {
  readonly operation: string;
  readonly input: Input;
}

const OF_A_BUCKET: Readonly<Record<string, string>> = { HEAD: 'HeadBucket' };
const OF_AN_OBJECT: Readonly<Record<string, string>> = {
  GET: 'GetObject',
  HEAD: 'HeadObject',
  PUT: 'PutObject',
  DELETE: 'DeleteObject',
};

/** Reads the operation from method and path. A query that asks for more than an object makes the operation unknown. */
export function parseS3Request(
  headers: IncomingHttpHeaders,
  method: string,
  path: string,
  body: Buffer,
): S3Request {
  const { pathname, searchParams } = new URL(path, 'http://s3');
  searchParams.delete('x-id');
  const [, bucket = '', ...rest] = pathname.split('/').map(decodeURIComponent);
  const key = rest.join('/');
  const operation = (key === '' ? OF_A_BUCKET : OF_AN_OBJECT)[method];
  const isPlain = operation !== undefined && searchParams.size === 0;
  return {
    operation: isPlain ? operation : `${method} ${path}`,
    input: {
      Bucket: bucket,
      ...(key === '' ? {} : { Key: key }),
      ...conditions(headers),
      ...(method === 'PUT' ? { ContentLength: body.length } : {}),
      Headers: headers,
      Body: body,
    },
  };
}

/** S3 answers errors in XML. */
export function s3ErrorBody(error: AwsError, requestId: string): string {
  const { code, message } = error;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${escaped(code)}</Code><Message>${escaped(message)}</Message><RequestId>${requestId}</RequestId><HostId>simulator</HostId></Error>`;
}

function conditions(headers: IncomingHttpHeaders): Input {
  const found = {
    IfMatch: headers['if-match'],
    IfNoneMatch: headers['if-none-match'],
    Range: headers.range,
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}
