import { z } from 'zod/mini';
import type { Call, LargeFleet, Simulator } from '../../simulator/index.ts';
import { bucketOf } from '../../simulator/throttle.ts';
import type { Row } from './row.ts';

/** What the simulated account recorded of one change. */
export type Seen = Pick<
  Row,
  'firstUpdate' | 'lastUpdate' | 'fleetRead' | 'calls' | 'throttled' | 'missed' | 'surplus'
>;

/** Reads the ledger from `eventAt` (epoch ms) on. */
export function whatWasSeen(
  sim: Simulator,
  { affected }: LargeFleet,
  services: number,
  eventAt: number,
): Seen {
  const after = (at: number | undefined): number | null => (at === undefined ? null : (at - eventAt) / 1000);
  const calls = sim.ledger.calls.filter(({ at }) => at >= eventAt);
  const forced = sim.ledger.deployments.filter(({ createdAt, forced }) => forced && createdAt >= eventAt);
  const redeployed = new Set(forced.map(({ serviceArn }) => serviceArn));
  const wanted = new Set(affected);
  const accepted = forced
    .filter(({ serviceArn }) => wanted.has(serviceArn))
    .map(({ createdAt }) => createdAt)
    .sort((a, b) => a - b);
  return {
    firstUpdate: after(accepted[0]),
    lastUpdate: after(accepted.at(-1)),
    fleetRead: after(endOfRead(calls, services)),
    calls: countByGroup(calls),
    throttled: calls.filter(({ outcome }) => outcome === 'ThrottlingException').length,
    missed: affected.filter((arn) => !redeployed.has(arn)).length,
    surplus: forced.length - affected.filter((arn) => redeployed.has(arn)).length,
  };
}

const Described = z.object({ cluster: z.string(), services: z.array(z.string()) });
const Revision = z.object({ taskDefinition: z.string() });

/** When the last service and the last revision were described for the first time; undefined if a service never was. */
function endOfRead(calls: readonly Call[], services: number): number | undefined {
  const firstSeen = new Map<string, number>();
  const revisions = new Map<string, number>();
  for (const { operation, input, outcome, at } of calls) {
    if (outcome !== 'ok') continue;
    if (operation === 'DescribeServices') {
      const { cluster, services: named } = Described.parse(input);
      for (const id of named) see(firstSeen, `${lastPart(cluster)}/${lastPart(id)}`, at);
    }
    if (operation === 'DescribeTaskDefinition') see(revisions, Revision.parse(input).taskDefinition, at);
  }
  if (firstSeen.size < services) return undefined;
  return [...firstSeen.values(), ...revisions.values()].reduce((latest, at) => Math.max(latest, at), 0);
}

function see(first: Map<string, number>, key: string, at: number): void {
  if (!first.has(key)) first.set(key, at);
}

function lastPart(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}

function countByGroup(calls: readonly Call[]): Seen['calls'] {
  const counts: Record<string, number> = {};
  for (const { service, operation } of calls) {
    const group = bucketOf(service, operation) ?? 'other';
    counts[group] = (counts[group] ?? 0) + 1;
  }
  return counts;
}
