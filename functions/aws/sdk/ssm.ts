// Loaded with the first call (clients.ts); naming what is used keeps the rest of the package out of the chunk.
export { DescribeParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
