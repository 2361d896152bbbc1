import type { Cause } from './cause.ts';
import type { Settings } from './settings.ts';

/** The links of the SDK's chain, in its order. */
export const LINKS = ['environment', 'profile', 'process', 'web-identity', 'container', 'metadata'] as const;
export type LinkName = (typeof LINKS)[number];

/** What a link gave when it was asked by itself. `ms`: how long it took. */
export type Attempt =
  | { readonly kind: 'not-configured' }
  /** `key`: the id of the key, in short. `expiresAt` in milliseconds. */
  | { readonly kind: 'worked'; readonly key: string; readonly expiresAt?: number; readonly ms: number }
  /** `endsChain`: the SDK asks no later link. */
  | { readonly kind: 'failed'; readonly cause: Cause; readonly endsChain: boolean; readonly ms: number }
  /** It took longer than a link may take here; the SDK would wait. */
  | { readonly kind: 'unanswered'; readonly ms: number };

export type Attempts = Readonly<Record<LinkName, Attempt>>;

/** What the SDK makes of a link. */
export type Standing = 'taken' | 'passed' | 'ends' | 'skipped' | 'not-reached' | 'waits';

export type Walk = {
  readonly standings: Readonly<Record<LinkName, Standing>>;
  /** The link whose credentials the SDK takes. */
  readonly taken: LinkName | undefined;
};

/** Goes through the chain as the SDK does (functions/README.md, Credentials). */
export function walk(attempts: Attempts, settings: Settings): Walk {
  let taken: LinkName | undefined;
  let isOver = false;
  const stand = (link: LinkName): Standing => {
    if (isOver) return 'not-reached';
    const standing = standingIn(link, attempts[link], settings);
    isOver = endsWalk(standing);
    if (standing === 'taken') taken = link;
    return standing;
  };
  const standings = {
    environment: stand('environment'),
    profile: stand('profile'),
    process: stand('process'),
    'web-identity': stand('web-identity'),
    container: stand('container'),
    metadata: stand('metadata'),
  };
  return { standings, taken };
}

/** What the SDK makes of a link at which it has arrived. */
export function standingIn(link: LinkName, attempt: Attempt, settings: Settings): Standing {
  return isSkipped(link, settings) ? 'skipped' : standingOf(attempt);
}

/** Whether the SDK asks no link after one that stands so. */
export const endsWalk = (standing: Standing): boolean => ['taken', 'ends', 'waits'].includes(standing);

/** A profile that is named takes the place of the environment, and a container endpoint that of the metadata service. */
function isSkipped(link: LinkName, { profile, hasContainerAddress }: Settings): boolean {
  return (link === 'environment' && profile !== undefined) || (link === 'metadata' && hasContainerAddress);
}

function standingOf(attempt: Attempt): Standing {
  switch (attempt.kind) {
    case 'worked':
      return 'taken';
    case 'unanswered':
      return 'waits';
    case 'failed':
      return attempt.endsChain ? 'ends' : 'passed';
    case 'not-configured':
      return 'passed';
    default:
      return attempt satisfies never;
  }
}

/** A key id that a person recognises and that is of no use to anybody else. */
export function keyInShort(id: string): string {
  return id.length < 16 ? `${id.slice(0, 4)}…` : `${id.slice(0, 4)}…${id.slice(-4)}`;
}
