import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A folder and what its files may import besides each other: other folders, and packages by their names. */
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

/** The entries and the ports are in the root itself. */
const ENTRIES = 'functions';
const PORTS = 'functions/ports.ts';
/** What `doctor` asks, beside the ports of everything else. */
const PORTS_OF_DOCTOR = 'functions/ports-doctor.ts';
const MODEL = 'functions/core/model';
const MATCH = 'functions/core/match';
const CONFIRM = 'functions/core/confirm';
const READ = 'functions/core/read';
const PLAN = 'functions/core/plan';
const FOLLOW_UP = 'functions/core/follow-up';
const SWEEP = 'functions/core/sweep';
const REPORT = 'functions/core/report';
const CORE = [MODEL, MATCH, CONFIRM, READ, PLAN, FOLLOW_UP, SWEEP, REPORT];
/** What the terminal alone decides about credentials. */
const CREDENTIALS = 'functions/core/credentials';
/** What the terminal alone decides about the installed service. */
const DOCTOR = 'functions/core/doctor';
const FORMATS = 'functions/formats';
const AWS = 'functions/aws';
const AWS_SDK = 'functions/aws/sdk';
const AWS_RATE_LIMIT = 'functions/aws/rate-limit';
const AWS_ECS = 'functions/aws/ecs';
const TELEMETRY = 'functions/telemetry';
const PIPELINE = 'functions/pipeline';
const PIPELINE_CONFIRM = 'functions/pipeline/confirm';
const PIPELINE_READ = 'functions/pipeline/read';
const PIPELINE_APPLY = 'functions/pipeline/apply';
const PIPELINE_FOLLOW_UP = 'functions/pipeline/follow-up';
const PIPELINE_SWEEP = 'functions/pipeline/sweep';
const STEPS = [PIPELINE, PIPELINE_CONFIRM, PIPELINE_READ, PIPELINE_APPLY, PIPELINE_FOLLOW_UP, PIPELINE_SWEEP];
const COMMANDS = 'functions/commands';
const RUNTIME = 'functions/runtime';
const AWS_TERMINAL = 'functions/aws/terminal';
/** The entry of the terminal; no other entry may import what it imports. */
const TERMINAL = 'functions/cli.ts';
const CLI = 'functions/cli';
const CLI_RENDER = 'functions/cli/render';
const CLI_COMMANDS = 'functions/cli/commands';

