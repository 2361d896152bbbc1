import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { simulate } from './testing.ts';

const at = { Bucket: 'fleet', Key: 'eu/snapshot.json' };
const get = new GetObjectCommand(at);
const status = (httpStatusCode: number) => ({ $metadata: { httpStatusCode } });

async function bucket(options: { readonly listable?: boolean } = {}) {
  const stage = await simulate();
  stage.sim.world.bucket({ name: 'fleet', ...options });
  return { ...stage, objects: stage.sim.objects('fleet') };
}

describe('objects', () => {
  it('are read as they were written, with their ETag, headers and checksum', async () => {
    const { s3, clock, objects } = await bucket();
    const Metadata = { format: '3' };
    const written = await s3.send(
      new PutObjectCommand({
        ...at,
        Body: 'hello',
        ContentType: 'text/plain',
        ContentEncoding: 'gzip',
        Metadata,
      }),
    );
    expect(written.ETag).toBe('"5d41402abc4b2a76b9719d911017c592"');
    expect(written.ChecksumCRC32).toBe('NhCmhg==');
    const { Body, ...read } = await s3.send(get);
    expect(await Body?.transformToString()).toBe('hello');
    expect(read).toMatchObject({
      ETag: written.ETag,
      ContentLength: 5,
      ContentType: 'text/plain',
      ContentEncoding: 'gzip',
      Metadata,
      LastModified: new Date(clock.now()),
    });
    expect(objects.keys).toEqual(['eu/snapshot.json']);
    expect(objects.read(at.Key)?.toString()).toBe('hello');
  });

  it('may be written as a stream that its checksum follows', async () => {
    const { s3, sim, objects } = await bucket();
    const Body = Readable.from([Buffer.alloc(70_000, 'a'), Buffer.from('the end')]);
    await s3.send(new PutObjectCommand({ ...at, Body, ContentLength: 70_007 }));
    expect(objects.read(at.Key)).toHaveLength(70_007);
    const { Body: read, ContentEncoding } = await s3.send(get);
    expect(ContentEncoding).toBeUndefined();
    expect((await read?.transformToString())?.slice(-8)).toBe('athe end');
    expect(sim.ledger.calls[0]).toMatchObject({ service: 's3', operation: 'PutObject', outcome: 'ok' });
    expect(JSON.stringify(sim.ledger.calls)).not.toContain('the end');
  });

  it('are refused when their checksum is wrong', async () => {
    const { s3, objects } = await bucket();
    const put = new PutObjectCommand({ ...at, Body: 'hello', ChecksumCRC32: 'AAAAAA==' });
    await expect(s3.send(put)).rejects.toMatchObject({ name: 'BadDigest' });
    expect(objects.keys).toEqual([]);
  });

  it('can be missing, can be read without their bytes, and can be deleted twice without an error', async () => {
    const { s3, objects } = await bucket();
    await expect(s3.send(get)).rejects.toMatchObject({ name: 'NoSuchKey', ...status(404) });
    await expect(s3.send(new HeadObjectCommand(at))).rejects.toMatchObject({ name: 'NotFound' });
    objects.plant(at.Key, 'hello');
    expect(await s3.send(new HeadObjectCommand(at))).toMatchObject({
      ContentLength: 5,
      ETag: objects.etagOf(at.Key),
    });
    await s3.send(new DeleteObjectCommand(at));
    await s3.send(new DeleteObjectCommand(at));
    expect(objects.keys).toEqual([]);
  });

  it('that are missing are denied to a caller that may not list the bucket', async () => {
    const { s3, objects } = await bucket({ listable: false });
    await expect(s3.send(get)).rejects.toMatchObject({ name: 'AccessDenied', ...status(403) });
    objects.plant(at.Key, 'there');
    await s3.send(get);
  });
});

