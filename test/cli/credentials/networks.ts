import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { z } from 'zod/mini';
import { terminalBundle } from '../../support/bundles.ts';
import { CALLERS, KEYS, type Situation } from './situations.ts';

const Program = z.object({ out: z.string(), err: z.string(), code: z.nullable(z.number()), ms: z.number() });
type Program = z.infer<typeof Program>;
const Lab = z.object({
  json: Program,
  pipe: Program,
  command: z.optional(Program),
  sdk: z.optional(Program),
});
/** What `esr doctor credentials` printed, as JSON and for a person; what another command said; what the SDK's own chain took. */
export type Observed = z.infer<typeof Lab>;

/** Only root may make namespaces without one of users around them. */
const UNSHARE = [...(process.getuid?.() === 0 ? [] : ['-r']), '-nmpf', '--mount-proc', '--kill-child'];

/** Why there are no network namespaces here; undefined: there are. */
export function withoutNamespaces(): string | undefined {
  if (spawnSync('ip', ['-V']).status !== 0) return 'ip (iproute2) is not installed';
  return spawnSync('unshare', [...UNSHARE, 'true']).status === 0
    ? undefined
    : 'unshare makes no network namespace';
}

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Where the SDK waits without an end, what depends on it is not run. */
async function programs({ expected }: Situation): Promise<Readonly<Record<string, readonly string[]>>> {
  const esr = [process.execPath, await terminalBundle()];
  const doctor = [...esr, 'doctor', 'credentials'];
  const own = { json: [...doctor, '-o', 'json'], pipe: doctor };
  if (expected.findings.includes('no-answer')) return own;
  return {
    ...own,
    command: [...esr, 'stale', '--stack', 'none'],
    sdk: [process.execPath, path('chain.mjs')],
  };
}

type At = { readonly address: string; readonly port: number };
type Places = { readonly metadata: At; readonly container: readonly At[]; readonly aws: At };

/** What services.mjs is to be. */
function settingsOf({ metadata, endpoint, aws }: Situation, at: Places, gateway?: string): object {
  const isThere = endpoint !== undefined && endpoint.refused !== true;
  return {
    keys: KEYS,
    ...(metadata !== undefined && { metadata: { ...metadata, ...at.metadata, gateway } }),
    ...(isThere && { container: { ...endpoint, at: at.container } }),
    aws: { ...at.aws, callers: CALLERS, faults: aws },
  };
}

const METADATA = '169.254.169.254';
const AWS = '10.0.0.2';
/** Nothing listens there. */
const NOWHERE = `${AWS}:1`;

/** Makes the networks and the services of a situation, and runs in it what is to be compared. */
export async function observeIn(situation: Situation): Promise<Observed> {
  const { where, isContainer = false, interfaces = [], files = {}, metadata, endpoint, aws } = situation;
  const addresses = endpoint?.addresses ?? [];
  const places = {
    metadata: { address: METADATA, port: 80 },
    container: addresses.map((address) => ({ address, port: 80 })),
    aws: { address: AWS, port: 80 },
  };
  const description = {
    where,
    isContainer,
    interfaces,
    env: { AWS_ENDPOINT_URL: `http://${aws === 'none' ? NOWHERE : AWS}`, ...situation.env },
    files,
    addresses: [...(metadata === undefined ? [] : [METADATA]), ...addresses],
    services: [
      process.execPath,
      path('services.mjs'),
      JSON.stringify(settingsOf(situation, places, '10.0.0.1')),
    ],
    programs: await programs(situation),
  };
  const child = spawn('unshare', [...UNSHARE, process.execPath, path('lab.mjs')]);
  child.stdin.end(JSON.stringify(description));
  const [out, err] = await Promise.all([
    json(child.stdout).catch(() => undefined),
    text(child.stderr),
    once(child, 'close'),
  ]);
  const { success, data } = Lab.safeParse(out);
  if (!success) throw new Error(`the networks of ${situation.id} could not be made: ${err}`);
  return data;
}

/** Whether the loopback can stand for the networks of a situation: it loses no packet and has every route. */
export function fitsLoopback({ where, env = {}, metadata, endpoint }: Situation): boolean {
  const isLost = (where !== 'host' && metadata?.hopLimit === 1) || endpoint?.addresses.length === 0;
  const isElsewhere = env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] !== undefined;
  return ['host', 'bridge', 'custom'].includes(where) && !isLost && !isElsewhere;
}

const LOOPBACK = '127.0.0.1';
const CLOSED = { address: LOOPBACK, port: 1 };
const FREE = { address: LOOPBACK, port: 0 };
const Ports = z.object({
  metadata: z.optional(z.number()),
  container: z.optional(z.number()),
  aws: z.number(),
});

/**
 * The same without namespaces: the SDK's own variables name other addresses than 169.254.x, and nothing is asked that the
 * test has not started.
 */
export async function observeOnLoopback(situation: Situation): Promise<Observed> {
  const { metadata = { kind: 'mute' }, files = {} } = situation;
  const home = await mkdtemp(join(tmpdir(), 'credentials-'));
  for (const [name, content] of Object.entries(files)) {
    const target = name.replace(/^~/, home);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
  }
  const settings = settingsOf({ ...situation, metadata }, { metadata: FREE, container: [FREE], aws: FREE });
  const services = spawn(process.execPath, [path('services.mjs'), JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [listening] = await once(services.stdout, 'data');
    const env = loopbackEnv(situation, home, Ports.parse(JSON.parse(String(listening))));
    const ran: (readonly [string, Program])[] = [];
    for (const [name, words] of Object.entries(await programs(situation)))
      ran.push([name, await run(words, env)]);
    return Lab.parse(Object.fromEntries(ran));
  } finally {
    services.kill();
    await rm(home, { recursive: true });
  }
}

function loopbackEnv(
  { env = {}, aws }: Situation,
  home: string,
  ports: z.infer<typeof Ports>,
): Readonly<Record<string, string>> {
  const url = (port: number = CLOSED.port) => `http://${LOOPBACK}:${port}`;
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative, ...others } = env;
  const full = others['AWS_CONTAINER_CREDENTIALS_FULL_URI'];
  const isAsked = relative !== undefined || full?.includes('169.254.') === true;
  const given = Object.entries(others).map(([name, value]) => [name, value.replace(/^~/, home)] as const);
  return {
    ...Object.fromEntries<string>(given),
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    AWS_ENDPOINT_URL: url(aws === 'none' ? undefined : ports.aws),
    AWS_EC2_METADATA_SERVICE_ENDPOINT: url(ports.metadata),
    ...(isAsked && { AWS_CONTAINER_CREDENTIALS_FULL_URI: url(ports.container) }),
  };
}

/** As in lab.mjs. */
const HANGS_MS = 120_000;

async function run(
  [command = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Program> {
  const beganAt = performance.now();
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: HANGS_MS });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { out, err, code: child.exitCode, ms: performance.now() - beganAt };
}
