import type { Attempts, LinkName, Standing } from './chain.ts';
import type { MetadataState } from './metadata.ts';
import type { Place } from './place.ts';
import type { Profile } from './profile.ts';
import type { Settings } from './settings.ts';

/** What STS says about the credentials that the SDK takes. */
export type Identity =
  | { readonly kind: 'known'; readonly account: string; readonly arn: string }
  /** AWS has answered, and not with an identity. */
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'unreachable'; readonly code: string };

/** Where the Region comes from; `default-variable`: from AWS_DEFAULT_REGION, which the SDK does not read. */
export type RegionSource = 'flag' | 'environment' | 'profile' | 'metadata' | 'default-variable' | 'nowhere';
export type FoundRegion = { readonly name: string | undefined; readonly from: RegionSource };

export type Metadata = {
  readonly state: MetadataState;
  /** Undefined: it is not known. */
  readonly requiresTokens: boolean | undefined;
  readonly role: string | undefined;
};

/** Everything that was found out about the credentials of this process. */
export type Diagnosis = {
  readonly now: number;
  readonly place: Place;
  readonly settings: Settings;
  readonly profile: Profile;
  readonly attempts: Attempts;
  readonly standings: Readonly<Record<LinkName, Standing>>;
  /** The link whose credentials the SDK takes. */
  readonly taken: LinkName | undefined;
  readonly metadata: Metadata;
  readonly region: FoundRegion;
  /** Undefined: there are no credentials to ask with. */
  readonly identity: Identity | undefined;
};
