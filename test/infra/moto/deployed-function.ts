import { createHash } from 'node:crypto';
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod/mini';
import { answerOf, type Lambda, startLambda } from '../../support/lambda.ts';
import { ANYBODY, type Cloud } from './cloud.ts';
import { STACK, type Stack } from './stack.ts';
import type { Terminal } from './terminal.ts';

const Deployed = z.object({
  Configuration: z.object({
    CodeSha256: z.string(),
    Handler: z.string(),
    Timeout: z.number(),
    Environment: z.object({ Variables: z.record(z.string(), z.string()) }),
  }),
  Code: z.object({ Location: z.string() }),
});

export type DeployedFunction = Lambda & {
  /** The deployed environment, without the variables that Lambda adds. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  /** Invokes the function and gives its answer; throws if the invocation fails. */
  ask(event: object): Promise<unknown>;
};

/**
 * Does the work of Lambda: fetches the deployed code, unpacks it and starts its handler with the deployed environment.
 * `over` replaces variables, for instance with wrong values.
 */
export async function startDeployed(
  name: 'on-change' | 'on-request',
  { terminal, cloud, stack }: { terminal: Terminal; cloud: Cloud; stack: Stack },
  over: Readonly<Record<string, string>> = {},
): Promise<DeployedFunction> {
  const { Configuration: deployed, Code: code } = await terminal.aws(
    `lambda get-function --function-name ${STACK}-${name} --region ${stack.region}`,
    Deployed,
  );
  const address = `s3://${stack.physicalId('ServerlessDeploymentBucket')}${new URL(code.Location).pathname}`;
  const folder = await unpacked(address, deployed.CodeSha256, terminal);
  const environment = deployed.Environment.Variables;
  const env = {
    ...environment,
    ...over,
    AWS_LAMBDA_FUNCTION_NAME: `${STACK}-${name}`,
    AWS_REGION: stack.region,
    AWS_ENDPOINT_URL: cloud.endpoint,
    AWS_ACCESS_KEY_ID: ANYBODY.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ANYBODY.secretAccessKey,
  };
  const lambda = await startLambda(pathToFileURL(join(folder, moduleOf(deployed.Handler))).href, { env });
  return {
    ...lambda,
    environment,
    timeoutSeconds: deployed.Timeout,
    ask: async (event) => answerOf(await lambda.invoke(event, deployed.Timeout * 1000)),
  };
}

const folders = new Map<string, string>();

/** Fetches a zip, checks that Lambda runs the same code, and unpacks it, once. */
async function unpacked(address: string, sha256: string, terminal: Terminal): Promise<string> {
  const known = folders.get(sha256);
  if (known !== undefined) return known;
  const folder = await mkdtemp(join(terminal.folder, 'code-'));
  const file = join(folder, 'code.zip');
  await terminal.run(`aws s3 cp '${address}' '${file}'`);
  const found = createHash('sha256')
    .update(await readFile(file))
    .digest('base64');
  if (found !== sha256)
    throw new Error(
      `expected ${address} to have the hash ${sha256} of the code that Lambda runs, found ${found}`,
    );
  // moto needs Python, so Python is installed.
  await terminal.run(`python3 -m zipfile -e '${file}' '${folder}'`);
  folders.set(sha256, folder);
  return folder;
}

/** The file of a handler: `dist/on-change/index.handler` is the export `handler` of `dist/on-change/index.mjs`. */
function moduleOf(handler: string): string {
  if (!handler.endsWith('.handler'))
    throw new Error(`expected a Handler that ends in .handler, the export of the bundles, found ${handler}`);
  return handler.replace(/\.handler$/, '.mjs');
}
