import * as z from 'zod/mini';
import type { CloudTrailEvent, Event, Said } from '../core/confirm/event.ts';
import { hasMoreElements, MESSAGE_ELEMENTS } from './bounds.ts';
import { checkedBy, firstProblems } from './problems.ts';

/** A message whose body is not an EventBridge event, or lacks a field that events of its kind have. */
export class MalformedEvent extends Error {
  override readonly name = 'MalformedEvent';
}

const text = z.string().check(z.minLength(1));
const maybe = <T extends z.core.$ZodType>(schema: T) => z.nullish(schema);

const envelope = z.object({
  // EventBridge's ids are UUIDs. Every record and every follow-up of the change carries the id.
  id: text.check(z.maxLength(256)),
  source: text,
  'detail-type': text,
  time: z
    .string()
    .check(z.refine((time) => !Number.isNaN(Date.parse(time)), 'expected an instant in ISO 8601')),
  region: maybe(z.string()),
  account: maybe(z.string()),
  resources: z.optional(z.array(z.string())),
  detail: z.record(z.string(), z.unknown()),
});

const labelUpdated = z.object({
  resources: z.tuple([text], z.string()),
  detail: z.object({ labelUpdated: text, versionId: maybe(text) }),
});

const parameterChange = z.object({
  resources: z.tuple([text], z.string()),
  detail: z.object({ operation: text, exception: z.optional(z.unknown()) }),
});

const parameterPolicy = z.object({
  resources: z.tuple([text], z.string()),
  detail: z.object({ 'policy-type': text, 'action-status': maybe(z.string()) }),
});

/**
 * `arn` was `aRN` before February 2024; both may be absent, and so may the whole `responseElements`
 * (functions/README.md, Events).
 */
const cloudTrail = z.object({
  detail: z.object({
    eventName: text,
    errorCode: maybe(z.string()),
    requestParameters: maybe(
      z.object({
        secretId: maybe(z.string()),
        name: maybe(z.string()),
        clientRequestToken: maybe(z.string()),
        versionStages: maybe(z.array(z.string())),
        versionStage: maybe(z.string()),
        moveToVersionId: maybe(z.string()),
      }),
    ),
    responseElements: maybe(
      z.object({ arn: maybe(z.string()), aRN: maybe(z.string()), ARN: maybe(z.string()) }),
    ),
    additionalEventData: maybe(z.object({ SecretId: maybe(z.string()) })),
  }),
});

/** Parses the body of a message as an event. Throws MalformedEvent, whose message names every fault. */
export function parseEvent(body: string): Event {
  const raw = checked(envelope, parsedJson(body));
  const { id, time, region, account } = raw;
  return {
    id,
    time: Date.parse(time),
    region: orAbsent(region),
    account: orAbsent(account),
    said: saidIn(raw),
    ...kindOf(raw),
  };
}

type Envelope = z.infer<typeof envelope>;
type Kind = Event extends infer Member
  ? Member extends Event
    ? Omit<Member, 'id' | 'time' | 'region' | 'account' | 'said'>
    : never
  : never;

function kindOf(raw: Envelope): Kind {
  switch (`${raw.source}/${raw['detail-type']}`) {
    case 'aws.secretsmanager/Secret Label Updated': {
      const { resources, detail } = checked(labelUpdated, raw);
      return {
        kind: 'label-updated',
        arn: resources[0],
        label: detail.labelUpdated,
        versionId: orAbsent(detail.versionId),
      };
    }
    case 'aws.ssm/Parameter Store Change': {
      const { resources, detail } = checked(parameterChange, raw);
      const failed = detail.exception !== undefined;
      return { kind: 'parameter-change', arn: resources[0], operation: detail.operation, failed };
    }
    case 'aws.ssm/Parameter Store Policy Action': {
      const { resources, detail } = checked(parameterPolicy, raw);
      const failed = /^fail/i.test(detail['action-status'] ?? '');
      return { kind: 'parameter-policy', arn: resources[0], policy: detail['policy-type'], failed };
    }
    case 'aws.secretsmanager/AWS API Call via CloudTrail':
    case 'aws.secretsmanager/AWS Service Event via CloudTrail':
      return cloudTrailEvent(checked(cloudTrail, raw).detail);
    default:
      return { kind: 'other' };
  }
}

/** The fields in which AWS names a resource, in the detail of an event or in a part of it. */
const NAMING: Readonly<Record<string, readonly string[]>> = {
  requestParameters: ['secretId', 'name'],
  responseElements: ['arn', 'aRN', 'ARN', 'name'],
  additionalEventData: ['SecretId'],
};

function saidIn({ region, account, resources = [], detail }: Envelope): Said {
  const named = Object.entries(NAMING).flatMap(([part, fields]) => textsIn(detail[part], fields));
  return {
    accounts: [...textsIn({ account }, ['account']), ...textsIn(detail, ['recipientAccountId'])],
    regions: [...textsIn({ region }, ['region']), ...textsIn(detail, ['awsRegion'])],
    resources: [...resources, ...textsIn(detail, ['name', 'parameter-name']), ...named],
  };
}

/** A field that is no text says nothing; where it matters, the event is malformed. */
function textsIn(fields: unknown, names: readonly string[]): readonly string[] {
  const { data = {} } = z.safeParse(z.record(z.string(), z.unknown()), fields);
  return names.flatMap((name) => {
    const said = data[name];
    return typeof said === 'string' && said !== '' ? [said] : [];
  });
}

function cloudTrailEvent(detail: z.infer<typeof cloudTrail>['detail']): CloudTrailEvent {
  const { requestParameters: asked, responseElements: answer } = detail;
  const named = detail.additionalEventData?.SecretId ?? asked?.secretId ?? asked?.name;
  return {
    kind: 'cloudtrail',
    eventName: detail.eventName,
    failed: detail.errorCode !== undefined && detail.errorCode !== null,
    secret: orAbsent(answer?.arn ?? answer?.aRN ?? answer?.ARN ?? named),
    clientRequestToken: orAbsent(asked?.clientRequestToken),
    versionStages: asked?.versionStages ?? undefined,
    versionStage: orAbsent(asked?.versionStage),
    moveToVersionId: orAbsent(asked?.moveToVersionId),
  };
}

/** An absent, null or empty field means that AWS does not give the value. */
function orAbsent(given: string | null | undefined): string | undefined {
  return given === null || given === '' ? undefined : given;
}

function parsedJson(body: string): unknown {
  // EventBridge sends 256 KiB at most; only a message of another sender can hold so much.
  if (hasMoreElements(body, MESSAGE_ELEMENTS))
    throw new MalformedEvent(`the message has more than ${MESSAGE_ELEMENTS} values; no event of AWS has`);
  try {
    return JSON.parse(body);
  } catch (cause) {
    // The message of the JSON parser quotes the body, which must not be logged.
    throw new MalformedEvent('the message is not JSON; expected an EventBridge event', { cause });
  }
}

function checked<T extends z.core.$ZodType>(schema: T, value: unknown): z.output<T> {
  const result = checkedBy(schema, value);
  if (result.success) return result.data;
  throw new MalformedEvent(`the message is not an EventBridge event: ${firstProblems(result.error)}`);
}
