// The Lambda runtime's side of a bundle, in a process of its own: `node host.mjs <bundle>`. Each message is one
// invocation; its result is a line of stdout, so that it cannot overtake the function's own output.
const [, , bundle, watchEnvironment] = process.argv;
const asked = new Set();
if (watchEnvironment === 'watch') {
  const real = process.env;
  process.env = new Proxy(real, {
    get(target, key) {
      asked.add(String(key));
      return target[key];
    },
    has(target, key) {
      asked.add(String(key));
      return key in target;
    },
  });
}
const { handler } = await import(bundle);
const askedByImport = [...asked];

process.on('message', async ({ event, remainingMs }) => {
  const end = Date.now() + (remainingMs ?? 0);
  const context = {
    awsRequestId: crypto.randomUUID(),
    functionName: 'e2e',
    ...(remainingMs === undefined ? {} : { getRemainingTimeInMillis: () => Math.max(0, end - Date.now()) }),
  };
  let result;
  try {
    result = { answer: (await handler(event, context)) ?? null };
  } catch (error) {
    result = { error: { name: String(error?.name), message: String(error?.message ?? error) } };
  }
  process.stderr.write('\u0001END\n');
  process.stdout.write(`\u0001RESULT ${JSON.stringify(result)}\n`);
});
process.on('disconnect', () => process.exit(0));
process.stdout.write(`\u0001READY ${JSON.stringify(askedByImport)}\n`);
