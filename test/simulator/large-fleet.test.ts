import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ListServicesCommand,
} from '@aws-sdk/client-ecs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildLargeFleet, realisticLatency, startNeighbour, startSimulator } from './index.ts';
import { simulate } from './testing.ts';

describe('a large fleet', () => {
  it('has the requested numbers of services, clusters, revisions and affected services', async () => {
    const { sim, ecs } = await simulate({ throttling: false });
    const { shared, affected } = buildLargeFleet(sim.world, { services: 500, clusters: 20, affected: 30 });
    const listed = await ecs.send(new ListServicesCommand({ cluster: 'cluster-020', maxResults: 100 }));
    expect(listed.serviceArns).toHaveLength(25);
    expect(new Set(affected).size).toBe(30);
    expect(new Set(affected.map((arn) => arn.split('/')[1])).size).toBe(20);
    const [one = ''] = affected;
    const { services } = await ecs.send(
      new DescribeServicesCommand({ cluster: one.split('/')[1], services: [one] }),
    );
    const { taskDefinition } = await ecs.send(
      new DescribeTaskDefinitionCommand({ taskDefinition: services?.[0]?.taskDefinition }),
    );
    expect(taskDefinition?.containerDefinitions?.[0]?.secrets?.map(({ valueFrom }) => valueFrom)).toContain(
      shared.arn,
    );
    sim.rotateSecret(shared.arn);
    expect(new Set(sim.staleTasks(shared.arn).map(({ serviceArn }) => serviceArn))).toEqual(
      new Set(affected),
    );
  });
});

describe('the realistic latency', () => {
  it('lies between 20 and 80 ms, is sometimes higher, and is repeatable', () => {
    const draw = (seed: number) => Array.from({ length: 2000 }, realisticLatency(seed));
    const delays = draw(7);
    expect(delays).toEqual(draw(7));
    expect(delays).not.toEqual(draw(8));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(20);
    expect(delays.filter((ms) => ms > 80).length).toBeGreaterThan(5);
    expect(delays.filter((ms) => ms > 80).length).toBeLessThan(60);
    expect(Math.max(...delays)).toBeLessThanOrEqual(400);
  });
});

describe('a neighbour', () => {
  const neighbourhood = async (throttling: number) => {
    const sim = await startSimulator({ throttling });
    const neighbour = startNeighbour(sim, { perSecond: { DescribeTaskDefinition: 100, ListServices: 50 } });
    onTestFinished(async () => {
      await neighbour.stop();
      await sim.close();
    });
    return { sim, neighbour };
  };
  const until = (isTrue: () => boolean) => expect.poll(isTrue, { timeout: 60_000 }).toBe(true);

  it('uses the quota, and has no failure while the quota suffices', async () => {
    const { sim, neighbour } = await neighbourhood(100);
    await until(() => neighbour.calls >= 30);
    await neighbour.stop();
    expect(sim.ledger.count('ecs', 'DescribeTaskDefinition')).toBeGreaterThan(10);
    expect(sim.ledger.count('ecs', 'ListServices')).toBeGreaterThan(5);
    expect(new Set(sim.ledger.calls.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set(['NEIGHBOUR']));
    expect(neighbour.failed).toEqual([]);
  });

  it('has a failure when three attempts of a call were throttled', async () => {
    const { sim, neighbour } = await neighbourhood(0.001);
    await until(() => neighbour.failed.length > 0);
    expect(neighbour.failed[0]).toContain('Rate exceeded');
    expect(sim.ledger.calls.length).toBeGreaterThan(neighbour.failed.length * 2);
  });
});
