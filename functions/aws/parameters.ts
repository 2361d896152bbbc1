import type { ParameterMetadata } from '@aws-sdk/client-ssm';
import { parseArn } from '../core/model/arn.ts';
import { chunks } from '../core/model/lists.ts';
import type { ParameterDescription, ParametersFound } from '../core/model/parameter.ts';
import { parameterArn } from '../core/model/reference.ts';
import type { Clock, Parameters } from '../ports.ts';
import { type CallCounts, counted, lazily, pacedReads } from './clients.ts';
import { isPermanent, readFailed, refusalOf } from './errors.ts';
import { pages } from './pages.ts';
import { pacedAt } from './rate-limit/quota.ts';

/** Calls a second: 80 % of the quota of DescribeParameters (functions/README.md, Quotas). */
const RATE = 2.4;
/** The most values that one filter can have. */
const VALUES = 50;
/**
 * Parameter Store refuses a whole call if one of its names is impossible for a parameter; this would hide the others.
 */
const POSSIBLE_NAME = /^[\w./-]{1,1011}$/;

/**
 * The adapter of Parameter Store, which reads metadata only (functions/README.md, Metadata only). DescribeParameters
 * has a quota of 3 a second: it is never called for the change of an event, which contains everything needed.
 */
export function makeParameters(counts: CallCounts, clock: Clock): Parameters {
  const pagesOf = findByName(counts, pacedAt(RATE, clock));
  return {
    describe: (parameter, signal) => describe(pagesOf, parameter, signal),
    describeAll: (arns, signal) => describeAll(pagesOf, arns, signal),
  };
}

type PagesOf = ReturnType<typeof findByName>;

async function describe(
  pagesOf: PagesOf,
  parameter: string,
  signal: AbortSignal,
): Promise<ParameterDescription | undefined> {
  const name = nameOf(parameter);
  try {
    for await (const [found] of pagesOf(spellings(name), signal)) {
      if (found === undefined || isAnother(parameter, found.ARN)) continue;
      const home = parseArn(parameter);
      const arn = found.ARN ?? (home === undefined ? name : parameterArn(name, home));
      return descriptionOf(found, arn);
    }
    return undefined;
  } catch (error) {
    throw readFailed(`describe parameter ${parameter}`, error);
  }
}

async function describeAll(
  pagesOf: PagesOf,
  arns: readonly string[],
  signal: AbortSignal,
): Promise<ParametersFound> {
  const found = new Map<string, ParameterDescription>();
  const refused = new Map<string, string>();
  const asked = new Map(arns.flatMap((arn) => spellings(nameOf(arn)).map((name) => [name, arn] as const)));
  const add = (one: ParameterMetadata) => {
    const arn = one.ARN ?? asked.get(one.Name ?? '') ?? '';
    found.set(arn, descriptionOf(one, arn));
  };
  const names = [...asked.keys()].filter((name) => POSSIBLE_NAME.test(name));
  for (const values of chunks(names, VALUES))
    for (const { name, why } of await describeFifty(pagesOf, values, add, signal)) refused.set(name, why);
  const missing = arns.filter((arn) => !found.has(arn));
  return {
    found: arns.flatMap((arn) => found.get(arn) ?? []),
    refused: missing.flatMap((arn) => asRefusal(arn, refused.get(nameOf(arn)))),
  };
}

const asRefusal = (arn: string, why: string | undefined) => (why === undefined ? [] : [{ arn, why }]);

type RefusedName = { readonly name: string; readonly why: string };

/**
 * Gives the parameters of these names to `add`. Answers which names Parameter Store refuses: a call that it refuses is made again
 * for each half of its names, so that one name cannot hide the others.
 */
async function describeFifty(
  pagesOf: PagesOf,
  names: readonly string[],
  add: (one: ParameterMetadata) => void,
  signal: AbortSignal,
): Promise<readonly RefusedName[]> {
  try {
    for await (const page of pagesOf(names, signal)) page.forEach(add);
    return [];
  } catch (error) {
    if (!isPermanent(error)) throw readFailed('describe the parameters', error);
    const { why } = refusalOf(error);
    if (names.length === 1) return names.map((name) => ({ name, why }));
    const half = Math.ceil(names.length / 2);
    const refused: RefusedName[] = [];
    for (const some of chunks(names, half))
      refused.push(...(await describeFifty(pagesOf, some, add, signal)));
    return refused;
  }
}

function descriptionOf(
  { LastModifiedDate, Version, KeyId, Tier, Type }: ParameterMetadata,
  arn: string,
): ParameterDescription {
  return {
    arn,
    changedAt: LastModifiedDate?.getTime() ?? 0,
    ...(Version !== undefined && { version: Version }),
    ...(Type === 'SecureString' && KeyId && { keyId: KeyId }),
    ...(Tier !== 'Standard' && { mayHavePolicy: true }),
  };
}

function findByName(counts: CallCounts, paced: ReturnType<typeof pacedAt>) {
  const ssm = lazily(async () => {
    const { SSMClient, DescribeParametersCommand } = await import('./sdk/ssm.ts');
    return { client: counted(new SSMClient(pacedReads()), counts), DescribeParametersCommand };
  });
  return (names: readonly string[], signal: AbortSignal) => {
    const ParameterFilters = [{ Key: 'Name', Option: 'Equals', Values: [...names] }];
    return pages(async (NextToken) => {
      const { client, DescribeParametersCommand } = await ssm();
      const command = new DescribeParametersCommand({ ParameterFilters, MaxResults: VALUES, NextToken });
      const answer = await paced(signal, () => client.send(command, { abortSignal: signal }));
      return { items: answer.Parameters, nextToken: answer.NextToken };
    });
  };
}

/**
 * A name is searched in this account and Region; the ARN of another account or Region does not mean the namesake here.
 */
function isAnother(asked: string, found: string | undefined): boolean {
  return parseArn(asked) !== undefined && found !== undefined && found !== asked;
}

/** A nested name begins with a slash, which an ARN leaves out, and a person may (functions/README.md, References). */
function nameOf(parameter: string): string {
  const name = parseArn(parameter)?.resource.replace(/^parameter\//, '') ?? parameter;
  return name.includes('/') && !name.startsWith('/') ? `/${name}` : name;
}

/** A parameter that is not nested is found by its name with and without the leading slash. */
function spellings(name: string): readonly string[] {
  const bare = name.replace(/^\//, '');
  return bare.includes('/') ? [name] : [bare, `/${bare}`];
}
