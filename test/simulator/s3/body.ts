import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsError } from '../errors.ts';

/** The bytes of an upload, unpacked and verified against every checksum that came with them. */
export interface Upload {
  readonly bytes: Buffer;
  readonly checksum: readonly [header: string, value: string] | undefined;
}

type Headers = Readonly<Record<string, unknown>>;

const UNSIGNED = 'UNSIGNED-PAYLOAD';
const CHUNKED_WITH_TRAILER = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

/** Every checksum header that is modelled, and the function that computes its value. */
const CHECKSUMS: Readonly<Record<string, (bytes: Buffer) => string>> = {
  'x-amz-checksum-crc32': crc32Base64,
  'x-amz-checksum-sha1': (bytes) => createHash('sha1').update(bytes).digest('base64'),
  'x-amz-checksum-sha256': (bytes) => createHash('sha256').update(bytes).digest('base64'),
};

/**
 * Reads a body in either form that the SDK sends: plain with a checksum in a header, or `aws-chunked` with the checksum
 * in a trailer. Throws S3's error if a length or a checksum does not fit.
 */
export function unpack(body: Buffer, headers: Headers): Upload {
  const { bytes, trailer } = isChunked(headers) ? unchunk(body, headers) : { bytes: body, trailer: {} };
  checkPayloadHash(body, headers);
  checkMd5(bytes, headers);
  return { bytes, checksum: checked(bytes, { ...headers, ...trailer }) };
}

/** The checksum that S3 computes itself for an object that was sent without one. */
export function crc32Base64(bytes: Buffer): string {
  const digest = Buffer.alloc(4);
  digest.writeUInt32BE(crc32(bytes));
  return digest.toString('base64');
}

function isChunked(headers: Headers): boolean {
  const form = text(headers, 'x-amz-content-sha256') ?? '';
  if (form.startsWith('STREAMING-') && form !== CHUNKED_WITH_TRAILER) {
    throw new AwsError('NotImplemented', `The simulator does not model bodies of the form ${form}.`, 501);
  }
  return form === CHUNKED_WITH_TRAILER;
}

/** `size-in-hex\r\nbytes\r\n` until a chunk of size 0, which the trailer's lines follow. */
function unchunk(body: Buffer, headers: Headers) {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = body.indexOf('\r\n', at);
    if (lineEnd === -1) throw incomplete();
    const size = Number.parseInt(body.toString('latin1', at, lineEnd), 16);
    const from = lineEnd + 2;
    if (!Number.isInteger(size) || from + size > body.length) throw incomplete();
    at = from + size;
    if (size === 0) break;
    chunks.push(body.subarray(from, at));
    at += 2;
  }
  const bytes = Buffer.concat(chunks);
  if (bytes.length !== Number(text(headers, 'x-amz-decoded-content-length'))) throw incomplete();
  return { bytes, trailer: trailerIn(body.toString('latin1', at), text(headers, 'x-amz-trailer')) };
}

function trailerIn(lines: string, promised: string | undefined): Readonly<Record<string, string>> {
  const trailer = Object.fromEntries(
    lines
      .split('\r\n')
      .filter((line) => line.includes(':'))
      .map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
  );
  if (promised !== undefined && !Object.hasOwn(trailer, promised)) {
    throw new AwsError(
      'MalformedTrailerError',
      'The request contained trailing data that was not well-formed.',
    );
  }
  return trailer;
}

function checkPayloadHash(body: Buffer, headers: Headers): void {
  const hash = text(headers, 'x-amz-content-sha256');
  if (hash === undefined || hash === UNSIGNED || hash === CHUNKED_WITH_TRAILER) return;
  if (createHash('sha256').update(body).digest('hex') === hash) return;
  throw new AwsError(
    'XAmzContentSHA256Mismatch',
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  );
}

function checkMd5(bytes: Buffer, headers: Headers): void {
  const md5 = text(headers, 'content-md5');
  if (md5 !== undefined && createHash('md5').update(bytes).digest('base64') !== md5) {
    throw new AwsError('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
}

function checked(bytes: Buffer, headers: Headers): Upload['checksum'] {
  for (const header of Object.keys(headers).filter((name) => /^x-amz-checksum-(crc|sha)/.test(name))) {
    const compute = CHECKSUMS[header];
    const value = text(headers, header);
    if (compute === undefined || value === undefined) {
      throw new AwsError('NotImplemented', `The simulator does not model ${header}.`, 501);
    }
    if (compute(bytes) !== value) {
      throw new AwsError('BadDigest', `The ${header} you specified did not match the calculated checksum.`);
    }
    return [header, value];
  }
  return undefined;
}

function text(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

function incomplete(): AwsError {
  return new AwsError(
    'IncompleteBody',
    'You did not provide the number of bytes specified by the Content-Length HTTP header.',
  );
}
