import { z } from 'zod/mini';
import { answerOf, type Invocation } from '../support/lambda.ts';

const Reference = z.strictObject({
  taskDefinition: z.nullable(z.string()),
  container: z.nullable(z.string()),
  place: z.enum(['secrets', 'log', 'service-connect', 'credential-spec', 'fsx', 'pull', 'also']),
  valueFrom: z.string(),
  form: z.enum(['full-arn', 'partial-arn', 'name', 'pass-through']),
  label: z.nullable(z.string()),
  versionId: z.nullable(z.string()),
});

/** The report that requests are answered with; its lists may hold no other fields than these. */
const Report = z.object({
  changes: z.array(
    z.strictObject({
      changeId: z.string(),
      kind: z.enum(['secret', 'parameter', 'service']),
      arn: z.string(),
      label: z.optional(z.nullable(z.string())),
      versionId: z.optional(z.nullable(z.string())),
      changedAt: z.string(),
      source: z.string(),
    }),
  ),
  decisions: z.array(
    z.strictObject({
      service: z.string(),
      cluster: z.string(),
      action: z.enum(['redeploy', 'wait', 'skip']),
      reason: z.nullable(z.string()),
      changeIds: z.array(z.string()),
      wave: z.int(),
      references: z.array(Reference),
      optedOut: z.optional(z.boolean()),
      deployment: z.optional(z.record(z.string(), z.unknown())),
      obstacles: z.optional(z.array(z.record(z.string(), z.unknown()))),
      interrupts: z.optional(z.literal(true)),
    }),
  ),
  outcomes: z.array(
    z.strictObject({
      service: z.string(),
      result: z.enum(['accepted', 'not-executed', 'gone', 'failed', 'unknown']),
      deploymentId: z.optional(z.string()),
      error: z.optional(z.unknown()),
    }),
  ),
  summary: z.strictObject({
    matched: z.int(),
    redeploy: z.int(),
    wait: z.int(),
    skip: z.int(),
    accepted: z.int(),
    failed: z.int(),
  }),
});

const Uses = z.object({
  uses: z.array(
    z.object({
      service: z.string(),
      cluster: z.string(),
      optedOut: z.boolean(),
      references: z.array(Reference),
    }),
  ),
});

const StaleServices = z.array(
  z.strictObject({ service: z.string(), cluster: z.string(), changeIds: z.array(z.string()) }),
);
const Stale = z.object({
  stale: z.strictObject({ certain: StaleServices, possibly: StaleServices }),
  complete: z.boolean(),
  left: z.array(z.string()),
  unchecked: z.int(),
});

/** The fields that the answer to `stale` has beyond the report. */
export function staleIn(invocation: Invocation): z.infer<typeof Stale> {
  return Stale.parse(answerOf(invocation));
}

/** The answer to `redeploy` and `plan`; throws if its shape is wrong or the request was refused. */
export function reportIn(invocation: Invocation): z.infer<typeof Report> {
  return Report.parse(answerOf(invocation));
}

/** The answer to `uses`. */
export function usesIn(invocation: Invocation): z.infer<typeof Uses> {
  return Uses.parse(answerOf(invocation));
}

/** `name action reason`, sorted. */
export function decided(invocation: Invocation): readonly string[] {
  return reportIn(invocation)
    .decisions.map(({ service, action, reason }) =>
      [service.split('/').at(-1), action, reason].filter((word) => word !== null).join(' '),
    )
    .sort();
}
