// One Lambda environment: loads a bundle, calls its handler, one event at a time, and reports its peak memory.
// environment.ts starts `node test/lab/bench/host.mjs <bundle>` with an IPC channel.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const HEAP_LOOK_MS = 50;

let peakHeap = 0;
const look = () => {
  peakHeap = Math.max(peakHeap, process.memoryUsage().heapUsed);
};
setInterval(look, HEAP_LOOK_MS).unref();

const [bundle] = process.argv.slice(2);
const { handler } = await import(pathToFileURL(resolve(bundle)).href);

process.on('disconnect', () => process.exit());
process.on('message', async ({ event, limitMs }) => {
  const endsAt = Date.now() + limitMs;
  const context = {
    functionName: 'bench',
    awsRequestId: randomUUID(),
    getRemainingTimeInMillis: () => Math.max(0, endsAt - Date.now()),
  };
  const result = await handler(event, context).then(
    (answer) => ({ answer: answer ?? null }),
    (error) => ({ problem: String(error?.stack ?? error) }),
  );
  look();
  process.send({ ...result, peakRss: peakRss(), peakHeap });
});
process.send({ ready: true });

/** The kernel's high-water mark of this program. getrusage would also count the parent at the time of the fork. */
function peakRss() {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'));
    return Number(kilobytes) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}
