/** By ARN; a parameter that does not exist is in neither list. */
export type ParametersFound = {
  readonly found: readonly ParameterDescription[];
  readonly refused: readonly { readonly arn: string; readonly why: string }[];
};

/** `version`: the number of the present version. `keyId`: the key that encrypts a SecureString, as its owner named it. */
export type ParameterDescription = {
  readonly arn: string;
  readonly changedAt: number;
  readonly version?: number;
  readonly keyId?: string;
  /** Its tier allows a resource policy. */
  readonly mayHavePolicy?: true;
};
