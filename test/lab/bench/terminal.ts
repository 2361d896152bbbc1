import { spawn } from 'node:child_process';
import { devNull } from 'node:os';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { readConfig } from '../../../functions/runtime/config.ts';
import { buildLargeFleet, startSimulator } from '../../simulator/index.ts';
import { boundsOf, neededCalls } from './bounds.ts';

// `npm run bench:terminal -- --services 5000 --throttling 1`: `esr stale shared/db` on a large fleet, by the real clock.
// Exit code 1 if the terminal used 300 MB or more, missed a service, or took longer than the quotas demand and half as long again.
const { values } = parseArgs({
  options: {
    services: { type: 'string', default: '5000' },
    throttling: { type: 'string', default: '1' },
  },
});

/** Megabytes. */
const MOST_MEMORY = 300;
const AFFECTED = 1000;

const services = Number(values.services);
const clusters = Math.max(2, Math.ceil(services / 250));
const affected = Math.min(AFFECTED, services);
const sim = await startSimulator({ throttling: Number(values.throttling) });
const { shared } = buildLargeFleet(sim.world, { services, clusters, affected });
sim.rotateSecret(shared.arn);
await measure();
await sim.close();

async function measure(): Promise<void> {
  const report =
    "process.on('exit', () => process.stderr.write('peak ' + process.resourceUsage().maxRSS + '\\n'))";
  const child = spawn(
    process.execPath,
    [
      '--import',
      `data:text/javascript,${encodeURIComponent(report)}`,
      resolve('dist/cli/index.mjs'),
      'stale',
      'shared/db',
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
    `${services} services in ${clusters} clusters: ${names.size} of ${affected} found, ${sim.ledger.calls.length} calls`,
  );
  console.log(
    `first line ${seconds(said[0]).toFixed(1)} s after the first call; end after ${took.toFixed(1)} s (the quotas demand ${bound.toFixed(1)} s)`,
  );
  console.log(`peak of memory ${peakMb.toFixed(0)} MB`);
  const isSlow = Number(values.throttling) > 0 && took > bound * 1.5 + 30;
  process.exitCode = peakMb >= MOST_MEMORY || names.size !== affected || isSlow ? 1 : 0;
}
