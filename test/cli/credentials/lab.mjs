// One credential situation in network namespaces of its own: `unshare … node lab.mjs`, its description as JSON on stdin,
// what the programs printed as JSON on stdout. Everything ends with this process, and nothing outside sees any of it.
//
//   fabric (169.254.169.254, 169.254.170.2, AWS) ── 10.0.0.0/24 ── host ── docker0 172.17.0.0/16 ── container
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

const given = JSON.parse(await text(process.stdin));
const { where, isContainer, interfaces, env, files, addresses, services, programs } = given;
const run = (command, ...args) => execFileSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
/** What hangs ends then. The SDK itself takes 18 s of a quiet machine where STS cannot be reached, and longer of a busy one. */
const HANGS_MS = 120_000;
const HOME = '/esr';
const ROOT = '/mnt';
const NETWORKS = {
  bridge: ['docker0', '172.17'],
  custom: ['br-0123456789ab', '172.18'],
  internal: ['br-0123456789ab', '172.18'],
};

const fabric = await holder();
const container = ['host', 'offline'].includes(where) ? undefined : await holder();
connect();
makeRoot();
await serve();
const results = {};
for (const [name, words] of Object.entries(programs)) results[name] = await ran(words);
const printed = JSON.stringify(results);
process.stdout.write(printed, () => process.exit());

/** A process that keeps a namespace alive; with it goes the namespace. */
async function holder() {
  const { pid } = spawn('unshare', ['-n', 'sleep', 'infinity'], { stdio: 'ignore' });
  const own = readlinkSync('/proc/self/ns/net');
  while (readlinkSync(`/proc/${pid}/ns/net`) === own) await sleep(5);
  return pid;
}

/** Runs `ip` with these lines in a namespace; undefined: that of the host. */
function ip(pid, lines) {
  const input = lines.map((line) => `${line}\n`).join('');
  const words = pid === undefined ? [] : ['nsenter', '-t', `${pid}`, '-n'];
  const [command, ...args] = [...words, 'ip', '-batch', '-'];
  execFileSync(command, args, { input, stdio: ['pipe', 'pipe', 'inherit'] });
}

function connect() {
  ip(undefined, [
    'link set lo up',
    `link add fabric type veth peer name uplink netns ${fabric}`,
    'addr add 10.0.0.1/24 dev fabric',
    'link set fabric up',
    'link add docker0 type bridge',
    'addr add 172.17.0.1/16 dev docker0',
    'link set docker0 up',
  ]);
  ip(fabric, [
    'link set lo up',
    'addr add 10.0.0.2/24 dev uplink',
    'link set uplink up',
    'route add default via 10.0.0.1',
    ...addresses.map((address) => `addr add ${address}/32 dev lo`),
  ]);
  if (where !== 'offline') ip(undefined, ['route add default via 10.0.0.2']);
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
  if (container !== undefined) connectContainer();
}

function connectContainer() {
  ip(container, [
    'link set lo up',
    ...interfaces.map((name, i) => `link add ${name} type veth peer name other${i}`),
    ...interfaces.map((_, i) => `link set other${i} up`),
  ]);
  if (where === 'none') return;
  const [bridge, net] = NETWORKS[where];
  ip(undefined, [
    ...(bridge === 'docker0'
      ? []
      : [`link add ${bridge} type bridge`, `addr add ${net}.0.1/16 dev ${bridge}`, `link set ${bridge} up`]),
    `link add veth0 type veth peer name eth0 netns ${container}`,
    `link set veth0 master ${bridge}`,
    'link set veth0 up',
  ]);
  ip(container, [
    `addr add ${net}.0.2/16 dev eth0`,
    'link set eth0 up',
    ...interfaces.flatMap((name, i) => [
      `addr add 169.254.172.${i + 2}/22 dev ${name}`,
      `link set ${name} up`,
    ]),
    ...(where === 'internal' ? [] : [`route add default via ${net}.0.1`]),
  ]);
}

/** This machine's files, but for what says that it is a container or a machine of EC2; and a home. */
function makeRoot() {
  run('mount', '-t', 'tmpfs', 'tmpfs', ROOT);
  const at = (path) => join(ROOT, path);
  for (const name of readdirSync('/')) {
    if (['.dockerenv', 'sys', 'run', 'mnt'].includes(name)) continue;
    const path = join('/', name);
    const stat = lstatSync(path);
    if (stat.isSymbolicLink()) symlinkSync(readlinkSync(path), at(path));
    if (!stat.isDirectory()) continue;
    mkdirSync(at(path));
    run('mount', '--rbind', path, at(path));
  }
  for (const path of ['/sys', '/run', '/mnt', HOME]) mkdirSync(at(path));
  if (isContainer) writeFileSync(at('/.dockerenv'), '');
  for (const [path, content] of Object.entries(files)) {
    const target = at(path.replace(/^~/, HOME));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
  }
}

async function serve() {
  const child = spawn('nsenter', ['-t', `${fabric}`, '-n', ...services], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
}

async function ran(words) {
  const inside = container === undefined ? [] : ['nsenter', '-t', `${container}`, '-n'];
  const [command, ...args] = [...inside, 'chroot', ROOT, ...words];
  const beganAt = performance.now();
  const atHome = Object.entries(env).map(([name, value]) => [name, value.replace(/^~/, HOME)]);
  const child = spawn(command, args, {
    env: { PATH: process.env.PATH, HOME, ...Object.fromEntries(atHome) },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: HANGS_MS,
  });
  let waited = 0;
  const look = setInterval(() => {
    waited = Math.max(waited, msWithoutProcessor(child.pid));
  }, 25);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  clearInterval(look);
  return { out, err, code: child.exitCode, ms: performance.now() - beganAt - waited };
}

/** How long a process was ready to run while others had the processor: a busy machine is no slow program. */
function msWithoutProcessor(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}
