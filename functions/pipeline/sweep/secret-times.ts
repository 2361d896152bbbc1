import pMap from 'p-map';
import { currentChanges, goneNotice, isUnlabelled } from '../../core/confirm/confirm.ts';
import { type Change, type Notice, SWEEP } from '../../core/model/change.ts';
import type { Fleet } from '../../core/model/fleet.ts';
import { CONCURRENCY } from '../../core/model/limits.ts';
import { mayNameSecret, nameToAsk } from '../../core/model/reference.ts';
import type { Origin, SecretDescription } from '../../core/model/secret.ts';
import type { Heard } from '../../core/read/heard.ts';
import { latestChange, namedAmong, type Referenced } from '../../core/sweep/referenced.ts';
import { needsExactTime, type Unchecked } from '../../core/sweep/sweep.ts';
import type { Ports } from '../../ports.ts';
import { isDenial, isOfOtherRegion } from '../confirm/foreign.ts';
import { UNLABELLED } from '../confirm/resolve.ts';
import type { StepContext } from '../context.ts';
import { describing } from '../living.ts';

/** The part of an invocation's context that the reads of a sweep need. */
export type Reader = Pick<StepContext, 'policy' | 'reading' | 'region' | 'trust'> & {
  readonly heard: () => Promise<readonly Heard[] | undefined>;
  readonly journal: Pick<StepContext['journal'], 'error'>;
  readonly ports: Pick<Ports, 'clock' | 'secrets' | 'parameters'>;
};

/** The origin of a sweep's changes: the change of a resource has the id `<sweep id>:<ARN>`. */
export function originOf(sweepId: string, arn: string, at: number): Origin {
  return { changeId: `${sweepId}:${arn}`, at, source: SWEEP };
}

type SecretsFound = {
  readonly found: readonly SecretDescription[];
  readonly notFound: readonly Referenced[];
  readonly refused: readonly RefusedReference[];
};

/** A secret that AWS did not describe, and why. */
export type RefusedReference = Unchecked & { readonly referenced: Referenced };

/**
 * The secrets that these references name. ListSecrets may be five minutes late (functions/README.md, Events). So a
 * secret that it does not show, or shows as scheduled for deletion, is described by itself before it counts as gone.
 */
export async function readSecrets(
  references: readonly Referenced[],
  fleet: Fleet,
  run: Reader,
): Promise<SecretsFound> {
  if (references.length === 0) return { found: [], notFound: [], refused: [] };
  const { listed, unlisted } = await listSecrets(references, fleet, run);
  const possible = unlisted.filter(isPossible);
  const describe = describing(run);
  const doubtful = [...listed.values()].filter(({ deletedAt }) => deletedAt !== undefined);
  const again = await eachByItself(doubtful, ({ arn }) => describe(arn), run);
  const asked = await eachByItself(possible, ({ target }) => describe(nameToAsk(target)), run);
  for (const { answer } of [...again.answers, ...asked.answers])
    if (answer !== undefined) listed.set(answer.arn, answer);
  const missing = asked.answers.flatMap(({ item, answer }) => (answer === undefined ? [item] : []));
  return {
    found: [...listed.values()],
    notFound: [...missing, ...unlisted.filter((one) => !isPossible(one))],
    refused: asked.refused.map(refusedReference),
  };
}

/** The secrets of other accounts and Regions, which ListSecrets does not show and which may be described all the same. */
export async function readElsewhere(references: readonly Referenced[], run: Reader): Promise<SecretsFound> {
  const describe = describing(run);
  const ask = async ({ target: { id } }: Referenced) => (isOfOtherRegion(id, run) ? undefined : describe(id));
  const { answers, refused } = await eachByItself(references, ask, run);
  const unknown = answers.flatMap(({ item, answer }) => (answer === undefined ? [item] : []));
  const found = answers.flatMap(({ answer }) => answer ?? []);
  return {
    found: [...new Map(found.map((secret) => [secret.arn, secret])).values()],
    // That it is not found there says nothing.
    notFound: [],
    refused: [
      ...refused.map(refusedReference),
      ...unknown.map((item) => refusedReference({ item, why: UNKNOWN, denied: true })),
    ],
  };
}

