import { z } from 'zod/mini';
import type { LogRecord } from '../../support/lambda.ts';

// The parts of the functions' answers and log records that the steps read.

const OfService = z.object({ service: z.string() });
const Uses = z.object({ uses: z.array(OfService) });
const Report = z.object({ decisions: z.array(z.extend(OfService, { action: z.string() })) });
type OfService = z.infer<typeof OfService>;

/** The services that refer to the resource, according to an answer to `uses`. */
export function usesIn(answer: unknown): readonly OfService[] {
  return Uses.parse(answer).uses;
}

/** The services that are to be redeployed, according to a report. */
export function plannedIn(answer: unknown): readonly string[] {
  return namesOf(Report.parse(answer).decisions.filter(({ action }) => action === 'redeploy'));
}

/** The services that are left alone for this reason, according to the log. */
export function toldIn(records: readonly LogRecord[], reason: string): readonly string[] {
  return namesOf(
    records.filter((record) => record['reason'] === reason).map((record) => OfService.parse(record)),
  );
}

/** The names of the records. */
export function eventsIn(records: readonly LogRecord[]): readonly unknown[] {
  return records.map((record) => record['event']);
}

/** Each service once, as `cluster/service`, sorted. */
export function namesOf(services: readonly OfService[]): readonly string[] {
  return [...new Set(services.map(({ service }) => service.split('/').slice(-2).join('/')))].sort();
}

/** The detail of an event, by which a step recognises it: moto gives events ids of its own. */
export function detailOf(body: string): string {
  return JSON.stringify(z.object({ detail: z.unknown() }).parse(JSON.parse(body)).detail);
}
