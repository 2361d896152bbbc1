import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Which folder of functions/ may import from which; a package is named by its name. */
type Layer = { readonly files: RegExp; readonly may: readonly RegExp[] };

const OWN = {
  core: /^functions\/core\//,
  ports: /^functions\/ports\.ts$/,
  input: /^functions\/input\//,
  aws: /^functions\/aws\//,
  flow: /^functions\/(?:redeploy|handled|confirm|read|ahead|apply|follow|resources|sweep|heal|sweep-journal|own-events|announce|snapshot-keeper|fleet-memory|journal|own-events|announce|run|record|record-format)\.ts$/,
  config: /^functions\/config\.ts$/,
  lambda: /^functions\/lambda\.ts$/,
  handlers: /^functions\/on-[a-z]+\.ts$/,
};

const SDK = /^(?:@aws-sdk\/|@smithy\/core\/retry$)/;
const POWERTOOLS = /^@aws-lambda-powertools\//;

/** Arrows point one way: handlers → lambda.ts → aws → core, handlers → the main path → core. */
const LAYERS: readonly Layer[] = [
  { files: OWN.core, may: [OWN.core] },
  { files: OWN.ports, may: [OWN.core] },
  { files: OWN.input, may: [OWN.core, OWN.ports, OWN.input, /^zod\//, /^node:zlib$/] },
  { files: OWN.config, may: [OWN.core, OWN.ports, OWN.input, /^zod\//] },
  { files: OWN.aws, may: [OWN.core, OWN.ports, OWN.aws, SDK, /^p-limit$/, /^node:events$/] },
  {
    files: OWN.flow,
    may: [OWN.core, OWN.ports, OWN.input, OWN.flow, POWERTOOLS, /^p-map$/, /^p-limit$/, /^node:events$/],
  },
  {
    files: OWN.lambda,
    may: [
      OWN.core,
      OWN.ports,
      OWN.aws,
      OWN.config,
      OWN.flow,
      POWERTOOLS,
      /^@middy\/core$/,
      /^aws-lambda$/,
      /^node:/,
    ],
  },
  { files: OWN.handlers, may: [OWN.core, OWN.ports, OWN.input, OWN.flow, OWN.lambda, /^aws-lambda$/] },
];

export type Imports = ReadonlyMap<string, readonly string[]>;

/** Every file of functions/ with what it imports, types included: files by path, packages by name. */
export function readImports(): Imports {
  const files = readdirSync('functions', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  return new Map(files.map((file) => join('functions', file)).map((file) => [file, importsOf(file)]));
}

/** Imports that no layer allows, as `file → import`; also every file that belongs to no layer. */
export function wrongWay(imports: Imports): readonly string[] {
  return [...imports].flatMap(([file, imported]) => {
    const layer = LAYERS.find(({ files }) => files.test(file));
    if (layer === undefined) return [`${file} belongs to no layer`];
    return imported
      .filter((one) => !layer.may.some((allowed) => allowed.test(one)))
      .map((one) => `${file} → ${one}`);
  });
}

function importsOf(file: string): readonly string[] {
  const found = readFileSync(file, 'utf8').matchAll(/\b(?:from|import)\s*\(?\s*'(?<path>[^']+)'/g);
  return [...found].map(({ groups }) => {
    const path = groups?.['path'] ?? '';
    return path.startsWith('.') ? join(dirname(file), path) : path;
  });
}
