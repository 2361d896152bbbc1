import { once } from 'node:events';
import { type TriedLink, tryLinks } from '../aws/terminal/credential-links.ts';
import { probeMetadata } from '../aws/terminal/metadata-service.ts';
import { readProfiles, sdkRegion } from '../aws/terminal/shared-files.ts';
import {
  type Attempts,
  endsWalk,
  LINKS,
  type LinkName,
  standingIn,
  walk,
} from '../core/credentials/chain.ts';
import type { Diagnosis, FoundRegion, Identity } from '../core/credentials/diagnosis.ts';
import { isOfEc2, metadataState, requiresTokens } from '../core/credentials/metadata.ts';
import { placeOf } from '../core/credentials/place.ts';
import { type Profile, profileOf } from '../core/credentials/profile.ts';
import { isRegion, type Settings, settingsOf } from '../core/credentials/settings.ts';
import { choose, type Place } from './connect-terminal.ts';
import { readSigns, unreadableFiles } from './surroundings.ts';

/** From the beginning: until when the links are waited for, and until when AWS is. The whole command takes less than 6 s. */
const LINKS_MS = 3_000;
const ALL_MS = 4_800;

/**
 * Finds out where the credentials of this process come from, and why a link of the SDK's chain has none. Everything is
 * asked at the same time and for a limited time, and AWS is asked who this is as soon as it is known which credentials the
 * SDK takes. Rejects once the signal is aborted.
 */
export function diagnose(flags: Place, signal: AbortSignal): Promise<Diagnosis> {
  return Promise.race([findOut(flags), ended(signal)]);
}

async function ended(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw new Error('told to end', { cause: signal.reason });
}

async function findOut(flags: Place): Promise<Diagnosis> {
  const beganAt = performance.now();
  choose(flags);
  const { env } = process;
  const settings = settingsOf(env);
  const [profiles, unreadable] = await Promise.all([readProfiles(), unreadableFiles(env)]);
  const profile = profileOf(profiles, settings.profile, unreadable);
  const metadata = settings.isMetadataOff ? Promise.resolve(undefined) : probeMetadata();
  const region = foundRegion(settings, profile, flags);
  const until = beganAt + LINKS_MS;
  const tried = tryLinks({ settings, profile, metadata: metadata.then(metadataState), until });
  const [attempts, probe, signs, found, identity] = await Promise.all([
    attemptsOf(tried),
    metadata,
    readSigns(),
    region,
    whoIsTaken(tried, settings, region, beganAt + ALL_MS),
  ]);
  const state = metadataState(probe);
  return {
    now: Date.now(),
    place: placeOf(env, signs, isOfEc2(state)),
    settings,
    profile,
    attempts,
    ...walk(attempts, settings),
    metadata: { state, requiresTokens: requiresTokens(probe), role: probe?.role },
    region: found,
    identity,
  };
}

type Links<T> = Readonly<Record<LinkName, T>>;

async function attemptsOf(tried: Links<Promise<TriedLink>>): Promise<Attempts> {
  const attempt = async (link: LinkName) => (await tried[link]).attempt;
  return {
    environment: await attempt('environment'),
    profile: await attempt('profile'),
    process: await attempt('process'),
    'web-identity': await attempt('web-identity'),
    container: await attempt('container'),
    metadata: await attempt('metadata'),
  };
}

/** Goes through the chain in its order and asks as soon as a link is taken; later links may still be waited for. */
async function whoIsTaken(
  tried: Links<Promise<TriedLink>>,
  settings: Settings,
  region: Promise<FoundRegion>,
  until: number,
): Promise<Identity | undefined> {
  for (const link of LINKS) {
    const { attempt, identify } = await tried[link];
    const standing = standingIn(link, attempt, settings);
    if (standing === 'taken' && identify !== undefined) return within(until, identify(usable(await region)));
    if (endsWalk(standing)) return undefined;
  }
  return undefined;
}

async function foundRegion(
  { region, defaultRegion }: Settings,
  { hasRegion }: Profile,
  flags: Place,
): Promise<FoundRegion> {
  if (flags.region !== undefined) return { name: flags.region, from: 'flag' };
  if (region !== undefined) return { name: region, from: 'environment' };
  const name = await sdkRegion();
  if (name !== undefined) return { name, from: hasRegion ? 'profile' : 'metadata' };
  return defaultRegion === undefined
    ? { name: undefined, from: 'nowhere' }
    : { name: defaultRegion, from: 'default-variable' };
}

const usable = ({ name }: FoundRegion): string | undefined =>
  name !== undefined && isRegion(name) ? name : undefined;

function within(until: number, answer: Promise<Identity>): Promise<Identity> {
  const late = new Promise<Identity>((resolve) => {
    const ms = until - performance.now();
    setTimeout(() => resolve({ kind: 'unreachable', code: 'TimeoutError' }), ms);
  });
  return Promise.race([answer, late]);
}
