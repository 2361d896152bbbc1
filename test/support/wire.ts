import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { ECSClient } from '@aws-sdk/client-ecs';
import type { Simulator } from '../simulator/index.ts';

/** A request of the SDK, signed and serialised. */
export type WireRequest = {
  readonly method: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
};

export type WireAnswer = {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Whether the connection was cut after this part of the body. */
  readonly isCut?: boolean;
};

/** Carries a request; rejects as a socket does. Undefined: the request goes over the network. */
export type Carrier = (
  request: WireRequest,
  signal: AbortSignal | undefined,
) => Promise<WireAnswer> | undefined;

type Handle = (
  this: { readonly configProvider: Promise<{ readonly requestTimeout?: number }> },
  request: WireRequest,
  options?: { readonly abortSignal?: AbortSignal },
) => Promise<{ readonly response: object }>;

const carriers = new Set<Carrier>();

/**
 * Replaces the sockets of the requests that `carry` takes. The rest of the SDK is as in production, retries and error
 * classes included. Answers a function that ends this.
 */
export function carryInProcess(carry: Carrier): () => void {
  if (carriers.size === 0) replaceSockets();
  carriers.add(carry);
  return () => void carriers.delete(carry);
}

/**
 * Carries every request to the simulator in this process: no machine is so slow that one passes its time limit.
 */
export function withoutSockets({ endpoint, serve }: Simulator): () => void {
  const { port } = new URL(endpoint);
  return carryInProcess((request, signal) =>
    String(request.port) === port ? carryTo(serve, request, signal) : undefined,
  );
}

async function carryTo(
  serve: Simulator['serve'],
  request: WireRequest,
  signal: AbortSignal | undefined,
): Promise<WireAnswer> {
  if (signal?.aborted === true) throw abortError(signal);
  const answer = await abortable(ask(serve, request), signal);
  if (answer === undefined) throw networkError('ECONNRESET');
  return answer;
}

/** What `pending` becomes, unless the caller aborts meanwhile. */
export function abortable<T>(pending: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return pending;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(abortError(signal));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    void pending.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

let isReplaced = false;

function replaceSockets(): void {
  if (isReplaced) return;
  isReplaced = true;
  const client = new ECSClient({ region: 'eu-west-1' });
  const prototype = Object.getPrototypeOf(client.config.requestHandler) as { handle: Handle };
  client.destroy();
  const { handle } = prototype;
  prototype.handle = async function carried(request, options = {}) {
    for (const carry of carriers) {
      const carrying = carry(request, options.abortSignal);
      if (carrying !== undefined) return answered(await carrying);
    }
    return handle.call(this, request, options);
  };
}

function answered({ body, isCut = false, ...head }: WireAnswer) {
  return { response: { ...head, body: Readable.from(isCut ? brokenOff(body) : [body]) } };
}

function* brokenOff(part: Buffer) {
  yield part;
  throw networkError('ECONNRESET');
}

/** The simulator's answer to a request; undefined if it cut the connection before. A request that hangs has none. */
export function ask(
  serve: Simulator['serve'],
  { method, path, query = {}, headers, body = '' }: WireRequest,
): Promise<WireAnswer | undefined> {
  const lowered = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const url = `${path}${queryOf(query)}`;
  const incoming = Object.assign(Readable.from([bytesOf(body)]), { method, url, headers: lowered });
  return new Promise((resolve) => {
    let head = { statusCode: 200, headers: {} as Record<string, string> };
    const response = {
      destroy: () => resolve(undefined),
      writeHead(statusCode: number, sent: Readonly<Record<string, string | number>>) {
        const texts = Object.entries(sent).map(([name, value]) => [name.toLowerCase(), String(value)]);
        head = { statusCode, headers: Object.fromEntries(texts) as Record<string, string> };
      },
      write: (part: Buffer) => resolve({ ...head, body: part, isCut: true }),
      end: (sent: string | Buffer = '') => resolve({ ...head, body: Buffer.from(sent) }),
    };
    serve(incoming as unknown as IncomingMessage, response as unknown as ServerResponse);
  });
}

function queryOf(query: NonNullable<WireRequest['query']>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value ?? ''].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`),
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
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
