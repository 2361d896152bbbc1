import { z } from 'zod/mini';
import { OWN_SOURCE } from '../../../functions/core/report/own-event.ts';
import { loadRules, type Queue } from '../../infra/template.ts';
import type { AwsEvent, Simulator } from '../../simulator/index.ts';

/** How many events of one kind were put on which queue, or on none. */
export type Traffic = { readonly kind: string; readonly queue: Queue | undefined; readonly count: number };

const Json = z.record(z.string(), z.json());
/** The event as it is on the wire. */
const delivered = (event: AwsEvent) => Json.parse(JSON.parse(JSON.stringify(event)));

/**
 * Carries every later event to the queues by the rules of infra/. Returns a function that counts the events that came
 * from AWS so far.
 */
export function carryEvents(
  sim: Simulator,
  queueUrls: Readonly<Record<Queue, string>>,
): () => readonly Traffic[] {
  const rules = loadRules();
  const counted = new Map<string, Traffic>();
  for (const { queue, matches } of rules) {
    sim.pipeEvents(queueUrls[queue], (event) => matches(delivered(event)));
  }
  sim.onEvent((event) => {
    if (event.source === OWN_SOURCE) return;
    const queue = rules.find(({ matches }) => matches(delivered(event)))?.queue;
    const kind = kindOf(event);
    const key = `${kind} ${queue}`;
    counted.set(key, { kind, queue, count: (counted.get(key)?.count ?? 0) + 1 });
  });
  return () => [...counted.values()];
}

const Detail = z.object({
  eventName: z.optional(z.string()),
  operation: z.optional(z.string()),
  labelUpdated: z.optional(z.string()),
  exception: z.optional(z.string()),
  requestParameters: z.nullish(z.object({ versionStages: z.optional(z.array(z.string())) })),
});

/** `CloudTrail: PutSecretValue AWSPENDING`, short enough for a table. */
function kindOf(event: AwsEvent): string {
  const { eventName, operation, labelUpdated, exception, requestParameters } = Detail.parse(event.detail);
  const what = [
    eventName ?? operation ?? labelUpdated ?? '',
    ...(requestParameters?.versionStages ?? []),
    ...(exception === undefined ? [] : ['(failed)']),
  ];
  const type = event['detail-type'].endsWith('via CloudTrail') ? 'CloudTrail' : event['detail-type'];
  // The differences between the three ECS events of a deployment do not matter here.
  return event.source === 'aws.ecs' ? type : `${type}: ${what.join(' ')}`;
}
