import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { measure } from './measure.ts';
import { monthly } from './monthly.ts';
import { PRICES } from './prices.ts';
import { reportLines, type Size } from './report.ts';
import { packagedStack } from './stack.ts';

// `npm run cost`, with flags as in `-- --services=10,1000`: what the service costs a month, from AWS's prices
// (prices.ts), the packaged template and calls counted on a simulated AWS. By the real clock, within ECS's quotas.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
const { values: given } = parseArgs({
  options: {
    services: { type: 'string', default: '10,1000,5000' },
    affected: { type: 'string', default: '3' },
    changes: { type: 'string', default: '100' },
    latency: { type: 'string', default: '50' },
    rollout: { type: 'string', default: '60' },
    json: { type: 'string' },
  },
});
const changesADay = Number(given.changes);
const assumed = {
  affected: Number(given.affected),
  latencyMs: Number(given.latency),
  rolloutMs: Number(given.rollout) * 1000,
};

const sizes = given.services.split(',').map(Number);
console.log(
  `measuring fleets of ${given.services} services side by side; 5,000 services take about ten minutes …`,
);
const measured = await Promise.all(sizes.map((services) => measure({ ...assumed, services })));
const dimensionSets = new Set(measured.flatMap((one) => one.dimensionSets));
const stack = await packagedStack(dimensionSets.size);
const results = measured.map(
  (one, index): Size => ({
    services: sizes[index] ?? 0,
    measured: one,
    cold: monthly(one.cold, stack, changesADay),
    warm: monthly(one.warm, stack, changesADay),
  }),
);
for (const line of reportLines(results, stack, { ...assumed, changesADay })) console.log(line);
if (given.json !== undefined)
  await writeFile(
    given.json,
    `${JSON.stringify({ changesADay, assumed, stack, prices: PRICES, results }, null, 2)}\n`,
  );
