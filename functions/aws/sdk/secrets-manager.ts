// Loaded with the first call (lazily, in clients.ts). Named exports keep the rest of the package out of the chunk.
export {
  DescribeSecretCommand,
  GetResourcePolicyCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
