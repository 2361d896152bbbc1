import {
  fromContainerMetadata,
  fromEnv,
  fromHttp,
  fromIni,
  fromInstanceMetadata,
  fromProcess,
  fromTokenFile,
} from '@aws-sdk/credential-providers';
import {
  type Cause,
  type CauseCode,
  containerCause,
  type LinkError,
  profileCause,
  webIdentityCause,
} from '../../core/credentials/cause.ts';
import { type Attempt, keyInShort, type LinkName } from '../../core/credentials/chain.ts';
import type { Identity } from '../../core/credentials/diagnosis.ts';
import type { MetadataState } from '../../core/credentials/metadata.ts';
import type { Profile } from '../../core/credentials/profile.ts';
import type { Settings } from '../../core/credentials/settings.ts';
import { identify } from './identity.ts';

/** The calls with which a link gets credentials. Once each: the cause is what counts, and not whether it passes. */
const CALLS = {
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 1_500, requestTimeout: 2_500, throwOnRequestTimeout: true },
};

/** For the container endpoint: the SDK asks four times within 7 s, and this asks twice within 2. */
const CONTAINER = { timeout: 600, maxRetries: 1 };

const silent = () => undefined;
/** The SDK writes warnings to the console unless it is given a logger. */
const logger = { debug: silent, info: silent, warn: silent, error: silent };

type Credentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
};
type Provide = () => Promise<Credentials>;

/** What the links depend on. `metadata`: how the metadata service stands, which says why its link fails. */
export type Chain = {
  readonly settings: Settings;
  readonly profile: Profile;
  readonly metadata: Promise<MetadataState>;
  /** The instant, by `performance`, at which no link is waited for any longer. The SDK itself waits without an end. */
  readonly until: number;
};

/** A link of the SDK's chain, asked by itself. The credentials stay where they are. */
export type TriedLink = {
  readonly attempt: Attempt;
  /** Asks AWS whose credentials these are, in any Region if there is none; undefined: there are none. */
  readonly identify: ((region: string | undefined) => Promise<Identity>) | undefined;
};

/** Asks each link of the SDK's chain by itself, all at the same time, and each for a limited time. */
export function tryLinks(chain: Chain): Readonly<Record<LinkName, Promise<TriedLink>>> {
  const profile = tryProfile(chain);
  return {
    environment: tryEnvironment(chain),
    profile,
    process: tryProcess(chain, profile),
    'web-identity': tryWebIdentity(chain),
    container: tryContainer(chain),
    metadata: tryMetadata(chain),
  };
}

const NOT_CONFIGURED: TriedLink = { attempt: { kind: 'not-configured' }, identify: undefined };

const tryEnvironment = ({ settings: { hasKeyId, hasSecretKey }, until }: Chain): Promise<TriedLink> =>
  hasKeyId || hasSecretKey
    ? tried(until, fromEnv({ logger }), () => ({ code: 'half-a-pair' }))
    : Promise.resolve(NOT_CONFIGURED);

function tryProfile({ profile, until }: Chain): Promise<TriedLink> {
  const { exists, isNamed, kind, hasHalfAPair } = profile;
  // A default profile may hold no more than a Region.
  if (!isNamed && (!exists || (kind === 'nothing' && !hasHalfAPair))) return Promise.resolve(NOT_CONFIGURED);
  return tried(until, fromIni({ clientConfig: CALLS, logger }), (error) =>
    exists ? profileCause(kind, error) : { code: 'no-such-profile' },
  );
}

/** A process that the link of the profile has run already does not run twice. */
function tryProcess({ profile, until }: Chain, ofProfile: Promise<TriedLink>): Promise<TriedLink> {
  if (!profile.hasProcess) return Promise.resolve(NOT_CONFIGURED);
  if (profile.kind === 'process') return ofProfile;
  return tried(until, fromProcess({ logger }), (error) => profileCause('process', error));
}

