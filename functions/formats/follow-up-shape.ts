import * as z from 'zod/mini';
import { clusterArn } from '../core/model/arn.ts';
import { CHANGE_KINDS, NOTICE_KINDS, NOTICES } from '../core/model/change.ts';
import { DEPLOYMENT_STATES } from '../core/model/rollout.ts';

/** The JSON of a follow-up message, as far as it is checked before the code trusts it. */

const count = z.number().check(z.int(), z.minimum(0));
const text = z.string().check(z.minLength(1));

/** An instant that a Date can hold. Any other would make its record throw, and fail the other messages of the batch. */
const instant = z.number().check(z.minimum(0), z.maximum(8_640_000_000_000_000));

const change = z.object({
  changeId: text,
  kind: z.enum(CHANGE_KINDS),
  arn: text,
  label: z.exactOptional(text),
  versionId: z.exactOptional(text),
  changedAt: instant,
  possiblyUntil: z.exactOptional(instant),
  source: text,
  optedOut: z.boolean(),
  confirmed: z.exactOptional(z.literal(false)),
  behind: z.exactOptional(z.literal(true)),
});

const notice = z.object({
  changeId: text,
  kind: z.enum(NOTICE_KINDS),
  arn: text,
  notice: z.enum(NOTICES),
  at: instant,
  source: text,
  fullArnOnly: z.exactOptional(z.literal(true)),
});

const clusterText = z.pipe(
  text.check(
    z.refine((arn) => /^arn:[^:]+:ecs:[^:]+:[^:]+:cluster\//.test(arn), 'expected the ARN of a cluster'),
  ),
  z.transform(clusterArn),
);

/** Names and ids only, grouped by cluster, so that 5,000 services fit into a message. */
const openIn = z.tuple([
  clusterText,
  z.array(z.tuple([text, z.nullable(z.string()), z.boolean(), z.string()])),
]);

/** States of deployments by cluster and service; `ran`: the tasks before our redeploy. */
const rolloutsIn = z.tuple([
  clusterText,
  z.array(
    z.tuple([
      text,
      z.object({
        state: z.exactOptional(z.enum(DEPLOYMENT_STATES)),
        since: z.exactOptional(instant),
        alarmed: z.exactOptional(z.boolean()),
        ran: z.exactOptional(count),
      }),
    ]),
  ),
]);

const exposureEnd = z.object({
  at: instant,
  by: z.enum(['stopped-task', 'service-deployment', 'look']),
});

/** Names of services by cluster, and clusters with the names of the services that were seen of them. */
const unread = z._default(
  z.object({
    services: z.array(z.tuple([clusterText, z.array(text)])),
    clusters: z.array(z.tuple([clusterText, z.array(text)])),
  }),
  { services: [], clusters: [] },
);

export const envelope = z.object({
  kind: z.literal('follow-up'),
  version: z.number(),
  gzip: z.optional(z.string()),
});
export const carried = z.object({
  readings: z._default(
    z.array(
      z.object({
        changes: z.array(change),
        notices: z.array(notice),
        firstHandledAt: instant,
        matched: z.array(z.tuple([clusterText, z.array(text)])),
        started: z._default(z.array(z.tuple([clusterText, z.array(z.tuple([text, text]))])), []),
        left: z.union([z.literal('all'), z.array(clusterText).check(z.minLength(1))]),
        unread: z._default(z.array(z.tuple([clusterText, z.string()])), []),
      }),
    ),
    [],
  ),
  followUps: z.array(
    z.object({
      changeId: text,
      changes: z.array(change).check(z.minLength(1)),
      firstHandledAt: instant,
      hop: count,
      open: z.array(openIn),
      tally: z.object({ redeployed: count, fresh: count, failed: count, skipped: count, left: count }),
      denied: z.boolean(),
      failedWave: z.nullable(count),
      deniedWave: z._default(z.nullable(count), null),
      triedAt: z.exactOptional(instant),
      unread,
      givenUp: z._default(z.boolean(), false),
      limitRecorded: z._default(z.boolean(), false),
      knownEnd: z._default(z.nullable(instant), null),
      exposureEnd: z._default(z.nullable(exposureEnd), null),
      rollouts: z._default(z.array(rolloutsIn), []),
      missing: z.exactOptional(z.array(z.tuple([text, instant]))),
      notMade: z._default(count, 0),
    }),
  ),
});
