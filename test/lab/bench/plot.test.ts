import { describe, expect, it } from 'vitest';
import { logAxis, spreadOut } from './drawing.ts';
import { plotOf } from './plot.ts';
import type { Row } from './row.ts';

function row(different: Partial<Row>): Row {
  return {
    method: 'baseline',
    services: 50,
    clusters: 2,
    affected: 20,
    firstUpdate: 1,
    lastUpdate: 4,
    fleetRead: 4,
    settled: null,
    missed: 0,
    surplus: 0,
    calls: { 'service-read': 12, 'task-definition-read': 50 },
    throttled: 0,
    invocations: 1,
    failedInvocations: 0,
    messagesThatCameBack: 0,
    environments: 1,
    peakRssMb: 60,
    peakHeapMb: 12,
    bound: { configured: 0.625, published: 0 },
    ...different,
  };
}

describe('the plot', () => {
  it('names every measured line where it ends, with its last value', () => {
    const svg = plotOf([
      row({}),
      row({ services: 5000, lastUpdate: 297, calls: { 'service-read': 1000, 'service-modify': 5020 } }),
      row({ method: 'snapshot', lastUpdate: 3.05 }),
      row({ method: 'snapshot', services: 5000, lastUpdate: 3.25 }),
    ]);
    expect(svg).toContain('>list and describe 297 s<');
    expect(svg).toContain('>cold, snapshot 3.3 s<');
    expect(svg).toContain('>list and describe 6,020<');
    expect(svg).not.toContain('warm');
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('shows the fleets with few affected services only, and leaves out what has no value', () => {
    const svg = plotOf([
      row({}),
      row({ services: 500, lastUpdate: null }),
      row({ affected: 1000, lastUpdate: 777 }),
    ]);
    expect(svg).not.toContain('777');
    expect(svg).toContain('>list and describe 4.0 s<');
  });
});

describe('drawing', () => {
  it('puts powers of ten at even distances', () => {
    const axis = logAxis([3, 250], 0, 300);
    expect(axis.ticks).toEqual([1, 10, 100, 1000]);
    expect([1, 10, 100, 1000].map(axis.at)).toEqual([0, 100, 200, 300]);
  });

  it('moves labels apart in their order, within the plot', () => {
    expect(spreadOut([100, 10, 104, 95], 10, 500)).toEqual([105, 10, 115, 95]);
    expect(spreadOut([100, 98], 10, 100)).toEqual([100, 90]);
  });
});
