import pMap from 'p-map';
import { currentChanges, goneNotice } from '../../core/confirm/confirm.ts';
import type { Trigger } from '../../core/follow-up/trigger.ts';
import { type Match, match } from '../../core/match/match.ts';
import { about, type Change, endOfSecond, type Notice, SWEEP, subjectsOf } from '../../core/model/change.ts';
import type { Fleet } from '../../core/model/fleet.ts';
import { CONCURRENCY } from '../../core/model/limits.ts';
import type { Origin, SecretDescription } from '../../core/model/secret.ts';
import {
  broken,
  latestChange,
  namedAmong,
  nameToAsk,
  type Referenced,
  type ReferencedByFleet,
  referencedBy,
} from '../../core/sweep/referenced.ts';
import { needsExactTime, type Unchecked } from '../../core/sweep/sweep.ts';
import type { Ports } from '../../ports.ts';
import { findCurrent, parameterChange } from '../confirm/resolve.ts';
import type { StepContext } from '../context.ts';

/** When everything that the fleet refers to changed last, and what of it is gone. */
export type Resources = {
  readonly changes: readonly Change[];
  readonly notices: readonly Notice[];
  /** The services that the notices are about. */
  readonly bitten: readonly Match[];
  readonly unchecked: readonly Unchecked[];
};

/** What a person names. */
export type NamedResource = Extract<Trigger, { readonly kind: 'secret' | 'parameter' }>;

/** What it takes of an invocation. */
type Reader = Pick<StepContext, 'policy' | 'reading'> & {
  readonly ports: Pick<Ports, 'clock' | 'secrets' | 'parameters'>;
};

/** Metadata only, and no more calls than can matter. The change of a resource has the id `<sweep id>:<ARN>`. */
export async function readResources(fleet: Fleet, sweepId: string, run: Reader): Promise<Resources> {
  const referred = referencedBy(fleet);
  const secrets = await readSecrets(referred, fleet, run);
  const dated = await dateSecrets(secrets.found, fleet, sweepId, run);
  const parameters = await readParameters(referred, sweepId, run);
  const notFound = [...secrets.notFound, ...parameters.notFound];
  const gone = [...dated.notices, ...noticesOf(notFound, sweepId, run)];
  const matches = broken(fleet, gone, notFound, run.policy.pull);
  const biting = new Set(matches.map(({ subject }) => about(subject)));
  const elsewhere = referred.foreign.map((arn) => ({ arn }));
  return {
    changes: [...dated.changes, ...parameters.changes],
    notices: gone.filter((notice) => biting.has(notice)),
    bitten: matches,
    unchecked: [...elsewhere, ...secrets.refused, ...dated.refused],
  };
}

/** The same for what a person names. */
export async function readNamedResources(
  asked: readonly NamedResource[],
  fleet: Fleet,
  sweepId: string,
  run: StepContext,
): Promise<Resources> {
  const describe = (secret: string) => run.ports.secrets.describe(secret, run.reading);
  const found = await pMap(asked, (one) => findCurrent(one, describe, run), {
    concurrency: CONCURRENCY.resources,
  });
  const named = <T extends { readonly arn: string }>(one: T) => ({
    ...one,
    changeId: `${sweepId}:${one.arn}`,
  });
  const notices = found.flatMap((one) => (one.kind === 'notice' ? [named(one.notice)] : []));
  return {
    changes: found.flatMap((one) => (one.kind === 'changes' ? one.changes.map(named) : [])),
    notices,
    bitten: match(fleet, subjectsOf({ changes: [], notices }), run.policy.pull),
    unchecked: [],
  };
}

type Found = {
  readonly found: readonly SecretDescription[];
  readonly notFound: readonly Referenced[];
  readonly refused: readonly Unchecked[];
};

/**
 * ListSecrets may be five minutes late, by its own documentation: what it does not show, or shows as about to be deleted,
 * is asked for once more by itself before it counts as gone.
 */
