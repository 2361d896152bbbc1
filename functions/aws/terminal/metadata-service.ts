import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { getInstanceMetadataEndpoint } from '@smithy/credential-provider-imds';
import { type MetadataAnswer, type MetadataProbe, roleNameIn } from '../../core/credentials/metadata.ts';

/** As long as the SDK waits for each of its requests. */
const REQUEST_MS = 1_000;
/** A role or a token is shorter. */
const MOST_BYTES = 4_096;

const TOKEN = '/latest/api/token';
const ROLE = '/latest/meta-data/iam/security-credentials/';

type Endpoint = Awaited<ReturnType<typeof getInstanceMetadataEndpoint>>;
type Answered = { readonly answer: MetadataAnswer; readonly body: string };

/**
 * Asks the metadata service as the SDK does, request by request: whether a connection was made tells a lost answer from
 * a network without a way. No key is asked for. The address is the one that the SDK uses.
 */
export async function probeMetadata(): Promise<MetadataProbe> {
  const endpoint = await getInstanceMetadataEndpoint().catch(() => undefined);
  if (endpoint === undefined) return NO_ADDRESS;
  const [token, plain] = await Promise.all([
    ask(endpoint, 'PUT', TOKEN, { 'x-aws-ec2-metadata-token-ttl-seconds': '60' }),
    ask(endpoint, 'GET', ROLE, {}),
  ]);
  const key = /^[\w=+/-]{1,512}$/.exec(token.body.trim())?.[0];
  const isToken = key !== undefined && isOk(token.answer);
  const withToken = isToken
    ? await ask(endpoint, 'GET', ROLE, { 'x-aws-ec2-metadata-token': key })
    : undefined;
  const named = withToken ?? plain;
  return {
    token: token.answer,
    plain: plain.answer,
    withToken: withToken?.answer,
    role: isOk(named.answer) ? roleNameIn(named.body) : undefined,
  };
}

/** What is to be the address of the service is none. */
const NO_ADDRESS: MetadataProbe = {
  token: { kind: 'error', code: 'ERR_INVALID_URL' },
  plain: { kind: 'error', code: 'ERR_INVALID_URL' },
  withToken: undefined,
  role: undefined,
};

const isOk = (answer: MetadataAnswer): boolean => answer.kind === 'answered' && answer.status === 200;

function ask(
  { hostname, port }: Endpoint,
  method: 'GET' | 'PUT',
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Answered> {
  const host = hostname.replace(/^\[(.+)\]$/, '$1');
  const options = { host, port, method, path, headers, agent: false };
  return new Promise((resolve) => {
    let connected = false;
    const asked: ClientRequest = request(options);
    const end = (answer: MetadataAnswer, body = '') => {
      clearTimeout(timer);
      resolve({ answer, body });
      asked.destroy();
    };
    const timer = setTimeout(() => end({ kind: 'silent', connected }), REQUEST_MS);
    asked.on('socket', (socket) =>
      socket.once('connect', () => {
        connected = true;
      }),
    );
    asked.on('error', (error) => end(failed(error, connected)));
    asked.on('response', (response) => {
      const { statusCode: status = 0 } = response;
      const answer = { kind: 'answered', status } as const;
      bodyOf(response).then(
        (body) => end(answer, body),
        () => end(answer),
      );
    });
    asked.end();
  });
}

function failed(error: Error, connected: boolean): MetadataAnswer {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return code === 'ETIMEDOUT' ? { kind: 'silent', connected } : { kind: 'error', code };
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of response) {
    body += String(chunk);
    if (body.length > MOST_BYTES) break;
  }
  return body;
}
