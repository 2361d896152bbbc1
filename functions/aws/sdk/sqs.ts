// Loaded with the first call (lazily, in clients.ts). Named exports keep the rest of the package out of the chunk.
export { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
