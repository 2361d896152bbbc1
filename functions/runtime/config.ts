import * as z from 'zod/mini';
import { HOUR_MS, type Policy } from '../core/plan/policy.ts';
import { problemsOf } from '../formats/problems.ts';
import type { Rates, SnapshotPlace } from '../ports.ts';

/** Everything that can be set; docs/configuration.md lists the variables and their defaults. */
export type Config = {
  /** Which of several stacks of an account this is: a dimension of every metric. */
  readonly stage: string;
  readonly mode: 'enforce' | 'observe';
  /** What becomes of the services that the sweep finds stale for certain. */
  readonly sweep: 'report' | 'heal';
  readonly policy: Omit<Policy, 'tagPrefix'>;
  readonly followUp: {
    /** Without it nothing is followed: the first look is the last. */
    readonly queueUrl: string | undefined;
    readonly firstSeconds: number;
    /** From the first handling of a change on. */
    readonly limitMs: number;
    /** How much longer what ends by itself is followed, from the first handling or from the end that is known. */
    readonly maxMs: number;
  };
  readonly snapshot: SnapshotPlace | undefined;
  readonly rates: Rates;
  readonly tagPrefix: string;
};

/** Which variables a function cannot do without. */
export type Required = readonly 'CHANGE_QUEUE_URL'[];

/** The environment does not say what to do; the message names every variable that is wrong. */
export class WrongConfiguration extends Error {
  override readonly name = 'WrongConfiguration';
}

const GLOB = /^!?[A-Za-z0-9_*?-]+$/;

const splitGlobs = (list: string): readonly string[] =>
  list
    .split(',')
    .map((glob) => glob.trim())
    .filter((glob) => glob !== '');

/** A number as text: `pattern` says how it may be written, `least` how small it may be. */
const number = (pattern: RegExp, least: number, expected: string) =>
  z.pipe(
    z.string().check(z.refine((text) => pattern.test(text) && Number(text) >= least, expected)),
    z.transform(Number),
  );
const count = (least: number) => number(/^\d{1,9}$/, least, `expected a whole number from ${least}`);
const rate = () => number(/^\d{1,9}(\.\d{1,9})?$/, 0.001, 'expected a number of calls a second, above 0');

const shape = z.object({
  STAGE: z._default(
    z.string().check(z.regex(/^[\w.-]{1,128}$/, 'expected the name of a stage: letters, digits, _.-')),
    'prod',
  ),
  CHANGE_QUEUE_URL: z.optional(z.url('expected the URL of a queue')),
  SNAPSHOT_BUCKET: z.optional(z.string()),
  MODE: z._default(z.enum(['enforce', 'observe']), 'enforce'),
  SELECT: z._default(z.enum(['all', 'tagged']), 'all'),
  TAG_PREFIX: z._default(
    z
      .string()
      .check(
        z.regex(/^[\p{L}\p{N}_.:/=+@-]{1,100}$/u, 'expected a prefix of tag keys: letters, digits, _.:/=+-@'),
      ),
    'secret-redeploy',
  ),
  CLUSTERS: z._default(
    z.pipe(
      z
        .string()
        .check(
          z.refine(
            (list) => splitGlobs(list).every((glob) => GLOB.test(glob)),
            'expected globs of cluster names, separated by commas',
          ),
        ),
      z.transform(splitGlobs),
    ),
    ['*'],
  ),
  MAX_SERVICES: z._default(count(0), 0),
  PULL_CREDENTIALS: z._default(z.enum(['ignore', 'redeploy']), 'ignore'),
  PREFLIGHT: z._default(z.enum(['off', 'warn', 'block']), 'off'),
  COOLDOWN_SECONDS: z._default(count(0), 60),
  MAX_REDEPLOYS_PER_HOUR: z._default(count(1), 6),
  FOLLOW_UP_SECONDS: z._default(count(1), 30),
  FOLLOW_UP_LIMIT_MINUTES: z._default(count(1), 60),
  FOLLOW_UP_MAX_HOURS: z._default(count(1), 72),
  UPDATE_RATE: z._default(rate(), 4),
  UPDATE_BURST: z._default(count(1), 40),
  READ_RATE: z._default(rate(), 16),
  READ_BURST: z._default(count(1), 40),
  SWEEP: z._default(z.enum(['report', 'heal']), 'report'),
});

/** Reads the environment; a variable that is set to nothing counts as not set. Throws WrongConfiguration. */
export function readConfig(required: Required, environment: Environment = process.env): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()));
  const { data, error } = z.safeParse(shape, set);
  const problems = [
    ...(error === undefined ? [] : problemsOf(error)),
    ...contradictions(data ?? asFarAsReadable(set, error)),
    ...required
      .filter((variable) => set[variable] === undefined)
      .map((variable) => `${variable}: must be set`),
  ];
  if (data === undefined || problems.length > 0)
    throw new WrongConfiguration(`wrong configuration: ${problems.join('; ')}`);
  return configOf(data, set);
}

