import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A folder with what its files may import, besides each other: folders, and packages by their names. */
export type Layer = {
  readonly folder: string;
  readonly mayImport: readonly string[];
  readonly packages: readonly RegExp[];
};

const POWERTOOLS = /^@aws-lambda-powertools\//;
const P_MAP = /^p-map$/;
const P_LIMIT = /^p-limit$/;
const ZOD = /^zod\//;

const layer = (folder: string, mayImport: readonly string[], packages: readonly RegExp[] = []): Layer => ({
  folder,
  mayImport,
  packages,
});

/** The entries stand in the root itself, and so do the ports. */
const ENTRIES = 'functions';
const PORTS = 'functions/ports.ts';
const MODEL = 'functions/core/model';
const MATCH = 'functions/core/match';
const CONFIRM = 'functions/core/confirm';
const READ = 'functions/core/read';
const PLAN = 'functions/core/plan';
const FOLLOW_UP = 'functions/core/follow-up';
const SWEEP = 'functions/core/sweep';
const REPORT = 'functions/core/report';
const CORE = [MODEL, MATCH, CONFIRM, READ, PLAN, FOLLOW_UP, SWEEP, REPORT];
const FORMATS = 'functions/formats';
const AWS = 'functions/aws';
const TELEMETRY = 'functions/telemetry';
const PIPELINE = 'functions/pipeline';
const COMMANDS = 'functions/commands';
const RUNTIME = 'functions/runtime';

export const LAYERS: readonly Layer[] = [
  layer(MODEL, []),
  layer(MATCH, [MODEL]),
  layer(CONFIRM, [MODEL, MATCH]),
  layer(READ, [MODEL, MATCH]),
  layer(PLAN, [MODEL, MATCH, CONFIRM, READ]),
  layer(FOLLOW_UP, [MODEL, MATCH, CONFIRM, READ, PLAN]),
  layer(SWEEP, [MODEL, MATCH, CONFIRM, READ, PLAN, FOLLOW_UP]),
  layer(REPORT, [MODEL, MATCH, CONFIRM, READ, PLAN, FOLLOW_UP, SWEEP]),
  layer(PORTS, CORE),
  layer(FORMATS, [...CORE, PORTS], [ZOD, /^node:zlib$/]),
  layer(AWS, [...CORE, PORTS], [/^@aws-sdk\//, /^@smithy\/core\/retry$/, P_LIMIT, /^node:events$/]),
  layer(TELEMETRY, [...CORE, PORTS, FORMATS], [POWERTOOLS]),
  layer(PIPELINE, [...CORE, PORTS, FORMATS, TELEMETRY], [P_MAP, P_LIMIT, /^node:events$/]),
  layer(COMMANDS, [...CORE, PORTS, FORMATS, TELEMETRY, PIPELINE], [P_MAP]),
  layer(
    RUNTIME,
    [...CORE, PORTS, FORMATS, TELEMETRY, PIPELINE, AWS],
    [POWERTOOLS, ZOD, /^@middy\/core$/, /^aws-lambda$/, /^node:/],
  ),
  layer(ENTRIES, [...CORE, PORTS, FORMATS, TELEMETRY, PIPELINE, COMMANDS, RUNTIME], [/^aws-lambda$/]),
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
    const own = layerOf(file);
    if (own === undefined) return [`${file} belongs to no layer`];
    return imported.filter((one) => !isAllowed(one, own)).map((one) => `${file} → ${one}`);
  });
}

function isAllowed(imported: string, { folder, mayImport, packages }: Layer): boolean {
  if (!imported.startsWith('functions/')) return packages.some((allowed) => allowed.test(imported));
  const target = layerOf(imported)?.folder;
  return target !== undefined && (target === folder || mayImport.includes(target));
}

/** The layer of the nearest folder that is one; a file in the root is an entry, unless it is the ports. */
function layerOf(file: string): Layer | undefined {
  const own = LAYERS.find(({ folder }) => folder === file);
  if (own !== undefined) return own;
  const isNearest = ({ folder }: Layer) =>
    folder === ENTRIES ? dirname(file) === ENTRIES : file.startsWith(`${folder}/`);
  return LAYERS.find(isNearest);
}

function importsOf(file: string): readonly string[] {
  const found = readFileSync(file, 'utf8').matchAll(/\b(?:from|import)\s*\(?\s*'(?<path>[^']+)'/g);
  return [...found].map(({ groups }) => {
    const path = groups?.['path'] ?? '';
    return path.startsWith('.') ? join(dirname(file), path) : path;
  });
}
