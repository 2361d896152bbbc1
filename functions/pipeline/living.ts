import type { Match } from '../core/match/match.ts';
import { SUFFIX_LENGTH, SUFFIXED } from '../core/match/subject-index.ts';
import { CONCURRENCY } from '../core/model/limits.ts';
import { chunks } from '../core/model/lists.ts';
import { nameInArn } from '../core/model/reference.ts';
import type { SecretDescription } from '../core/model/secret.ts';
import type { StepContext } from './context.ts';

/** Asks for a secret by what a caller or a reference wrote; undefined: there is none. */
export type DescribeSecret = (secret: string) => Promise<SecretDescription | undefined>;

/**
 * The secret of this name or ARN. Secrets Manager takes a partial ARN that ends in a hyphen and six characters for a full
 * one (functions/README.md, References). So what it does not find by such an ARN it is asked for by the name, too.
 */
async function describeAsWritten(
  secret: string,
  describe: DescribeSecret,
): Promise<SecretDescription | undefined> {
  const found = await describe(secret);
  if (found !== undefined || !secret.startsWith('arn:') || !SUFFIXED.test(secret)) return found;
  try {
    const byName = await describe(nameInArn(secret));
    return byName?.arn.slice(0, -SUFFIX_LENGTH) === secret ? byName : undefined;
  } catch {
    // A full ARN less its beginning is the name of no secret, and a role may be denied to describe it. It was not found.
    return undefined;
  }
}

/** The question of `describeAsWritten` to Secrets Manager, which is asked once for each text. */
export function describing({ ports, reading }: Pick<Context, 'ports' | 'reading'>): DescribeSecret {
  const asked = new Map<string, ReturnType<DescribeSecret>>();
  return (secret) => {
    const answer =
      asked.get(secret) ?? describeAsWritten(secret, (one) => ports.secrets.describe(one, reading));
    asked.set(secret, answer);
    return answer;
  };
}

type Context = Pick<StepContext, 'reading'> & {
  readonly ports: Pick<StepContext['ports'], 'secrets'>;
  readonly journal: Pick<StepContext['journal'], 'error'>;
};

/**
 * Which of these texts of references are not known to name a secret that is gone: a living secret answers, or Secrets
 * Manager does not say.
 */
export async function notGone(references: readonly string[], context: Context): Promise<ReadonlySet<string>> {
  const spared = new Set<string>();
  const describe = describing(context);
  const check = async (reference: string) => {
    try {
      const secret = await describe(reference);
      if (secret !== undefined && secret.deletedAt === undefined) spared.add(reference);
    } catch (error) {
      spared.add(reference);
      context.journal.error(
        'cannot check whether a reference names a secret that is gone; it is left out',
        error,
        {
          reference,
        },
      );
    }
  };
  for (const some of chunks([...new Set(references)], CONCURRENCY.resources))
    await Promise.all(some.map(check));
  return spared;
}

/** The matches without the guesses that do not hold; the others are no guesses any more. */
export async function withoutWrongGuesses(
  matches: readonly Match[],
  context: Context,
): Promise<readonly Match[]> {
  const guesses = matches.flatMap(({ hits }) => hits.flatMap(({ guess }) => guess ?? []));
  if (guesses.length === 0) return matches;
  const spared = await notGone(guesses, context);
  return matches.flatMap((match) => {
    const hits = match.hits.flatMap(({ guess, ...hit }) =>
      guess !== undefined && spared.has(guess) ? [] : [hit],
    );
    return hits.length === 0 && match.hits.length > 0 ? [] : [{ ...match, hits }];
  });
}
