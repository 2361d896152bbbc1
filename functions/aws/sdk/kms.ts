// Loaded with the first call (lazily, in clients.ts). Named exports keep the rest of the package out of the chunk.
export { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
