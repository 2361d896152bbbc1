import { describe, expect, it } from 'vitest';
import { boundsOf, neededCalls } from './bounds.ts';

const RATES = { readRate: 16, readBurst: 40, updateRate: 4, updateBurst: 40 };

describe('the least time that the buckets allow', () => {
  it('counts the calls of one read with the largest pages', () => {
    expect(neededCalls({ method: 'cold', services: 5000, clusters: 20, affected: 20 })).toEqual({
      'cluster-read': 2,
      'service-read': 20 * (3 + 25),
      'task-definition-read': 5000,
      'service-modify': 20,
    });
  });

  it.each([
    { method: 'cold', services: 5000, affected: 20, configured: 310, published: 247.5 },
    { method: 'cold', services: 5000, affected: 1000, configured: 310, published: 247.5 },
    { method: 'warm', services: 5000, affected: 20, configured: 32.5, published: 23 },
    { method: 'warm', services: 5000, affected: 1000, configured: 240, published: 190 },
    { method: 'cold', services: 50, affected: 20, configured: 0.625, published: 0 },
    { method: 'cold', services: 20, affected: 20, configured: 0, published: 0 },
  ] as const)(
    '$method, $affected of $services: $configured s at our rate, $published s at AWS’s',
    ({ configured, published, ...size }) => {
      const clusters = Math.max(1, size.services / 250);
      expect(boundsOf(neededCalls({ ...size, clusters }), RATES)).toEqual({ configured, published });
    },
  );
});
