/** What DescribeSecret tells about a secret, less everything that nobody here needs to know. Instants in milliseconds. */
export type SecretDescription = {
  /** Full ARN, with the six characters that Secrets Manager appends. */
  readonly arn: string;
  /** The secret's own `<prefix>:enabled` tag. */
  readonly enabledTag?: string;
  readonly deletedAt?: number;
  readonly lastRotatedAt?: number;
  readonly lastChangedAt?: number;
  /** The versions that carry a label, with their labels. */
  readonly labelsOf: ReadonlyMap<string, readonly string[]>;
};

/** A version that carries a label (ListSecretVersionIds). */
export type SecretVersion = {
  readonly versionId: string;
  readonly labels: readonly string[];
  readonly createdAt: number;
};

/** Where a claim or a request came from: shared by every change that comes of it. */
export type Origin = {
  readonly changeId: string;
  readonly at: number;
  readonly source: string;
  /** Where an event happened, as far as it tells; a bare name in it means a secret of that place. */
  readonly region?: string | undefined;
  readonly account?: string | undefined;
};