const UNKNOWN = 'Secrets Manager of this account and Region does not know it';

function refusedReference({ item, why, denied }: Refusal<Referenced>): RefusedReference {
  return { referenced: item, arn: item.target.id, why, ...(denied && { hidden: true }) };
}

async function listSecrets(references: readonly Referenced[], fleet: Fleet, run: Reader) {
  const listed = new Map<string, SecretDescription>();
  const unlisted = new Set(references);
  for await (const page of run.ports.secrets.list(run.reading)) {
    // What is not listed is described one by one.
    if ('why' in page) break;
    for (const { referred, secret } of namedAmong(page, references, fleet)) {
      listed.set(secret.arn, secret);
      unlisted.delete(referred);
    }
  }
  return { listed, unlisted: [...unlisted] };
}

/** A name with the `?` of a tag is the name of no secret. */
function isPossible({ target }: Referenced): boolean {
  return mayNameSecret(nameToAsk(target));
}

type SecretTimes = {
  readonly changes: readonly Change[];
  readonly notices: readonly Notice[];
  readonly refused: readonly Unchecked[];
};

/** Reads the versions of a secret only if a service is not younger than the secret's last change of any kind. */
export async function readSecretTimes(
  secrets: readonly SecretDescription[],
  fleet: Fleet,
  sweepId: string,
  run: Reader,
): Promise<SecretTimes> {
  const now = run.ports.clock.now();
  const origin = ({ arn }: SecretDescription): Origin => originOf(sweepId, arn, now);
  const living = secrets.filter(({ deletedAt }) => deletedAt === undefined);
  const latest = living.map((secret) => latestChange(origin(secret).changeId, secret));
  const inexact = needsExactTime(latest, fleet, run.policy, now);
  const undated = living.filter(({ arn, lastChangedAt }) => inexact.has(arn) || lastChangedAt === undefined);
  const listVersions = ({ arn }: SecretDescription) => run.ports.secrets.listVersions(arn, run.reading);
  const { answers, refused } = await eachByItself(undated, listVersions, run);
  const unlabelled = answers.filter(({ item, answer }) => isUnlabelled(item, answer));
  const isUndated = new Set(undated.map(({ arn }) => arn));
  return {
    changes: [
      ...latest.filter(({ arn }) => !isUndated.has(arn)),
      ...answers.flatMap(({ item, answer }) => currentChanges(origin(item), item, answer)),
    ],
    notices: secrets.flatMap((secret) => goneNotice(secret.arn, origin(secret), secret) ?? []),
    refused: [
      ...refused.map(({ item, why, denied }) => ({
        arn: item.arn,
        why,
        ...(denied && { hidden: true as const }),
      })),
      ...unlabelled.map(({ item }) => ({ arn: item.arn, why: UNLABELLED })),
    ],
  };
}

type Refusal<Item> = { readonly item: Item; readonly why: string; readonly denied: boolean };
type Each<Item, Answer> = {
  readonly answers: readonly { readonly item: Item; readonly answer: Answer }[];
  readonly refused: readonly Refusal<Item>[];
};

/** Asks for each item alone: the resource policy of one secret may deny our access, but the others are still read. */
async function eachByItself<Item, Answer>(
  items: readonly Item[],
  ask: (item: Item) => Promise<Answer>,
  { reading }: Reader,
): Promise<Each<Item, Answer>> {
  const refused: Refusal<Item>[] = [];
  const asked = async (item: Item) => {
    try {
      return [{ item, answer: await ask(item) }];
    } catch (error) {
      reading.throwIfAborted();
      const why = error instanceof Error ? error.message : String(error);
      refused.push({ item, why, denied: isDenial(error) });
      return [];
    }
  };
  const answers = await pMap(items, asked, { concurrency: CONCURRENCY.resources });
  return { answers: answers.flat(), refused };
}
