// esbuild plugins that keep code out of a bundle that the AWS SDK's clients import but do not need. Neither changes the
// code that runs: if a client needs more, the build fails because of the missing export.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const core = dirname(createRequire(import.meta.url).resolve('@aws-sdk/core/package.json'));
const JSON_PROTOCOLS = ['AwsJson1_0Protocol', 'AwsJson1_1Protocol'];

/** For the Lambdas, whose cold starts pay for every module that is loaded. */
export const jsonProtocolsAlone = {
  name: 'JSON protocols alone',
  setup(building) {
    // All clients but those of IAM and S3 use JSON and import its protocol through an index of all protocols. Because
    // these two need the XML protocols, a split bundle would load them with the first client. Each importer gets an index of its
    // own: a shared one would be an empty chunk, one more file to open in a cold start.
    building.onResolve({ filter: /^@aws-sdk\/core\/protocols$/ }, ({ importer }) =>
      /\/@aws-sdk\/client-(?!(?:iam|s3)\/)[\w-]+\//.test(importer)
        ? { path: importer, namespace: 'protocols' }
        : undefined,
    );
    building.onLoad({ filter: /^/, namespace: 'protocols' }, () => ({
      contents: JSON_PROTOCOLS.map((name) => `export { ${name} } from './${name}.js';`).join('\n'),
      resolveDir: join(core, 'dist-es/submodules/protocols/json'),
    }));
  },
};

/** A client imports its package.json only for the version, and so does the terminal. */
export const versionsAlone = {
  name: 'versions alone',
  setup(building) {
    building.onLoad({ filter: /\/package\.json$/ }, async ({ path }) => {
      const { version } = JSON.parse(await readFile(path, 'utf8'));
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};
