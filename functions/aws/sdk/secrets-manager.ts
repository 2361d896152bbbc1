// Loaded with the first call (clients.ts); naming what is used keeps the rest of the package out of the chunk.
export {
  DescribeSecretCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
