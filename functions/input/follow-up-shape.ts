import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod/mini';
import { clusterArn } from '../core/arn.ts';
import { NOTICES } from '../core/change.ts';
import type { FollowUp } from '../core/follow-up.ts';
import type { Reading } from '../core/reading.ts';
import { problemsOf } from './problems.ts';

/**
 * The message in which follow-ups travel through the queue. The version is raised when older code could not understand
 * the message any more; newer code goes on understanding all earlier versions, for messages survive an upgrade.
 */
export const FOLLOW_UP_VERSION = 1;

/** A follow-up that this code cannot read; it comes back, and ends in the dead-letter queue. */
export class MalformedFollowUp extends Error {
  override readonly name = 'MalformedFollowUp';
}

const count = z.number().check(z.int(), z.minimum(0));
const text = z.string().check(z.minLength(1));

const change = z.object({
  changeId: text,
  kind: z.enum(['secret', 'parameter', 'service']),
  arn: text,
  label: z.exactOptional(text),
  versionId: z.exactOptional(text),
  changedAt: z.number(),
  possiblyUntil: z.exactOptional(z.number()),
  source: text,
  optedOut: z.boolean(),
});

const notice = z.object({
  changeId: text,
  kind: z.enum(['secret', 'parameter']),
  arn: text,
  notice: z.enum(NOTICES),
  at: z.number(),
  source: text,
});

const clusterText = z.pipe(
  text.check(
    z.refine((arn) => /^arn:[^:]+:ecs:[^:]+:[^:]+:cluster\//.test(arn), 'expected the ARN of a cluster'),
  ),
  z.transform(clusterArn),
);

/** Names and ids only, grouped by cluster: five thousand services are to fit into a message. */
const openIn = z.tuple([
  clusterText,
  z.array(z.tuple([text, z.nullable(z.string()), z.boolean(), z.string()])),
]);

const envelope = z.object({
  kind: z.literal('follow-up'),
  version: z.number(),
  gzip: z.optional(z.string()),
});
const message = z.object({
  readings: z._default(
    z.array(
      z.object({
        changes: z.array(change),
        notices: z.array(notice),
        firstHandledAt: z.number(),
        matched: z.array(z.tuple([clusterText, z.array(text)])),
        left: z.array(clusterText).check(z.minLength(1)),
      }),
    ),
    [],
  ),
  followUps: z.array(
    z.object({
      changeId: text,
      changes: z.array(change).check(z.minLength(1)),
      firstHandledAt: z.number(),
      hop: count,
      open: z.array(openIn),
      tally: z.object({ redeployed: count, fresh: count, failed: count, skipped: count, left: count }),
      denied: z.boolean(),
      failedWave: z.nullable(count),
    }),
  ),
});

/** Whether a message is meant as a follow-up, readable or not. */
export function isFollowUp(body: string): boolean {
  return body.startsWith(START);
}

/** What a message of ours carries. */
export type Carried = { readonly followUps: readonly FollowUp[]; readonly readings: readonly Reading[] };

/** Throws MalformedFollowUp. */
export function parseFollowUps(body: string): Carried {
  const raw = parsed(body);
  const { data: outside } = z.safeParse(envelope, raw);
  if (outside !== undefined && outside.version > FOLLOW_UP_VERSION) {
    throw new MalformedFollowUp(
      `the follow-up has format version ${outside.version}, this code knows ${FOLLOW_UP_VERSION}: deploy the newer code again, then redrive`,
    );
  }
  const { data, error } = z.safeParse(
    message,
    outside?.gzip === undefined ? raw : parsed(unpacked(outside.gzip)),
  );
  if (data === undefined)
    throw new MalformedFollowUp(`the follow-up cannot be read: ${problemsOf(error).join('; ')}`);
  return {
    followUps: data.followUps.map((followUp) => ({
      ...followUp,
      open: followUp.open.flatMap(([cluster, services]) =>
        services.map(([name, deploymentId, ours, told]) => ({ cluster, name, deploymentId, ours, told })),
      ),
    })),
    readings: data.readings.map((reading) => ({
      ...reading,
      matched: reading.matched.flatMap(([cluster, names]) => names.map((name) => ({ cluster, name }))),
    })),
  };
}

/** The body of a message that carries these follow-ups. */
export function followUpBody(followUps: readonly FollowUp[]): string {
  return fitting(`${START}${FOLLOW_UP_VERSION},"followUps":[${followUps.map(written).join(',')}]}`);
}

/** The body of a message that carries a read of the fleet which is to be gone on with. */
export function readingBody(reading: Reading): string {
  const names = new Map<string, string[]>();
  for (const { cluster, name } of reading.matched) names.set(cluster, [...(names.get(cluster) ?? []), name]);
  const body = JSON.stringify({ ...reading, matched: [...names] });
  return fitting(`${START}${FOLLOW_UP_VERSION},"followUps":[],"readings":[${body}]}`);
}

/** What would be too large is compressed: names repeat themselves. A change is never split, its waves hang together. */
function fitting(body: string): string {
  if (body.length <= MESSAGE_BYTES) return body;
  return `${START}${FOLLOW_UP_VERSION},"gzip":"${gzipSync(body).toString('base64')}"}`;
}

/** Below SQS's limit of 1 MiB (AWS-FACTS §2.5). */
export const MESSAGE_BYTES = 900_000;
/** No message of ours grows beyond this when it is unpacked. */
const UNPACKED_BYTES = 64_000_000;

const START = '{"kind":"follow-up","version":';

function written(followUp: FollowUp): string {
  const byCluster = new Map<string, [string, string | null, boolean, string][]>();
  for (const { cluster, name, deploymentId, ours, told } of followUp.open) {
    const services = byCluster.get(cluster) ?? [];
    services.push([name, deploymentId, ours, told]);
    byCluster.set(cluster, services);
  }
  return JSON.stringify({ ...followUp, open: [...byCluster] });
}

function unpacked(packed: string): string {
  try {
    return gunzipSync(Buffer.from(packed, 'base64'), { maxOutputLength: UNPACKED_BYTES }).toString();
  } catch (cause) {
    throw new MalformedFollowUp('the follow-up cannot be unpacked', { cause });
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new MalformedFollowUp('the follow-up is not JSON', { cause });
  }
}
