import { type Attempt, LINKS, type LinkName, type Standing } from '../../core/credentials/chain.ts';
import type { Diagnosis, Identity, Metadata, RegionSource } from '../../core/credentials/diagnosis.ts';
import type { CredentialFinding } from '../../core/credentials/findings.ts';
import type { MetadataState } from '../../core/credentials/metadata.ts';
import { placeInWords } from '../../core/credentials/place.ts';
import { LINK_IN_WORDS, told } from '../../core/credentials/words.ts';
import type { Column } from './table.ts';
import { count } from './words.ts';

/** A link of the chain as a line of the table. */
export type Row = {
  readonly link: string;
  readonly byItself: string;
  readonly time: string;
  readonly sdk: string;
  readonly code: string;
};

export const columns: readonly Column<Row>[] = [
  { title: 'LINK', cell: ({ link }) => link },
  { title: 'BY ITSELF', cell: ({ byItself }) => byItself, least: 20, wraps: true },
  { title: 'TIME', cell: ({ time }) => time },
  { title: 'THE SDK', cell: ({ sdk }) => sdk, least: 12, wraps: true },
];
export const WIDE: readonly Column<Row>[] = [{ title: 'CODE', cell: ({ code }) => code }];

export function rowsOf(diagnosis: Diagnosis): readonly Row[] {
  return LINKS.map((link) => {
    const attempt = diagnosis.attempts[link];
    return {
      link: link.replace('-', ' '),
      byItself: attemptInWords(attempt, link, diagnosis),
      time: attempt.kind === 'not-configured' ? '' : `${(attempt.ms / 1000).toFixed(1)} s`,
      sdk: standingInWords(diagnosis.standings[link], link),
      code:
        attempt.kind === 'failed' ? [attempt.cause.code, attempt.cause.detail].filter(Boolean).join(' ') : '',
    };
  });
}

function attemptInWords(attempt: Attempt, link: LinkName, diagnosis: Diagnosis): string {
  switch (attempt.kind) {
    case 'not-configured':
      return 'not configured';
    case 'worked':
      return `worked: ${attempt.key}${attempt.expiresAt === undefined ? '' : `, until ${instant(attempt.expiresAt)}`}`;
    case 'failed':
      return `failed: ${told(attempt.cause, link, diagnosis)[0]}`;
    case 'unanswered':
      return 'no answer';
    default:
      return attempt satisfies never;
  }
}

const instant = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}Z`;

function standingInWords(standing: Standing, link: LinkName): string {
  switch (standing) {
    case 'taken':
      return 'takes it';
    case 'passed':
      return 'goes on';
    case 'ends':
      return 'ends here';
    case 'waits':
      return 'waits for it';
    case 'not-reached':
      return 'does not get here';
    case 'skipped':
      return link === 'environment'
        ? 'skips it: a profile is named'
        : 'skips it: there is a container endpoint';
    default:
      return standing satisfies never;
  }
}

export function verdictOf({ taken, identity }: Diagnosis, findings: readonly CredentialFinding[]): string {
  const [first] = findings;
  if (taken === undefined) return `no credentials: ${first?.finding ?? 'no link of the chain gives any'}`;
  const who = identity?.kind === 'known' ? `: ${identity.arn}` : '';
  const source = `credentials of ${LINK_IN_WORDS[taken]}${who}`;
  return first === undefined ? source : `${source}; ${count(findings.length, 'finding')}`;
}

/** What was found besides the links. */
export function factsOf(diagnosis: Diagnosis): readonly (readonly [name: string, value: string])[] {
  const { place, identity, region, metadata } = diagnosis;
  return [
    ['where', placeInWords(place)],
    ['who', identity === undefined ? 'not asked: there are no credentials' : identityInWords(identity)],
    [
      'Region',
      region.name === undefined ? 'none' : `${region.name || '(nothing)'}, from ${SOURCES[region.from]}`,
    ],
    ['metadata', metadataInWords(metadata)],
  ];
}

function identityInWords(identity: Identity): string {
  if (identity.kind === 'known') return `${identity.arn}, account ${identity.account}`;
  return identity.kind === 'refused'
    ? `AWS refuses (${identity.code})`
    : `no answer of AWS (${identity.code})`;
}

const SOURCES: Readonly<Record<RegionSource, string>> = {
  flag: '--region',
  environment: 'AWS_REGION',
  profile: 'the profile',
  metadata: 'the instance metadata service',
  'default-variable': 'AWS_DEFAULT_REGION',
  nowhere: 'nowhere',
};

const STATES: Readonly<Record<MetadataState, string>> = {
  ready: 'answers',
  slow: 'answers without a token only: hop limit too small',
  'hop-limit': 'its token does not get here: hop limit too small',
  'tokens-required': 'requires a token and gives none',
  'no-role': 'answers, and the instance has no role',
  off: 'switched off at the instance',
  'off-here': 'not asked: AWS_EC2_METADATA_DISABLED is set',
  'no-route': 'no route to it',
  refused: 'nothing listens',
  silent: 'no answer within a second',
  'not-a-metadata-service': 'something else answers in its place',
};

function metadataInWords({ state, requiresTokens, role }: Metadata): string {
  return [
    STATES[state],
    ...(requiresTokens === undefined ? [] : [`tokens ${requiresTokens ? 'required' : 'optional'}`]),
    ...(role === undefined ? [] : [`role ${role}`]),
  ].join(', ');
}
