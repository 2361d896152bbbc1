import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GAPS } from './gaps.ts';

/** Does the work of Lambda for a call of Invoke; rejects if the function throws. */
type Invoke = (functionName: string, request: unknown) => Promise<unknown>;

/** A proxy before moto, which answers the calls that moto does not support and passes on all others unchanged. */
export async function openFront(
  motoEndpoint: string,
  invoke?: Invoke,
): Promise<{ readonly endpoint: string; close(): void }> {
  const server = createServer((incoming, answer) => {
    const named = INVOKE.exec(incoming.url ?? '')?.[1];
    const answered =
      named === undefined || invoke === undefined
        ? answerOrHandOn(incoming, answer, motoEndpoint)
        : answerInvoke(incoming, answer, (request) => invoke(decodeURIComponent(named), request));
    answered.catch((error: unknown) => {
      answer.writeHead(500, { 'content-type': 'application/x-amz-json-1.0' });
      answer.end(JSON.stringify({ __type: 'InternalFailure', message: String(error) }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${portOf(server)}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The port of a server that listens. */
export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

const INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations/;

async function answerInvoke(
  incoming: IncomingMessage,
  answer: ServerResponse,
  invoke: (request: unknown) => Promise<unknown>,
): Promise<void> {
  const body = await bodyOf(incoming);
  try {
    const answered = await invoke(JSON.parse(body));
    answer.writeHead(200, { 'content-type': 'application/json' });
    answer.end(JSON.stringify(answered));
  } catch (error) {
    answer.writeHead(200, { 'content-type': 'application/json', 'x-amz-function-error': 'Unhandled' });
    answer.end(JSON.stringify({ errorMessage: String(error) }));
  }
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  return Buffer.concat(await incoming.toArray()).toString('utf8') || '{}';
}

async function answerOrHandOn(
  incoming: IncomingMessage,
  answer: ServerResponse,
  motoEndpoint: string,
): Promise<void> {
  const fill = GAPS.get(String(incoming.headers['x-amz-target']));
  if (fill === undefined) {
    handOn(incoming, answer, motoEndpoint);
    return;
  }
  const call: unknown = JSON.parse(await bodyOf(incoming));
  answer.writeHead(200, { 'content-type': String(incoming.headers['content-type']) });
  answer.end(JSON.stringify(await fill(call, motoEndpoint, regionOf(incoming))));
}

/** The Region of a call, from its signature: `Credential=KEY/DATE/REGION/SERVICE/aws4_request`. */
function regionOf({ headers }: IncomingMessage): string {
  return headers.authorization?.split('/')[2] ?? '';
}

function handOn(incoming: IncomingMessage, answer: ServerResponse, motoEndpoint: string): void {
  const { method, url = '/', headers } = incoming;
  const outgoing = request(`${motoEndpoint}${url}`, { method, headers }, (theirs) => {
    answer.writeHead(theirs.statusCode ?? 502, theirs.headers);
    theirs.pipe(answer);
  });
  outgoing.on('error', (error) => answer.destroy(error));
  incoming.pipe(outgoing);
}