function tryWebIdentity({ settings: { tokenFile, hasRoleArn }, until }: Chain): Promise<TriedLink> {
  if (tokenFile === undefined && !hasRoleArn) return Promise.resolve(NOT_CONFIGURED);
  return tried(until, fromTokenFile({ clientConfig: CALLS, logger }), (error) =>
    tokenFile === undefined || !hasRoleArn ? { code: 'half-web-identity' } : webIdentityCause(error),
  );
}

const tryContainer = ({ settings: { hasContainerAddress }, until }: Chain): Promise<TriedLink> =>
  hasContainerAddress ? tried(until, fromEndpoint, containerCause) : Promise.resolve(NOT_CONFIGURED);

/** The SDK has two readers for this endpoint and asks the second after a failure that lets it; here both are asked at once. */
async function fromEndpoint(): Promise<Credentials> {
  const second = fromContainerMetadata({ timeout: 1_000, maxRetries: 0 })();
  second.catch(silent);
  try {
    return await fromHttp({ ...CONTAINER, logger })();
  } catch (error) {
    if (!goesOn(error)) throw error;
    return second.catch(() => {
      throw error;
    });
  }
}

async function tryMetadata({ settings: { isMetadataOff }, metadata, until }: Chain): Promise<TriedLink> {
  if (isMetadataOff) return outOfReach('off-here', 0);
  const link = await tried(until, fromInstanceMetadata({ logger }), async (error) =>
    metadataCause(await metadata, error),
  );
  if (link.attempt.kind !== 'unanswered') return link;
  // The SDK asks twice where the first answer is lost; a service that cannot be reached is no link that goes on for ever.
  const fault = faultOf(await metadata);
  return fault === undefined ? link : outOfReach(fault, link.attempt.ms);
}

function outOfReach(code: CauseCode, ms: number): TriedLink {
  return { attempt: { kind: 'failed', cause: { code }, endsChain: false, ms }, identify: undefined };
}

/** Why the metadata service keeps its role away; undefined: it does not. */
const faultOf = (state: MetadataState) => (state === 'ready' || state === 'slow' ? undefined : state);

/** Where the service is ready and the link fails all the same, the role is the reason. */
function metadataCause(state: MetadataState, { message }: LinkError): Cause {
  const fault = faultOf(state);
  if (fault !== undefined) return { code: fault };
  if (message.includes('Invalid response')) return { code: 'role-unusable' };
  return { code: state === 'slow' ? 'hop-limit' : 'other' };
}

async function tried(
  until: number,
  provide: Provide,
  causeOf: (error: LinkError) => Cause | Promise<Cause>,
): Promise<TriedLink> {
  const beganAt = performance.now();
  const ms = () => performance.now() - beganAt;
  const result = await Promise.race([answerOf(provide), later(until - beganAt)]);
  if (result === undefined) return { attempt: { kind: 'unanswered', ms: ms() }, identify: undefined };
  if ('error' in result) {
    const took = ms();
    const cause = await causeOf(shapeOf(result.error));
    return {
      attempt: { kind: 'failed', cause, endsChain: !goesOn(result.error), ms: took },
      identify: undefined,
    };
  }
  const { credentials } = result;
  return { attempt: workedWith(credentials, ms()), identify: (region) => identify(credentials, region) };
}

async function answerOf(
  provide: Provide,
): Promise<{ readonly credentials: Credentials } | { readonly error: unknown }> {
  try {
    return { credentials: await provide() };
  } catch (error) {
    return { error };
  }
}

function later(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), ms);
  });
}

function workedWith({ accessKeyId, expiration }: Credentials, ms: number): Attempt {
  const expiresAt = expiration?.getTime();
  return {
    kind: 'worked',
    key: keyInShort(accessKeyId),
    ms,
    ...(expiresAt !== undefined && !Number.isNaN(expiresAt) && { expiresAt }),
  };
}

/** The chain goes on after an error that says so, and after no other. */
const goesOn = (error: unknown): boolean =>
  error instanceof Error && 'tryNextLink' in error && error.tryNextLink === true;

function shapeOf(error: unknown): LinkError {
  if (!(error instanceof Error)) return { name: 'Error', message: '' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined;
  const { name, message } = error;
  return { name, message, ...(code !== undefined && { code }), ...(status !== undefined && { status }) };
}
