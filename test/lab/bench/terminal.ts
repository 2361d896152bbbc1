import { spawn } from 'node:child_process';
import { devNull } from 'node:os';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { readConfig } from '../../../functions/runtime/config.ts';
import { buildLargeFleet, startSimulator } from '../../simulator/index.ts';
import { boundsOf, neededCalls } from './bounds.ts';

// `npm run bench:terminal -- --services 5000 --throttling 1`: `esr stale shared/db` on a large fleet, by the real clock; with
// `--command watch` two looks at what nothing redeploys, with `--command redeploy` a redeploy in the terminal's process. Exit code 1
// if the terminal used 300 MB or more or missed a service, or if `stale` took longer than the quotas demand and half as long again.
const { values } = parseArgs({
  options: {
    services: { type: 'string', default: '5000' },
    throttling: { type: 'string', default: '1' },
    command: { type: 'string', default: 'stale' },
  },
});

/** Megabytes. */
const MOST_MEMORY = 300;

/** What is run, how many services refer to the secret at most, and how many of them are named at the end. */
const COMMANDS: Readonly<
  Record<string, { readonly args: readonly string[]; readonly most: number; readonly named: 'all' | 'none' }>
> = {
  stale: { args: ['stale', 'shared/db'], most: 1000, named: 'all' },
  watch: { args: ['watch', 'shared/db', '--timeout', '1s'], most: 1000, named: 'all' },
  redeploy: { args: ['redeploy', 'shared/db', '--local', '--yes'], most: 200, named: 'none' },
};
const command = COMMANDS[values.command];
if (command === undefined) throw new Error(`--command: one of ${Object.keys(COMMANDS).join(', ')}`);

const services = Number(values.services);
const clusters = Math.max(2, Math.ceil(services / 250));
const affected = Math.min(command.most, services);
const named = command.named === 'all' ? affected : 0;
const sim = await startSimulator({ throttling: Number(values.throttling), rolloutMs: 2_000 });
const { shared } = buildLargeFleet(sim.world, { services, clusters, affected });
sim.rotateSecret(shared.arn);
await measure(command.args);
await sim.close();

async function measure(args: readonly string[]): Promise<void> {
  const report =
    "process.on('exit', () => process.stderr.write('peak ' + process.resourceUsage().maxRSS + '\\n'))";
  const child = spawn(
    process.execPath,
    [
      '--import',
      `data:text/javascript,${encodeURIComponent(report)}`,
      resolve('dist/cli/index.mjs'),
      ...args,
      '-o',
      'name',
    ],
    {
      env: {
        PATH: process.env['PATH'],
        AWS_CONFIG_FILE: devNull,
        AWS_SHARED_CREDENTIALS_FILE: devNull,
        AWS_EC2_METADATA_DISABLED: 'true',
        ...sim.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const said: number[] = [];
  let peakMb = 0;
  createInterface({ input: child.stderr }).on('line', (line) => {
    said.push(Date.now());
    peakMb = Number(/^peak (\d+)$/.exec(line)?.[1] ?? peakMb * 1024) / 1024;
  });
  const names = new Set<string>();
  for await (const name of createInterface({ input: child.stdout })) names.add(name);
  const [first] = sim.ledger.calls;
  const beganAt = first?.at ?? 0;
  const seconds = (at: number | undefined) => ((at ?? 0) - beganAt) / 1000;
  const bound = boundsOf(
    neededCalls({ method: 'cold', services, clusters, affected: 0 }),
    readConfig([], {}).rates,
  ).configured;
  const took = seconds(Date.now());
  console.log(
    `${services} services in ${clusters} clusters: ${args.join(' ')}: ${names.size} of ${named} named at the end, ${sim.ledger.calls.length} calls`,
  );
  console.log(
    `first line ${seconds(said[0]).toFixed(1)} s after the first call; end after ${took.toFixed(1)} s (the quotas demand ${bound.toFixed(1)} s)`,
  );
  console.log(`peak of memory ${peakMb.toFixed(0)} MB`);
  const isSlow = values.command === 'stale' && Number(values.throttling) > 0 && took > bound * 1.5 + 30;
  process.exitCode = peakMb >= MOST_MEMORY || names.size !== named || isSlow ? 1 : 0;
}
