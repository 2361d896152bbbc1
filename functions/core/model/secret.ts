/** The part of what DescribeSecret returns that this code needs. Instants are in milliseconds. */
export type SecretDescription = {
  /** Full ARN, with the six characters that Secrets Manager appends. */
  readonly arn: string;
  /** The secret's own `<prefix>:enabled` tag. */
  readonly enabledTag?: string;
  readonly deletedAt?: number;
  /** The AWS service that manages the secret and rotates it, such as `rds`. */
  readonly owningService?: string;
  readonly lastRotatedAt?: number;
  readonly lastChangedAt?: number;
  /** Secrets Manager rotates the secret. */
  readonly rotationEnabled?: true;
  /** The Region of its primary, its own if it has replicas itself; absent where AWS does not say. */
  readonly primaryRegion?: string;
  /** The key that encrypts it, as its owner named it; without it, the key that AWS keeps for Secrets Manager. */
  readonly keyId?: string;
  /** The versions that carry a label, with their labels. */
  readonly labelsOf: ReadonlyMap<string, readonly string[]>;
};

/** A version that carries a label (ListSecretVersionIds). */
export type SecretVersion = {
  readonly versionId: string;
  readonly labels: readonly string[];
  readonly createdAt: number;
};

/** Where a claim or a request came from. Every change that results from it has the same origin. */
export type Origin = {
  readonly changeId: string;
  readonly at: number;
  readonly source: string;
  /** Where an event happened, if the event says it. A bare name in the event belongs to this Region and account. */
  readonly region?: string | undefined;
  readonly account?: string | undefined;
};
