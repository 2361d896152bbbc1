import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import type { Reply } from '../dispatch.ts';
import { AwsError } from '../errors.ts';
import { contentType, errorBody, parseRequest, type Request } from './protocol.ts';

/** A listening server. */
export interface Listening {
  readonly endpoint: string;
  /** Stops listening and cuts every connection, hanging ones too. */
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1 and hands every request to `reply`. */
export async function listen(reply: (request: Request) => Promise<Reply>): Promise<Listening> {
  const server = createServer((request, response) => {
    void serve(request, response, reply);
  });
  server.keepAliveTimeout = 60_000;
  const port = await portOf(server);
  return {
    endpoint: `http://127.0.0.1:${port}`,
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
  let service = 'unknown';
  try {
    const request = parseRequest(
      incoming.headers,
      incoming.method ?? '',
      incoming.url ?? '',
      await bodyOf(incoming),
    );
    service = request.service;
    write(response, service, await reply(request));
  } catch (cause) {
    if (cause instanceof AwsError) {
      write(response, service, { kind: 'error', error: cause });
      return;
    }
    // The simulator itself is wrong: say so loudly, in a way that no client takes for AWS being busy.
    const detail = inspect(cause);
    write(response, service, { kind: 'error', error: new AwsError('SimulatorDefect', detail, 400) });
  }
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

function write(response: ServerResponse, service: string, reply: Reply): void {
  switch (reply.kind) {
    case 'hang':
      return;
    case 'reset':
      response.destroy();
      return;
    case 'malformed': {
      const text = JSON.stringify(reply.body);
      send(response, service, 200, text.slice(0, Math.max(1, Math.floor(text.length / 2))));
      return;
    }
    case 'error':
      send(response, service, reply.error.status, errorBody(service, reply.error));
      return;
    case 'answer':
      send(response, service, 200, JSON.stringify(reply.body ?? {}));
      return;
    default:
      reply satisfies never;
  }
}

function send(response: ServerResponse, service: string, status: number, body: string): void {
  response.writeHead(status, {
    'content-type': contentType(service),
    'content-length': Buffer.byteLength(body),
    'x-amzn-requestid': randomUUID(),
  });
  response.end(body);
}
