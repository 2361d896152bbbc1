import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import type { Reply } from '../dispatch.ts';
import { AwsError } from '../errors.ts';
import {
  bodyOfAnswer,
  contentType,
  errorBody,
  errorHeaders,
  parseRequest,
  type Request,
} from './protocol.ts';
import { RawAnswer } from './raw-answer.ts';

/** A listening server. */
export interface Listening {
  readonly endpoint: string;
  /** Answers a request that did not arrive over the network. */
  readonly serve: (incoming: IncomingMessage, response: ServerResponse) => void;
  /** Stops listening and cuts every connection, also those without an answer. */
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1 and hands every request to `reply`. */
export async function listen(reply: (request: Request) => Promise<Reply>): Promise<Listening> {
  const answer = (incoming: IncomingMessage, response: ServerResponse): void => {
    void serve(incoming, response, reply);
  };
  const server = createServer(answer);
  server.keepAliveTimeout = 60_000;
  const port = await portOf(server);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    serve: answer,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

function portOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('not listening on a port'));
      else resolve(address.port);
    });
  });
}

async function serve(
  incoming: IncomingMessage,
  response: ServerResponse,
  reply: (request: Request) => Promise<Reply>,
): Promise<void> {
  let asked: Asked = { service: 'unknown', operation: 'unknown' };
  try {
    const request = parseRequest(
      incoming.headers,
      incoming.method ?? '',
      incoming.url ?? '',
      await bodyOf(incoming),
    );
    asked = request;
    write(response, asked, await reply(request));
  } catch (cause) {
    if (cause instanceof AwsError) {
      write(response, asked, { kind: 'error', error: cause });
      return;
    }
    // The simulator itself has a defect: answer with an error that no client repeats as if AWS were busy.
    const detail = inspect(cause);
    write(response, asked, { kind: 'error', error: new AwsError('SimulatorDefect', detail, 400) });
  }
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** What decides the format of an answer. */
type Asked = Pick<Request, 'service' | 'operation'>;

function write(response: ServerResponse, asked: Asked, reply: Reply): void {
  switch (reply.kind) {
    case 'hang':
      return;
    case 'reset':
      response.destroy();
      return;
    case 'cut':
      cut(response, rendered(asked, reply.body));
      return;
    case 'malformed': {
      const { body, ...head } = rendered(asked, reply.body);
      send(response, { ...head, body: half(body) });
      return;
    }
    case 'error': {
      const { error } = reply;
      const requestId = randomUUID();
      const { service } = asked;
      const body = error.status === 304 ? '' : errorBody(service, error, requestId);
      send(response, {
        status: error.status,
        headers: { ...headersOf(service, requestId), ...errorHeaders(service, error) },
        body: Buffer.from(body),
      });
      return;
    }
    case 'answer':
      send(response, rendered(asked, reply.body));
      return;
    default:
      reply satisfies never;
  }
}

interface Rendered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

function rendered({ service, operation }: Asked, body: unknown): Rendered {
  const requestId = randomUUID();
  if (body instanceof RawAnswer) {
    return {
      status: body.status,
      headers: { ...body.headers, 'x-amz-request-id': requestId },
      body: body.body,
    };
  }
  return {
    status: 200,
    headers: headersOf(service, requestId),
    body: Buffer.from(bodyOfAnswer(service, operation, body, requestId)),
  };
}

function headersOf(service: string, requestId: string): Readonly<Record<string, string>> {
  return { 'content-type': contentType(service), 'x-amzn-requestid': requestId };
}

function send(response: ServerResponse, { status, headers, body }: Rendered): void {
  response.writeHead(status, { 'content-length': body.length, ...headers });
  response.end(body);
}

/** Announces the length of the whole body, sends its first half and cuts the connection. */
function cut(response: ServerResponse, { status, headers, body }: Rendered): void {
  response.writeHead(status, { 'content-length': body.length, ...headers });
  response.write(half(body), () => response.destroy());
}

function half(body: Buffer): Buffer {
  return body.subarray(0, Math.max(1, Math.floor(body.length / 2)));
}
