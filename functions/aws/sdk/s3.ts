// Loaded with the first call (clients.ts); naming what is used keeps the rest of the package out of the chunk.
export { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
