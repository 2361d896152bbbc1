import * as z from 'zod/mini';
import type { Trust } from '../core/confirm/trust.ts';
import { HOUR_MS, type Policy } from '../core/plan/policy.ts';
import { problemsOf } from '../formats/problems.ts';
import type { Rates, SnapshotPlace } from '../ports.ts';
import { contradictions } from './contradictions.ts';

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
  /** Undefined: the events of this account and Region alone count. */
  readonly trust: Trust | undefined;
  /** The Region in which the function runs, as Lambda tells it. */
  readonly region: string | undefined;
};

/** Which variables a function cannot do without. */
export type Required = readonly 'CHANGE_QUEUE_URL'[];

export const REQUIRED = {
  'on-change': ['CHANGE_QUEUE_URL'],
  'on-request': [],
  'on-schedule': ['CHANGE_QUEUE_URL'],
} as const satisfies Readonly<Record<string, Required>>;

/** The environment does not say what to do; the message names every variable that is wrong. */
export class WrongConfiguration extends Error {
  override readonly name = 'WrongConfiguration';
}

const GLOB = /^!?[A-Za-z0-9_*?-]+$/;

const splitList = (list: string): readonly string[] =>
  list
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** Items between commas, each of this form. A list of commas alone names nothing, which must not mean everything. */
const listOf = (item: RegExp, expected: string) =>
  z.pipe(
    z.string().check(
      z.refine((list) => {
        const items = splitList(list);
        return items.length > 0 && items.every((one) => item.test(one));
      }, expected),
    ),
    z.transform(splitList),
  );

const ACCOUNT = /^\d{12}$/;
const QUEUE_ARN = /^arn:[\w-]+:sqs:[\w-]+:\d{12}:[\w.-]{1,80}$/;

/** A number as text: `pattern` says how it may be written, `least` how small it may be. */
const number = (pattern: RegExp, least: number, expected: string) =>
  z.pipe(
    z.string().check(z.refine((text) => pattern.test(text) && Number(text) >= least, expected)),
    z.transform(Number),
  );
const count = (least: number) =>
  number(/^\d{1,9}$/, least, `expected a whole number from ${least} to 999999999, in digits alone`);
const rate = () =>
  number(/^\d{1,9}(\.\d{1,9})?$/, 0.001, 'expected a number of calls a second from 0.001, such as 4 or 0.5');

const oneOf = <const Word extends string>(...words: readonly Word[]) =>
  z.enum(words, `expected ${words.join(' or ')}`);

const shape = z.object({
  STAGE: z._default(
    z.string().check(z.regex(/^[\w.-]{1,128}$/, 'expected the name of a stage: letters, digits, _.-')),
    'prod',
  ),
  CHANGE_QUEUE_URL: z.optional(z.url('expected the URL of a queue')),
  SNAPSHOT_BUCKET: z.optional(z.string()),
  MODE: z._default(oneOf('enforce', 'observe'), 'enforce'),
  SELECT: z._default(oneOf('all', 'tagged'), 'all'),
  TAG_PREFIX: z._default(
    z.string().check(
      z.regex(/^[\p{L}\p{N}_.:/=+@-]{1,100}$/u, 'expected a prefix of tag keys: letters, digits, _.:/=+-@'),
      z.refine(
        (prefix) => !/^aws(?::|$)/i.test(prefix),
        'expected a prefix other than aws:, which AWS keeps for its own tags',
      ),
    ),
    'secret-redeploy',
  ),
  CLUSTERS: z._default(listOf(GLOB, 'expected globs of cluster names, separated by commas'), ['*']),
  MAX_SERVICES: z._default(count(0), 0),
  PULL_CREDENTIALS: z._default(oneOf('ignore', 'redeploy'), 'ignore'),
  PREFLIGHT: z._default(oneOf('off', 'warn', 'block'), 'off'),
  COOLDOWN_SECONDS: z._default(count(0), 60),
  MAX_REDEPLOYS_PER_HOUR: z._default(count(1), 6),
  FOLLOW_UP_SECONDS: z._default(count(1), 30),
  FOLLOW_UP_LIMIT_MINUTES: z._default(count(1), 60),
  FOLLOW_UP_MAX_HOURS: z._default(count(1), 72),
  UPDATE_RATE: z._default(rate(), 4),
  UPDATE_BURST: z._default(count(1), 40),
  READ_RATE: z._default(rate(), 16),
  READ_BURST: z._default(count(1), 40),
  SWEEP: z._default(oneOf('report', 'heal'), 'report'),
  TRUSTED_ACCOUNTS: z._default(
    listOf(ACCOUNT, 'expected the numbers of accounts, twelve digits each, separated by commas'),
    [],
  ),
  TRUSTED_ORGANIZATION: z.optional(
    z
      .string()
      .check(z.regex(/^o-[a-z0-9]{10,32}$/, 'expected the id of an organization, such as o-a1b2c3d4e5')),
  ),
  TRUSTED_QUEUE_ARN: z.optional(z.string().check(z.regex(QUEUE_ARN, 'expected the ARN of a queue'))),
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

/** What is wrong with the environment, if anything is. */
export function wrongIn(environment: Environment, required: Required = []): string | undefined {
  try {
    readConfig(required, environment);
    return undefined;
  } catch (error) {
    if (error instanceof WrongConfiguration) return error.message;
    throw error;
  }
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
    trust: trustOf(data),
    region: set['AWS_REGION'],
  };
}

function trustOf(data: Values): Trust | undefined {
  const {
    TRUSTED_ACCOUNTS: accounts,
    TRUSTED_ORGANIZATION: organization,
    TRUSTED_QUEUE_ARN: queueArn,
  } = data;
  return queueArn === undefined ? undefined : { accounts, organization, queueArn };
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
