import { ECSClient, ListClustersCommand } from '@aws-sdk/client-ecs';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startSimulator } from '../simulator/index.ts';
import { withoutSockets } from './wire.ts';

/** Nobody listens there: what is answered came without a socket. */
const NOWHERE = 'http://127.0.0.1:1';

async function carried() {
  const sim = await startSimulator({ throttling: false });
  const release = withoutSockets({ ...sim, endpoint: NOWHERE });
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  const config = { endpoint: NOWHERE, region: sim.region, credentials, maxAttempts: 1 };
  const ecs = new ECSClient(config);
  const s3 = new S3Client({ ...config, forcePathStyle: true });
  sim.world.service({ cluster: 'main', name: 'api' });
  sim.act('s3', 'PutObject', { Bucket: sim.world.bucket({ name: 'fleet' }).name, Key: 'a b', Body: 'hello' });
  onTestFinished(async () => {
    release();
    await sim.close();
  });
  return { sim, release, ecs, s3 };
}

const list = new ListClustersCommand({});

describe('a request to a simulator in this process', () => {
  test('needs no socket, until it is released', async () => {
    const { ecs, release } = await carried();
    expect((await ecs.send(list)).clusterArns).toHaveLength(1);
    release();
    await expect(ecs.send(list)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('keeps its path and its query', async () => {
    const { s3 } = await carried();
    const listed = s3.send(new ListObjectsV2Command({ Bucket: 'fleet', Prefix: 'a b' }));
    await expect(listed).rejects.toThrow('does not model s3:GET /fleet/?list-type=2&prefix=a%20b');
  });

  test('fails as on a network that cuts the connection before, or within, the answer', async () => {
    const { sim, ecs, s3 } = await carried();
    sim.faults.add({ operation: 'ListClusters', kind: 'reset-before' });
    await expect(ecs.send(list)).rejects.toMatchObject({ code: 'ECONNRESET' });
    sim.faults.add({ operation: 'GetObject', kind: 'cut' });
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'fleet', Key: 'a b' }));
    await expect(Body?.transformToString()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('ends when its caller aborts it, before and while it hangs', async () => {
    const { sim, ecs } = await carried();
    await expect(ecs.send(list, { abortSignal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
    sim.faults.add({ operation: 'ListClusters', kind: 'hang' });
    const hanging = ecs.send(list, { abortSignal: AbortSignal.timeout(20) });
    await expect(hanging).rejects.toMatchObject({ name: 'AbortError' });
  });
});
