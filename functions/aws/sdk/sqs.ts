// Loaded with the first call (clients.ts); naming what is used keeps the rest of the package out of the chunk.
export { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