const SDK = [/^@aws-sdk\//, /^@smithy\/core\/retry$/];
const EVENTS = /^node:events$/;
const step = (folder: string, earlier: readonly string[]) =>
  layer(folder, [...CORE, PORTS, FORMATS, TELEMETRY, PIPELINE, ...earlier], [P_MAP, P_LIMIT, EVENTS]);

/** All layers, from the lowest to the highest. A folder may import from the folders named beside it. */
export const LAYERS: readonly Layer[] = [
  layer(MODEL, []),
  layer(MATCH, [MODEL]),
  layer(CONFIRM, [MODEL, MATCH]),
  layer(READ, [MODEL, MATCH, CONFIRM]),
  layer(PLAN, [MODEL, MATCH, CONFIRM, READ]),
  layer(FOLLOW_UP, [MODEL, MATCH, CONFIRM, READ, PLAN]),
  layer(SWEEP, [MODEL, MATCH, CONFIRM, READ, PLAN, FOLLOW_UP]),
  layer(REPORT, [MODEL, MATCH, CONFIRM, READ, PLAN, FOLLOW_UP, SWEEP]),
  layer(CREDENTIALS, []),
  layer(DOCTOR, [MODEL]),
  layer(PORTS, [...CORE, CREDENTIALS, DOCTOR]),
  layer(PORTS_OF_DOCTOR, [DOCTOR]),
  layer(FORMATS, [...CORE, DOCTOR, PORTS], [ZOD, /^node:zlib$/]),
  layer(AWS_SDK, [], SDK),
  layer(AWS_RATE_LIMIT, [...CORE, PORTS, AWS], [P_LIMIT]),
  layer(AWS, [...CORE, PORTS, AWS_SDK, AWS_RATE_LIMIT], SDK),
  layer(AWS_ECS, [...CORE, PORTS, AWS, AWS_RATE_LIMIT], [...SDK, P_LIMIT, EVENTS]),
  layer(
    AWS_TERMINAL,
    [...CORE, CREDENTIALS, DOCTOR, PORTS, PORTS_OF_DOCTOR, AWS],
    [...SDK, /^@smithy\/core\/config$/, /^@smithy\/credential-provider-imds$/, /^node:http$/],
  ),
  layer(TELEMETRY, [...CORE, PORTS, FORMATS], [POWERTOOLS]),
  // What the steps of one invocation share; the fleet that is read is part of it.
  layer(PIPELINE, [...CORE, PORTS, TELEMETRY, PIPELINE_READ]),
  step(PIPELINE_CONFIRM, []),
  step(PIPELINE_READ, []),
  step(PIPELINE_APPLY, [PIPELINE_READ]),
  step(PIPELINE_FOLLOW_UP, [PIPELINE_READ]),
  step(PIPELINE_SWEEP, [PIPELINE_CONFIRM, PIPELINE_READ, PIPELINE_FOLLOW_UP]),
  layer(COMMANDS, [...CORE, PORTS, FORMATS, TELEMETRY, ...STEPS], [P_MAP]),
  layer(
    RUNTIME,
    [
      ...CORE,
      CREDENTIALS,
      DOCTOR,
      PORTS,
      PORTS_OF_DOCTOR,
      FORMATS,
      TELEMETRY,
      ...STEPS,
      AWS,
      AWS_ECS,
      AWS_TERMINAL,
    ],
    [POWERTOOLS, ZOD, /^@middy\/core$/, /^aws-lambda$/, /^node:/],
  ),
  layer(ENTRIES, [...CORE, PORTS, FORMATS, TELEMETRY, ...STEPS, COMMANDS, RUNTIME], [/^aws-lambda$/]),
  layer(CLI_RENDER, [...CORE, CREDENTIALS, DOCTOR, PORTS, RUNTIME], [/^string-width$/]),
  layer(
    CLI,
    [...CORE, CREDENTIALS, DOCTOR, PORTS, FORMATS, TELEMETRY, ...STEPS, COMMANDS, RUNTIME, CLI_RENDER],
    [/^commander$/, /^fastest-levenshtein$/, /^log-update$/, /^node:/, /^package\.json$/],
  ),
  layer(CLI_COMMANDS, [
    ...CORE,
    CREDENTIALS,
    DOCTOR,
    PORTS,
    FORMATS,
    TELEMETRY,
    ...STEPS,
    COMMANDS,
    RUNTIME,
    CLI_RENDER,
    CLI,
  ]),
  layer(TERMINAL, [CLI, CLI_RENDER, CLI_COMMANDS, RUNTIME]),
];

export type Imports = ReadonlyMap<string, readonly string[]>;

/** Every file of functions/ with its imports, those of types included: files by path, packages by name. */
export function readImports(): Imports {
  const files = readdirSync('functions', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  return new Map(files.map((file) => join('functions', file)).map((file) => [file, importsOf(file)]));
}

/** Imports that no layer allows, as `file → import`, and every file that belongs to no layer. */
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

/** The layer of a file is its own folder, or the file itself for the ports and the terminal. */
function layerOf(file: string): Layer | undefined {
  return (
    LAYERS.find(({ folder }) => folder === file) ?? LAYERS.find(({ folder }) => folder === dirname(file))
  );
}

function importsOf(file: string): readonly string[] {
  const found = readFileSync(file, 'utf8').matchAll(/\b(?:from|import)\s*\(?\s*'(?<path>[^']+)'/g);
  return [...found].map(({ groups }) => {
    const path = groups?.['path'] ?? '';
    return path.startsWith('.') ? join(dirname(file), path) : path;
  });
}
