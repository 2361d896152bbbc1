// Loaded with the first call (lazily, in clients.ts). Named exports keep the rest of the package out of the chunk.
export { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
