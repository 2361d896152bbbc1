import pMap from 'p-map';
import type { Trigger } from '../../core/follow-up/trigger.ts';
import { type Match, match } from '../../core/match/match.ts';
import { about, type Change, endOfSecond, type Notice, subjectsOf } from '../../core/model/change.ts';
import type { Fleet } from '../../core/model/fleet.ts';
import { CONCURRENCY } from '../../core/model/limits.ts';
import { broken, type Referenced, referencedBy } from '../../core/sweep/referenced.ts';
import type { Unchecked } from '../../core/sweep/sweep.ts';
import { isDenial, isNotShown } from '../confirm/foreign.ts';
import {
  type Describe,
  type Found,
  findCurrent,
  isDated,
  parameterChange,
  UNDATED,
  Untold,
} from '../confirm/resolve.ts';
import { describing, withoutWrongGuesses } from '../living.ts';
import type { Run } from '../run.ts';
import { hearingOnce, hearOf, readHeard } from './heard.ts';
import { originOf, type Reader, readSecrets, readSecretTimes } from './secret-times.ts';

/** When each resource that the fleet refers to changed last, and which resources are gone. */
export type Timestamps = {
  readonly changes: readonly Change[];
  readonly notices: readonly Notice[];
  /** The services that the notices are about. */
  readonly broken: readonly Match[];
  readonly unchecked: readonly Unchecked[];
};

/** A resource that a request names. */
export type NamedResource = Extract<Trigger, { readonly kind: 'secret' | 'parameter' }>;

/** Reads metadata only, and makes only the calls whose answers can matter. */
export async function readTimestamps(fleet: Fleet, sweepId: string, reader: Reader): Promise<Timestamps> {
  const run = hearingOnce(reader);
  const referenced = referencedBy(fleet);
  const here = await readSecrets(referenced.secrets, fleet, run);
  const elsewhere = await readHeard(referenced.elsewhere, here, fleet, sweepId, run);
  const times = await readSecretTimes([...here.found, ...elsewhere.found], fleet, sweepId, run);
  const undated = await hearOf(times.refused, sweepId, run);
  const parameters = await readParameters(referenced.parameters, sweepId, run);
  const notFound = [...here.notFound, ...parameters.notFound];
  const gone = [...times.notices, ...noticesOf(notFound, sweepId, run)];
  const matches = await withoutWrongGuesses(broken(fleet, gone, notFound, run.policy.pull), run);
  const affectsAny = new Set(matches.map(({ subject }) => about(subject)));
  const foreign = referenced.foreign.filter((arn) => !elsewhere.asked.has(arn)).map((arn) => ({ arn }));
  return {
    changes: [...times.changes, ...parameters.changes, ...elsewhere.changes, ...undated.changes],
    notices: gone.filter((notice) => affectsAny.has(notice)),
    broken: matches,
    unchecked: [...foreign, ...elsewhere.unchecked, ...undated.unchecked, ...parameters.refused],
  };
}

/** The same for the resources that a request names. */
export async function readNamedTimestamps(
  named: readonly NamedResource[],
  fleet: Fleet,
  sweepId: string,
  run: Run,
): Promise<Timestamps> {
  const describe = describing(run);
  const asked = await pMap(named, (one) => findOrHear(one, describe, run), {
    concurrency: CONCURRENCY.resources,
  });
  const found = asked.filter((one) => 'kind' in one);
  const hidden = asked.filter((one) => 'arn' in one);
  const told = await hearOf(hidden, sweepId, run);
  const ofSweep = <T extends { readonly arn: string }>(one: T) => ({
    ...one,
    changeId: `${sweepId}:${one.arn}`,
  });
  const notices = found.flatMap((one) => (one.kind === 'notice' ? [ofSweep(one.notice)] : []));
  return {
    changes: [
      ...found.flatMap((one) => (one.kind === 'changes' ? one.changes.map(ofSweep) : [])),
      ...told.changes,
    ],
    notices,
    broken: await withoutWrongGuesses(
      match(fleet, subjectsOf({ changes: [], notices }), run.policy.pull),
      run,
    ),
    unchecked: told.unchecked,
  };
}

/** What is known of a named resource, or why AWS does not describe it here. */
async function findOrHear(one: NamedResource, describe: Describe, run: Run): Promise<Found | Unchecked> {
  try {
    return await findCurrent(one, describe, run);
  } catch (error) {
    if (error instanceof Untold) return { arn: one.name, why: error.message };
    if (!isDenial(error)) throw error;
    if (one.kind === 'secret') return { arn: one.name, why: error.message, hidden: true };
    // Parameter Store tells nothing of other accounts and Regions; here a permission of ours is missing.
    if (!isNotShown(one.name, run)) throw error;
    return { arn: one.name, why: error.message };
  }
}

async function readParameters(references: readonly Referenced[], sweepId: string, run: Reader) {
  const arns = [...new Set(references.map(({ target }) => target.id))];
  const { found, refused } =
    arns.length === 0
      ? { found: [], refused: [] }
      : await run.ports.parameters.describeAll(arns, run.reading);
  const known = new Set([...found, ...refused].map(({ arn }) => arn));
  return {
    changes: found
      .filter(isDated)
      .map(({ arn, changedAt }) =>
        parameterChange(originOf(sweepId, arn, changedAt), arn, endOfSecond(changedAt)),
      ),
    notFound: references.filter(({ target }) => !known.has(target.id)),
    refused: [...refused, ...found.filter((one) => !isDated(one)).map(({ arn }) => ({ arn, why: UNDATED }))],
  };
}

/** One notice for each resource, even if many references name it. */
function noticesOf(notFound: readonly Referenced[], sweepId: string, { ports }: Reader): readonly Notice[] {
  const now = ports.clock.now();
  const notices = notFound.map(({ target: { kind, id } }): Notice => {
    return { ...originOf(sweepId, id, now), kind, arn: id, notice: 'not-found' };
  });
  return [...new Map(notices.map((notice) => [`${notice.kind} ${notice.arn}`, notice])).values()];
}
