/** What became of one request to the metadata service of an instance. */
export type MetadataAnswer =
  | { readonly kind: 'answered'; readonly status: number }
  /** Nothing came within the time; `connected`: the other side had taken the connection. */
  | { readonly kind: 'silent'; readonly connected: boolean }
  /** `code` of the operating system, such as ECONNREFUSED. */
  | { readonly kind: 'error'; readonly code: string };

/** The same question three times: for a token, for the role without a token, and for the role with one. */
export type MetadataProbe = {
  readonly token: MetadataAnswer;
  readonly plain: MetadataAnswer;
  /** Undefined: there is no token to ask with. */
  readonly withToken: MetadataAnswer | undefined;
  /** The role that was named. */
  readonly role: string | undefined;
};

/** How the metadata service stands to this process; all but `ready` and `slow` keep its role away. */
/** Why no credentials come from the metadata service. */
export const METADATA_FAILURES = [
  'hop-limit',
  'tokens-required',
  'no-role',
  'off',
  'off-here',
  'no-route',
  'refused',
  'silent',
  'not-a-metadata-service',
] as const;

export const METADATA_STATES = [
  'ready',
  /** The token does not come back, but none is required: the SDK asks without one after a second. */
  'slow',
  ...METADATA_FAILURES,
] as const;
export type MetadataState = (typeof METADATA_STATES)[number];

const NO_ROUTE = ['ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN', 'EHOSTDOWN', 'EADDRNOTAVAIL', 'EACCES', 'EPERM'];

/** Undefined: it was not asked, because AWS_EC2_METADATA_DISABLED says so. */
export function metadataState(probe: MetadataProbe | undefined): MetadataState {
  if (probe === undefined) return 'off-here';
  const { token, plain } = probe;
  if (plain.kind === 'answered') return token.kind === 'silent' ? lostToken(token, probe) : answered(probe);
  if (plain.kind === 'silent') return 'silent';
  if (NO_ROUTE.includes(plain.code)) return 'no-route';
  return plain.code === 'ECONNREFUSED' ? 'refused' : 'not-a-metadata-service';
}

/**
 * The plain request is answered and that for a token is not: its answer alone has the hop limit of the instance as its
 * time to live, and has ended on the way (functions/README.md, Credentials).
 */
function lostToken(token: { readonly connected: boolean }, { plain, role }: MetadataProbe): MetadataState {
  const status = statusOf(plain);
  if (status === 403) return 'off';
  if (status === 200) return role === undefined ? 'not-a-metadata-service' : 'slow';
  if (status === 404) return token.connected ? 'no-role' : 'not-a-metadata-service';
  return status === 401 ? 'hop-limit' : 'not-a-metadata-service';
}

function answered({ token, plain, withToken, role }: MetadataProbe): MetadataState {
  const [ofToken, ofPlain, ofRole] = [statusOf(token), statusOf(plain), statusOf(withToken)];
  if (ofToken === 200) {
    if (ofRole === 200) return role === undefined ? 'not-a-metadata-service' : 'ready';
    if (ofRole === 404) return 'no-role';
    return ofRole === 403 ? 'off' : 'not-a-metadata-service';
  }
  if (ofPlain === 401) return 'tokens-required';
  if (ofPlain === 403 && ofToken === 403) return 'off';
  return ofPlain === 200 && role !== undefined ? 'slow' : 'not-a-metadata-service';
}

const statusOf = (answer: MetadataAnswer | undefined): number | undefined =>
  answer?.kind === 'answered' ? answer.status : undefined;

/** Whether what answers is the metadata service of an instance of EC2. */
export function isOfEc2(state: MetadataState): boolean {
  return ['ready', 'slow', 'hop-limit', 'tokens-required', 'no-role', 'off'].includes(state);
}

/** Whether requests without a token are refused; undefined: nothing has answered that tells it. */
export function requiresTokens(probe: MetadataProbe | undefined): boolean | undefined {
  const status = statusOf(probe?.plain);
  if (status === 401) return true;
  return status === 200 || status === 404 ? false : undefined;
}

/** The name of a role; anything else is the answer of another server. */
export function roleNameIn(text: string): string | undefined {
  return /^\s*([\w+=,.@-]{1,64})\s*$/.exec(text)?.[1];
}
