// One Lambda environment: a process of its own that loads a built bundle and calls its handler, one event at a time.
// lambda.ts starts `node test/lab/demo/lambda-host.mjs dist/on-change/index.mjs` with an IPC channel.
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [bundle] = process.argv.slice(2);
/** The timeouts of serverless.yml. */
const TIMEOUT_MS = bundle.includes('on-schedule') ? 900_000 : 270_000;
const { handler } = await import(pathToFileURL(resolve(bundle)).href);

process.on('disconnect', () => process.exit());
process.on('message', async (event) => {
  const beganAt = Date.now();
  const endsAt = beganAt + TIMEOUT_MS;
  const context = {
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    awsRequestId: randomUUID(),
    getRemainingTimeInMillis: () => endsAt - Date.now(),
  };
  try {
    process.send({ answer: (await handler(event, context)) ?? null });
  } catch (error) {
    process.send({ problem: String(error) });
  } finally {
    // Lambda ends every invocation with such a line in the log.
    process.stdout.write(`REPORT RequestId: ${context.awsRequestId}\tDuration: ${Date.now() - beganAt} ms\n`);
  }
});
process.send({ ready: true });
