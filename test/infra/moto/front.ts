import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GAPS } from './gaps.ts';

/** A proxy before moto, which answers the calls that moto does not support and passes on all others unchanged. */
export async function openFront(motoEndpoint: string): Promise<{ readonly endpoint: string; close(): void }> {
  const server = createServer((incoming, answer) => {
    answerOrHandOn(incoming, answer, motoEndpoint).catch((error: unknown) => {
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
  const call: unknown = JSON.parse(Buffer.concat(await incoming.toArray()).toString('utf8') || '{}');
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