describe('the condition', () => {
  it('If-None-Match: * allows a write only if there is no object', async () => {
    const { s3 } = await bucket();
    const create = (Body: string) => s3.send(new PutObjectCommand({ ...at, Body, IfNoneMatch: '*' }));
    await create('first');
    await expect(create('second')).rejects.toMatchObject({ name: 'PreconditionFailed', ...status(412) });
  });

  it('If-Match allows a write only if the object is unchanged', async () => {
    const { s3, objects } = await bucket();
    const replace = (IfMatch: string, Body: string) =>
      s3.send(new PutObjectCommand({ ...at, Body, IfMatch }));
    await expect(replace('"0"', 'a')).rejects.toMatchObject({ name: 'NoSuchKey', ...status(404) });
    objects.plant(at.Key, 'one');
    const one = objects.etagOf(at.Key) ?? '';
    const both = await Promise.allSettled([replace(one, 'two'), replace(one, 'three')]);
    expect(both.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(replace(one, 'four')).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await replace(objects.etagOf(at.Key) ?? '', 'five');
    expect(objects.read(at.Key)?.toString()).toBe('five');
  });

  it('If-None-Match on a read saves the transfer of an unchanged object', async () => {
    const { s3, objects } = await bucket();
    objects.plant(at.Key, 'one');
    const known = new GetObjectCommand({ ...at, IfNoneMatch: objects.etagOf(at.Key) });
    await expect(s3.send(known)).rejects.toMatchObject(status(304));
    objects.plant(at.Key, 'two');
    expect(await (await s3.send(known)).Body?.transformToString()).toBe('two');
  });
});

describe('buckets', () => {
  it('that do not exist are answered with an error', async () => {
    const { s3 } = await bucket();
    await s3.send(new HeadBucketCommand({ Bucket: 'fleet' }));
    await expect(s3.send(new HeadBucketCommand({ Bucket: 'other' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
    await expect(s3.send(new GetObjectCommand({ ...at, Bucket: 'other' }))).rejects.toMatchObject({
      name: 'NoSuchBucket',
    });
  });

  it('refuse operations that are not modelled, such as a listing', async () => {
    const { s3, sim } = await bucket();
    await expect(s3.send(new ListObjectsV2Command({ Bucket: 'fleet' }))).rejects.toThrow();
    await expect(s3.send(new GetObjectCommand({ ...at, VersionId: '1' }))).rejects.toThrow();
    expect(sim.ledger.unknown.map(({ service }) => service)).toEqual(['s3', 's3']);
  });

  it('are found in path style by a client that is configured with the endpoint alone', async () => {
    const { sim, objects } = await bucket();
    objects.plant(at.Key, 'one');
    const client = new S3Client({
      endpoint: sim.endpoint,
      region: sim.region,
      credentials: { accessKeyId: 'A', secretAccessKey: 'b' },
      maxAttempts: 1,
    });
    await client.send(get);
    expect(sim.ledger.calls.at(-1)).toMatchObject({ accessKeyId: 'A', input: at });
    client.destroy();
  });
});

describe('the faults of S3', () => {
  it.each([
    ['access-denied', { name: 'AccessDenied', ...status(403) }],
    ['throttle', { name: 'SlowDown', ...status(503) }],
    ['server-error', { name: 'InternalError', ...status(500) }],
    ['reset-before', { code: 'ECONNRESET' }],
  ] as const)('include %s, with S3’s own error', async (kind, error) => {
    const { s3, sim, objects } = await bucket();
    objects.plant(at.Key, 'one');
    sim.faults.add({ service: 's3', operation: 'GetObject', kind });
    await expect(s3.send(get)).rejects.toMatchObject(error);
    await s3.send(get);
  });

  it('include a conflicting write that is answered with 409', async () => {
    const { s3, sim } = await bucket();
    sim.faults.add({
      service: 's3',
      operation: 'PutObject',
      kind: 'client-error',
      code: 'ConditionalRequestConflict',
      status: 409,
    });
    const put = new PutObjectCommand({ ...at, Body: 'x', IfNoneMatch: '*' });
    await expect(s3.send(put)).rejects.toMatchObject({ name: 'ConditionalRequestConflict', ...status(409) });
  });

  it('include an answer that breaks off, with a cut connection or with half of the bytes', async () => {
    const { s3, sim, objects } = await bucket();
    objects.plant(at.Key, Buffer.alloc(200_000, 'x'));
    const read = async () => (await s3.send(get)).Body?.transformToByteArray();
    sim.faults.add({ service: 's3', operation: 'GetObject', kind: 'cut' });
    await expect(read()).rejects.toMatchObject({ code: 'ECONNRESET' });
    sim.faults.add({ service: 's3', operation: 'GetObject', kind: 'malformed' });
    await expect(read()).rejects.toThrow('Checksum mismatch');
    expect(await read()).toHaveLength(200_000);
  });
});
