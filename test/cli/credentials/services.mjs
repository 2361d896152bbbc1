// The other side, in the network namespace that holds it: the metadata service of an instance, the endpoints of
// containers, and AWS. `node services.mjs '<settings as JSON>'` prints a line when everything listens.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';

const { metadata, container, aws, keys } = JSON.parse(process.argv[2] ?? '{}');
const EXPIRES = '2099-01-01T00:00:00Z';
const ROLE = '/latest/meta-data/iam/security-credentials/';

const secret = (id) => `${keys.sentinel}-${id}-secret`;
const token = (id) => `${keys.sentinel}-${id}-token`;
const credentials = (id) => ({
  AccessKeyId: id,
  SecretAccessKey: secret(id),
  Token: token(id),
  Expiration: EXPIRES,
});

const OF_METADATA = { service: ofInstance, mute: () => undefined, portal };
const ports = {
  metadata: metadata?.kind in OF_METADATA ? await listen(OF_METADATA[metadata.kind], metadata) : undefined,
  aws: await listen(ofAws, aws),
};
for (const at of container?.at ?? []) ports.container = await listen(ofContainers, at);
process.stdout.write(`${JSON.stringify(ports)}\n`);

async function listen(answer, { address, port }) {
  const server = createServer(answer).listen(port, address);
  await once(server, 'listening');
  return server.address().port;
}

function end(response, status, body = '') {
  response.writeHead(status, { 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

const SESSION = `${keys.sentinel}SESSION==`;

/** The metadata service, as AWS documents it. */
function ofInstance(request, response) {
  const {
    tokens = 'required',
    role = 'app-instance',
    hopLimit = 64,
    off = false,
    proxied = false,
  } = metadata;
  if (off) return end(response, 403);
  if (request.method === 'PUT') {
    if (proxied) return end(response, 403);
    if (metadata.gateway !== undefined) limit(request.socket, hopLimit);
    return end(response, 200, SESSION);
  }
  const given = request.headers['x-aws-ec2-metadata-token'];
  if (given === undefined ? tokens === 'required' : given !== SESSION) return end(response, 401);
  if (request.url === '/latest/meta-data/placement/region') return end(response, 200, 'eu-central-1');
  if (role === null || !request.url.startsWith(ROLE)) return end(response, 404);
  if (request.url === ROLE) return end(response, 200, role);
  if (metadata.unusable)
    return end(
      response,
      200,
      JSON.stringify({ Code: 'AssumeRoleUnauthorizedAccess', Message: keys.sentinel }),
    );
  return end(response, 200, JSON.stringify({ Code: 'Success', ...credentials(keys.instance) }));
}

/**
 * The answer on this connection has this time to live, and no other has: that is how the hop limit of an instance works.
 * Node cannot set it, so the connection gets a route of its own.
 */
function limit({ remoteAddress = '', remotePort = 0 }, hops) {
  const ip = (...words) => execFileSync('ip', words);
  ip('route', 'replace', 'default', 'via', metadata.gateway, 'table', '100', 'hoplimit', `${hops}`);
  ip(
    'rule',
    'add',
    'to',
    remoteAddress.replace(/^.*:/, ''),
    'ipproto',
    'tcp',
    'dport',
    `${remotePort}`,
    'lookup',
    '100',
  );
}

function portal(_, response) {
  end(response, 200, '<html><body>Please log in to the network</body></html>');
}

function ofContainers(request, response) {
  const { status = 200, wants, mute = false, broken = false } = container;
  if (mute) return undefined;
  if (wants !== undefined && request.headers.authorization !== wants)
    return end(response, 401, JSON.stringify({ code: 'InvalidToken', message: keys.sentinel }));
  if (status !== 200)
    return end(response, status, JSON.stringify({ code: 'NoIdInRequest', message: keys.sentinel }));
  if (broken) return end(response, 200, `${secret('broken')} is no JSON`);
  return end(response, 200, JSON.stringify({ RoleArn: 'x', ...credentials(keys.container) }));
}

/** STS and SSO, by what a request asks. */
async function ofAws(request, response) {
  let body = '';
  for await (const chunk of request) body += chunk;
  if (request.url.startsWith('/federation/credentials'))
    return request.headers['x-amz-sso_bearer_token'] === `${keys.sentinel}-sso`
      ? end(
          response,
          200,
          JSON.stringify({
            roleCredentials: {
              accessKeyId: keys.sso,
              secretAccessKey: secret(keys.sso),
              sessionToken: token(keys.sso),
              expiration: Date.parse(EXPIRES),
            },
          }),
        )
      : end(response, 401, JSON.stringify({ __type: 'UnauthorizedException', message: keys.sentinel }));
  const action = new URLSearchParams(body).get('Action');
  const [, id = ''] = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
  const isCaller = action === 'GetCallerIdentity';
  const fault = aws.faults?.[action] ?? (isCaller ? aws.faults?.[id] : undefined);
  const arn = aws.callers?.[id];
  // What AWS says about a call may be printed; what it says about the way to credentials may not.
  if (fault !== undefined) return end(response, 403, refusal(fault, isCaller ? 'no' : keys.sentinel));
  if (isCaller && arn === undefined) return end(response, 403, refusal('InvalidClientTokenId', 'no'));
  if (isCaller)
    return end(
      response,
      200,
      result(action, `<Arn>${arn}</Arn><UserId>U</UserId><Account>111122223333</Account>`),
    );
  const assumed = `<AssumedRoleUser><AssumedRoleId>R:s</AssumedRoleId><Arn>arn:aws:sts::111122223333:assumed-role/assumed/s</Arn></AssumedRoleUser>`;
  const given = `<Credentials><AccessKeyId>${keys.assumed}</AccessKeyId><SecretAccessKey>${secret(keys.assumed)}</SecretAccessKey><SessionToken>${token(keys.assumed)}</SessionToken><Expiration>${EXPIRES}</Expiration></Credentials>`;
  return end(response, 200, result(action, given + assumed));
}

const refusal = (code, message) =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`;

const result = (action, inner) =>
  `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>${inner}</${action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></${action}Response>`;