type Values = z.infer<typeof shape>;

/** The environment without the variables that have a fault of their own, so that one fault does not hide another. */
function asFarAsReadable(set: Environment, error: z.core.$ZodError | undefined): Partial<Values> {
  const faulty = new Set(error?.issues.map(({ path: [variable] }) => variable));
  const { data = {} } = z.safeParse(
    shape,
    Object.fromEntries(Object.entries(set).filter(([variable]) => !faulty.has(variable))),
  );
  return Object.fromEntries(Object.entries(data).filter(([variable]) => !faulty.has(variable)));
}

/** Settings that are valid each by itself, and together leave services on an old value. */
function contradictions(data: Partial<Values>): readonly string[] {
  return [...cooldownProblem(data), ...limitProblem(data), ...readProblem(data)];
}

function cooldownProblem(data: Partial<Values>): readonly string[] {
  const { COOLDOWN_SECONDS: cooldown = 0, FOLLOW_UP_MAX_HOURS: hours = Infinity } = data;
  return cooldown <= hours * 3_600
    ? []
    : [
        `COOLDOWN_SECONDS: ${cooldown} is longer than FOLLOW_UP_MAX_HOURS, ${hours} hours or ${hours * 3_600} seconds: a service that waits for its cooldown would be given up before it may be redeployed; set COOLDOWN_SECONDS to ${hours * 3_600} at most, or FOLLOW_UP_MAX_HOURS to ${Math.ceil(cooldown / 3_600)} at least`,
      ];
}

function limitProblem(data: Partial<Values>): readonly string[] {
  const { FOLLOW_UP_LIMIT_MINUTES: limit = 0, FOLLOW_UP_MAX_HOURS: hours = Infinity } = data;
  return limit <= hours * 60
    ? []
    : [
        `FOLLOW_UP_LIMIT_MINUTES: ${limit} is longer than FOLLOW_UP_MAX_HOURS, ${hours} hours or ${hours * 60} minutes: no change would be followed that long; set FOLLOW_UP_LIMIT_MINUTES to ${hours * 60} at most, or FOLLOW_UP_MAX_HOURS to ${Math.ceil(limit / 60)} at least`,
      ];
}

/** A redeploy lists the services, describes them, and describes one again right before the write. */
const READS_FOR_A_REDEPLOY = 3;

/** How long on-change may read: its time limit without the reserve at its end (serverless.yml). */
const READING_SECONDS = 240;

function readProblem(data: Partial<Values>): readonly string[] {
  const { READ_RATE: perSecond = Infinity, READ_BURST: burst = Infinity } = data;
  return burst + perSecond * READING_SECONDS >= READS_FOR_A_REDEPLOY
    ? []
    : [
        `READ_RATE: ${perSecond} with READ_BURST ${burst} allows fewer than the ${READS_FOR_A_REDEPLOY} reads in ${READING_SECONDS} seconds that one redeploy takes, so none would ever be made; set READ_RATE to ${(READS_FOR_A_REDEPLOY - 1) / 100} at least, or READ_BURST to ${READS_FOR_A_REDEPLOY} at least`,
      ];
}

type Environment = Readonly<Record<string, string | undefined>>;

function configOf(data: Values, set: Environment): Config {
  return {
    stage: data.STAGE,
    mode: data.MODE,
    sweep: data.SWEEP,
    policy: policyOf(data),
    followUp: {
      queueUrl: data.CHANGE_QUEUE_URL,
      firstSeconds: data.FOLLOW_UP_SECONDS,
      limitMs: data.FOLLOW_UP_LIMIT_MINUTES * 60_000,
      maxMs: data.FOLLOW_UP_MAX_HOURS * HOUR_MS,
    },
    snapshot:
      data.SNAPSHOT_BUCKET === undefined
        ? undefined
        : { bucket: data.SNAPSHOT_BUCKET, pathStyle: hasEndpoint(set) },
    rates: {
      readRate: data.READ_RATE,
      readBurst: data.READ_BURST,
      updateRate: data.UPDATE_RATE,
      updateBurst: data.UPDATE_BURST,
    },
    tagPrefix: data.TAG_PREFIX,
  };
}

function policyOf(data: Values): Config['policy'] {
  return {
    select: data.SELECT,
    clusters: data.CLUSTERS,
    pull: data.PULL_CREDENTIALS,
    maxServices: data.MAX_SERVICES,
    preflight: data.PREFLIGHT,
    cooldownMs: data.COOLDOWN_SECONDS * 1000,
    maxPerHour: data.MAX_REDEPLOYS_PER_HOUR,
  };
}

/** An endpoint of the user's own need not understand names of buckets in its host name. */
function hasEndpoint(set: Environment): boolean {
  return set['AWS_ENDPOINT_URL'] !== undefined || set['AWS_ENDPOINT_URL_S3'] !== undefined;
}
