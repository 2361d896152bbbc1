// The Lambda runtime's side of a bundle, in a process of its own: `node lambda-host.mjs <address of a bundle> [watch]`.
// Each message is one invocation; its result is a line of stdout, so that it cannot overtake the function's own output.
import { readFileSync } from 'node:fs';

const HEAP_LOOK_MS = 50;

const [, , bundle, watchEnvironment] = process.argv;
const asked = new Set();
if (watchEnvironment === 'watch') {
  const note = (read) => (target, key) => {
    asked.add(String(key));
    return read(target, key);
  };
  process.env = new Proxy(process.env, { get: note(Reflect.get), has: note(Reflect.has) });
}
const { handler } = await import(bundle);
const askedByImport = [...asked];

let peakHeap = 0;
const look = () => {
  peakHeap = Math.max(peakHeap, process.memoryUsage().heapUsed);
};
setInterval(look, HEAP_LOOK_MS).unref();

process.on('message', async ({ event, remainingMs }) => {
  const beganAt = Date.now();
  const context = {
    awsRequestId: crypto.randomUUID(),
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    ...(remainingMs !== undefined && {
      getRemainingTimeInMillis: () => Math.max(0, beganAt + remainingMs - Date.now()),
    }),
  };
  let result;
  try {
    result = { answer: (await handler(event, context)) ?? null };
  } catch (error) {
    result = { error: { name: String(error?.name), message: String(error?.message ?? error) } };
  }
  look();
  const used = { durationMs: Date.now() - beganAt, peakRss: peakRss(), peakHeap };
  process.stderr.write('\u0001END\n');
  process.stdout.write(`\u0001RESULT ${JSON.stringify({ result, used })}\n`);
});
process.on('disconnect', () => process.exit(0));
process.stdout.write(`\u0001READY ${JSON.stringify(askedByImport)}\n`);

/** The kernel's high-water mark of this program. getrusage would also count the parent at the time of the fork. */
function peakRss() {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'));
    return Number(kilobytes) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}
