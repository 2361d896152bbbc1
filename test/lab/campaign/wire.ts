import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { ECSClient } from '@aws-sdk/client-ecs';
import { currentLife, type Life } from './time.ts';

/** A request of the SDK, signed and serialised. */
export type WireRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
};

export type WireAnswer = {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
};

/** Carries a request of a process; rejects as a socket does. */
export type Carrier = (
  request: WireRequest,
  life: Life,
  signal: AbortSignal | undefined,
) => Promise<WireAnswer>;

type Handle = (
  request: WireRequest,
  options?: { readonly abortSignal?: AbortSignal },
) => Promise<{ readonly response: object }>;

/**
 * Replaces the sockets of requests from within `livingIn`. The rest of the SDK is as in production, retries and error
 * classes included. Answers a function that ends this.
 */
export function carryInProcess(carry: Carrier): () => void {
  const client = new ECSClient({ region: 'eu-west-1' });
  const prototype = Object.getPrototypeOf(client.config.requestHandler) as { handle: Handle };
  client.destroy();
  const { handle } = prototype;
  prototype.handle = async function carried(request, options = {}) {
    const life = currentLife();
    if (life === undefined) return handle.call(this, request, options);
    const { body, ...head } = await carry(request, life, options.abortSignal);
    return { response: { ...head, body: Readable.from([body]) } };
  };
  return () => {
    prototype.handle = handle;
  };
}

/** The simulator's answer to a request; undefined if it cut the connection. */
export function ask(
  serve: (incoming: IncomingMessage, response: ServerResponse) => void,
  { method, path, headers, body = '' }: WireRequest,
): Promise<WireAnswer | undefined> {
  const lowered = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const incoming = Object.assign(Readable.from([bytesOf(body)]), { method, url: path, headers: lowered });
  return new Promise((resolve) => {
    let head = { statusCode: 200, headers: {} as Record<string, string> };
    const response = {
      destroy: () => resolve(undefined),
      writeHead(statusCode: number, sent: Readonly<Record<string, string | number>>) {
        const texts = Object.entries(sent).map(([name, value]) => [name.toLowerCase(), String(value)]);
        head = { statusCode, headers: Object.fromEntries(texts) as Record<string, string> };
      },
      end: (sent: string | Buffer = '') => resolve({ ...head, body: Buffer.from(sent) }),
    };
    serve(incoming as unknown as IncomingMessage, response as unknown as ServerResponse);
  });
}

/** The bytes of a body. A body of bytes must not be read as text, because the SDK warns of that. */
export function bytesOf(body: string | Uint8Array): Buffer {
  return typeof body === 'string'
    ? Buffer.from(body)
    : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

export function networkError(code: 'ECONNRESET' | 'TimeoutError'): Error {
  if (code === 'TimeoutError') {
    const error = new Error('a request has exceeded the configured requestTimeout');
    return Object.assign(error, { name: 'TimeoutError', code: 'ETIMEDOUT' });
  }
  return Object.assign(new Error('socket hang up'), { code });
}

export function abortError(signal: AbortSignal): Error {
  return Object.assign(new Error('Request aborted', { cause: signal.reason }), { name: 'AbortError' });
}