async function readSecrets(
  { secrets: referred }: ReferencedByFleet,
  fleet: Fleet,
  run: Reader,
): Promise<Found> {
  if (referred.length === 0) return { found: [], notFound: [], refused: [] };
  const { secrets } = run.ports;
  const listed = new Map<string, SecretDescription>();
  const unlisted = new Set(referred);
  for await (const page of secrets.list(run.reading)) {
    for (const { referred: one, secret } of namedAmong(page, referred, fleet)) {
      listed.set(secret.arn, secret);
      unlisted.delete(one);
    }
  }
  const doubtful = [...listed.values()].filter(({ deletedAt }) => deletedAt !== undefined);
  const again = await eachByItself(doubtful, ({ arn }) => secrets.describe(arn, run.reading), run);
  const looked = await eachByItself(
    [...unlisted].filter(({ target }) => isPossible(nameToAsk(target))),
    ({ target }) => secrets.describe(nameToAsk(target), run.reading),
    run,
  );
  for (const { answer } of [...again.answers, ...looked.answers])
    if (answer !== undefined) listed.set(answer.arn, answer);
  return {
    found: [...listed.values()],
    notFound: [
      ...looked.answers.flatMap(({ item, answer }) => (answer === undefined ? [item] : [])),
      ...[...unlisted].filter(({ target }) => !isPossible(nameToAsk(target))),
    ],
    refused: looked.refused.map(({ item, why }) => ({ arn: item.target.id, why })),
  };
}

/** Secrets Manager takes a name that no secret can have, such as one with the `?` of a tag, for a mistake in the call. */
const isPossible = (name: string): boolean => /^[\w/+=.@!:-]{1,2048}$/.test(name);

type Dated = Pick<Resources, 'changes' | 'notices'> & { readonly refused: readonly Unchecked[] };

/** Asks for the versions of a secret only where somebody is not younger than its last change of any kind. */
async function dateSecrets(
  secrets: readonly SecretDescription[],
  fleet: Fleet,
  sweepId: string,
  run: Reader,
): Promise<Dated> {
  const now = run.ports.clock.now();
  const origin = ({ arn }: SecretDescription): Origin => originOf(sweepId, arn, now);
  const living = secrets.filter(({ deletedAt }) => deletedAt === undefined);
  const latest = living.map((secret) => latestChange(`${sweepId}:${secret.arn}`, secret));
  const matters = needsExactTime(latest, fleet, run.policy, now);
  const undated = living.filter(({ arn, lastChangedAt }) => matters.has(arn) || lastChangedAt === undefined);
  const { answers, refused } = await eachByItself(
    undated,
    ({ arn }) => run.ports.secrets.listVersions(arn, run.reading),
    run,
  );
  const isUndated = new Set(undated.map(({ arn }) => arn));
  return {
    changes: [
      ...latest.filter(({ arn }) => !isUndated.has(arn)),
      ...answers.flatMap(({ item, answer }) => currentChanges(origin(item), item, answer)),
    ],
    notices: secrets.flatMap((secret) => goneNotice(secret.arn, origin(secret), secret) ?? []),
    refused: refused.map(({ item, why }) => ({ arn: item.arn, why })),
  };
}

async function readParameters({ parameters: referred }: ReferencedByFleet, sweepId: string, run: Reader) {
  const arns = [...new Set(referred.map(({ target }) => target.id))];
  const found = arns.length === 0 ? [] : await run.ports.parameters.describeAll(arns, run.reading);
  const known = new Set(found.map(({ arn }) => arn));
  return {
    changes: found.map(({ arn, changedAt }) =>
      parameterChange(originOf(sweepId, arn, changedAt), arn, endOfSecond(changedAt)),
    ),
    notFound: referred.filter(({ target }) => !known.has(target.id)),
  };
}

/** One for each resource, however many references name it. */
function noticesOf(notFound: readonly Referenced[], sweepId: string, { ports }: Reader): readonly Notice[] {
  const now = ports.clock.now();
  const notices = notFound.map(({ target: { kind, id } }): Notice => {
    return { ...originOf(sweepId, id, now), kind, arn: id, notice: 'not-found' };
  });
  return [...new Map(notices.map((notice) => [`${notice.kind} ${notice.arn}`, notice])).values()];
}

function originOf(sweepId: string, arn: string, at: number) {
  return { changeId: `${sweepId}:${arn}`, at, source: SWEEP };
}

type Each<Item, Answer> = {
  readonly answers: readonly { readonly item: Item; readonly answer: Answer }[];
  readonly refused: readonly { readonly item: Item; readonly why: string }[];
};

/** The policy of one secret may keep us out: that is no reason to look at no other. */
async function eachByItself<Item, Answer>(
  items: readonly Item[],
  ask: (item: Item) => Promise<Answer>,
  { reading }: Reader,
): Promise<Each<Item, Answer>> {
  const refused: { item: Item; why: string }[] = [];
  const answers = await pMap(
    items,
    async (item) => {
      try {
        return [{ item, answer: await ask(item) }];
      } catch (error) {
        reading.throwIfAborted();
        refused.push({ item, why: error instanceof Error ? error.message : String(error) });
        return [];
      }
    },
    { concurrency: CONCURRENCY.resources },
  );
  return { answers: answers.flat(), refused };
}
