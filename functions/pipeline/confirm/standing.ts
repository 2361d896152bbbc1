import pMap from 'p-map';
import { isYoungClaim } from '../../core/confirm/confirm.ts';
import { SUFFIX_LENGTH, SUFFIXED } from '../../core/match/subject-index.ts';
import { parseArn } from '../../core/model/arn.ts';
import { type Change, isGone, type Notice, optedOutBy } from '../../core/model/change.ts';
import { CONCURRENCY } from '../../core/model/limits.ts';
import type { SecretDescription } from '../../core/model/secret.ts';
import { type Standing, type Standings, standingKey } from '../../core/plan/standing.ts';
import type { StepContext } from '../context.ts';
import { isDenial, isElsewhere, isNotShown, isOfOtherRegion } from './foreign.ts';

/**
 * Asks whether what changed still stands as the changes say, because minutes or hours have passed since they were
 * confirmed: one DescribeSecret for each secret, one DescribeParameters for fifty parameters. Nothing is written for a
 * change about which AWS gives no answer now; it is looked at again.
 */
export async function standingOf(changes: readonly Change[], run: StepContext): Promise<Standings> {
  const known = await resourcesNow(changes, run);
  const now = run.ports.clock.now();
  return new Map(
    changes.flatMap((change) => {
      const resource = known.get(change.arn);
      return resource === undefined ? [] : [[standingKey(change), standing(change, resource, now)] as const];
    }),
  );
}

/** The notices of an end that stands no longer, because the resource has been restored or created again since. */
export async function refutedOf(notices: readonly Notice[], run: StepContext): Promise<readonly Notice[]> {
  const now = run.ports.clock.now();
  // A read that lags shows what was there before the end.
  const ends = notices.filter((notice) => isGone(notice) && !isYoungClaim(notice.at, now));
  const known = await resourcesNow(ends, run);
  return ends.filter(({ arn }) => known.get(arn)?.kind === 'living');
}

type Named = Pick<Change | Notice, 'kind' | 'arn'> & Pick<Change, 'confirmed'>;

async function resourcesNow(
  named: readonly Named[],
  run: StepContext,
): Promise<ReadonlyMap<string, Resource>> {
  const secrets = named.filter(({ kind }) => kind === 'secret');
  const parameters = named.filter(({ kind }) => kind === 'parameter');
  const hidden = new Set(secrets.filter(({ confirmed }) => confirmed === false).map(({ arn }) => arn));
  const found = await pMap(
    [...new Set(secrets.map(({ arn }) => arn))],
    async (arn) => [arn, await secretNow(arn, hidden.has(arn), run)] as const,
    { concurrency: CONCURRENCY.resources },
  );
  return new Map([...found, ...(await parametersNow(parameters, run))]);
}

/** Nothing speaks against a change that AWS did not describe before, and does not describe now. */
const AS_BEFORE: Resource = { kind: 'living', optedOut: undefined };

type Resource =
  | { readonly kind: 'living'; readonly optedOut: boolean | undefined }
  /** `namesake`: another resource answers to the name. */
  | { readonly kind: 'gone'; readonly namesake: boolean }
  | { readonly kind: 'unanswered' };

/** A read may lag behind the change: what is gone so soon is not believed to be gone. */
function standing(change: Change, resource: Resource, now: number): Standing {
  const { optedOut } = change;
  switch (resource.kind) {
    case 'living':
      return { optedOut: resource.optedOut ?? optedOut };
    case 'gone':
      if (isYoungClaim(change.changedAt, now)) return { optedOut, unsure: true };
      return { optedOut, gone: resource.namesake ? 'full-arn' : 'whole' };
    case 'unanswered':
      return { optedOut, unsure: true };
    default:
      return resource satisfies never;
  }
}

async function secretNow(arn: string, isHidden: boolean, run: StepContext): Promise<Resource> {
  if (isOfOtherRegion(arn, run)) return AS_BEFORE;
  try {
    const description = await run.ports.secrets.describe(arn, run.reading);
    if (description !== undefined && description.deletedAt === undefined)
      return { kind: 'living', optedOut: optedOutBy(description.enabledTag) };
    if (description === undefined && isElsewhere(arn, run)) return AS_BEFORE;
    return { kind: 'gone', namesake: await hasNamesake(arn, description, run) };
  } catch (error) {
    if (isHidden && isDenial(error)) return AS_BEFORE;
    run.journal.error('cannot check whether the secret still stands; its change is looked at again', error, {
      arn,
    });
    return { kind: 'unanswered' };
  }
}

/**
 * Whether a living secret has the name of one that was not found by this full ARN: it was deleted by force and created anew.
 * A secret that is scheduled for deletion keeps its name.
 */
export async function hasNamesake(
  arn: string,
  description: SecretDescription | undefined,
  { ports, reading }: StepContext,
): Promise<boolean> {
  if (description !== undefined || !SUFFIXED.test(arn)) return false;
  const other = await ports.secrets.describe(arn.slice(0, -SUFFIX_LENGTH), reading);
  return other !== undefined && other.deletedAt === undefined && other.arn !== arn;
}

async function parametersNow(
  parameters: readonly Named[],
  run: StepContext,
): Promise<readonly (readonly [string, Resource])[]> {
  const all = [...new Set(parameters.map(({ arn }) => arn))].filter((arn) => parseArn(arn) !== undefined);
  const elsewhere = all.filter((arn) => isNotShown(arn, run)).map((arn) => [arn, AS_BEFORE] as const);
  const arns = all.filter((arn) => !isNotShown(arn, run));
  return arns.length === 0 ? elsewhere : [...elsewhere, ...(await parametersHereNow(arns, run))];
}

async function parametersHereNow(
  arns: readonly string[],
  run: StepContext,
): Promise<readonly (readonly [string, Resource])[]> {
  try {
    const { found, refused } = await run.ports.parameters.describeAll(arns, run.reading);
    const living = new Set(found.map(({ arn }) => arn));
    const unanswered = new Set(refused.map(({ arn }) => arn));
    return arns.map((arn) => {
      if (living.has(arn)) return [arn, { kind: 'living', optedOut: undefined }] as const;
      return [arn, unanswered.has(arn) ? { kind: 'unanswered' } : { kind: 'gone', namesake: false }] as const;
    });
  } catch (error) {
    run.journal.error(
      'cannot check whether the parameters still stand; their changes are looked at again',
      error,
    );
    return arns.map((arn) => [arn, { kind: 'unanswered' }] as const);
  }
}
