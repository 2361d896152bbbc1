import { CURRENT, type IgnoredReason, type NoticeKind, PENDING } from '../model/change.ts';

/** An event of EventBridge whose shape has been checked. `time` is in milliseconds, in practice a whole second. */
export type Event = {
  readonly id: string;
  readonly time: number;
  readonly region?: string | undefined;
  readonly account?: string | undefined;
  readonly said?: Said;
} & (
  | {
      readonly kind: 'label-updated';
      readonly arn: string;
      readonly label: string;
      readonly versionId?: string | undefined;
    }
  | {
      readonly kind: 'parameter-change';
      readonly arn: string;
      readonly operation: string;
      readonly failed: boolean;
    }
  | {
      readonly kind: 'parameter-policy';
      readonly arn: string;
      readonly policy: string;
      readonly failed: boolean;
    }
  | CloudTrailEvent
  | { readonly kind: 'other' }
);

/**
 * Everything in an event that says where it happened and to what. AWS says it more than once, and a forged event may
 * contradict itself.
 */
export type Said = {
  readonly accounts: readonly string[];
  readonly regions: readonly string[];
  /** Names and ARNs. */
  readonly resources: readonly string[];
};

export type CloudTrailEvent = {
  readonly kind: 'cloudtrail';
  readonly eventName: string;
  readonly failed: boolean;
  /** Full ARN if CloudTrail reports it; otherwise what the caller typed: a name or a partial ARN. */
  readonly secret?: string | undefined;
  /** PutSecretValue, UpdateSecret, CreateSecret: the id of the version that the call would create. */
  readonly clientRequestToken?: string | undefined;
  /** PutSecretValue: set only if the caller passed them. */
  readonly versionStages?: readonly string[] | undefined;
  /** UpdateSecretVersionStage. */
  readonly versionStage?: string | undefined;
  readonly moveToVersionId?: string | undefined;
};

/** What an event says has happened, before it has been confirmed. */
export type Claim =
  | {
      readonly kind: 'label-moved';
      readonly secret: string;
      readonly label: string;
      readonly versionId?: string | undefined;
    }
  | {
      readonly kind: 'version-created';
      readonly secret: string;
      readonly versionId?: string | undefined;
      /** The labels, but for AWSPENDING, of the version that such a call always creates; none if the call may have created none. */
      readonly labelled: readonly string[];
    }
  | { readonly kind: 'rotated'; readonly secret: string }
  | { readonly kind: 'secret-deleted'; readonly secret: string }
  | { readonly kind: 'parameter-changed'; readonly arn: string }
  | {
      readonly kind: 'noticed';
      readonly resource: 'secret' | 'parameter';
      readonly arn: string;
      readonly notice: NoticeKind;
    }
  | { readonly kind: 'none'; readonly reason: IgnoredReason };

/** Which events count, and why others do not (functions/README.md, Events). Throws if a known event names no secret. */
export function claimOf(event: Event): Claim {
  switch (event.kind) {
    case 'label-updated':
      return event.label === PENDING
        ? ignored('pending-label')
        : { kind: 'label-moved', secret: event.arn, label: event.label, versionId: event.versionId };
    case 'parameter-change':
      return event.failed ? ignored('failed-call') : parameterClaim(event.operation, event.arn);
    case 'parameter-policy':
      return event.failed ? ignored('failed-call') : policyClaim(event.policy, event.arn);
    case 'cloudtrail':
      return cloudTrailClaim(event);
    case 'other':
      return ignored('other-event');
    default:
      return event satisfies never;
  }
}

/** The name that AWS gives to the event, for records and reports. */
export function sourceOf(event: Event): string {
  switch (event.kind) {
    case 'label-updated':
      return 'Secret Label Updated';
    case 'parameter-change':
      return 'Parameter Store Change';
    case 'parameter-policy':
      return 'Parameter Store Policy Action';
    case 'cloudtrail':
      return event.eventName;
    case 'other':
      return 'other';
    default:
      return event satisfies never;
  }
}

/** The resource of an event, for records: its ARN if AWS reports it, otherwise what the caller typed. */
export function resourceOf(event: Event): string | undefined {
  switch (event.kind) {
    case 'label-updated':
    case 'parameter-change':
    case 'parameter-policy':
      return event.arn;
    case 'cloudtrail':
      return event.secret;
    case 'other':
      return undefined;
    default:
      return event satisfies never;
  }
}

/** `Create` counts too, because it can be the second half of a deletion and a new creation. */
function parameterClaim(operation: string, arn: string): Claim {
  switch (operation) {
    case 'Create':
    case 'Update':
      return { kind: 'parameter-changed', arn };
    case 'Delete':
      return { kind: 'noticed', resource: 'parameter', arn, notice: 'deleted' };
    case 'LabelParameterVersion':
      return ignored('parameter-labelled');
    default:
      return ignored('no-value-change');
  }
}

function policyClaim(policy: string, arn: string): Claim {
  switch (policy) {
    case 'Expiration':
      return { kind: 'noticed', resource: 'parameter', arn, notice: 'expired' };
    case 'ExpirationNotification':
      return { kind: 'noticed', resource: 'parameter', arn, notice: 'expires-soon' };
    default:
      return ignored('policy-reminder');
  }
}

function cloudTrailClaim(event: CloudTrailEvent): Claim {
  if (event.failed) return ignored('failed-call');
  switch (event.eventName) {
    case 'RotationSucceeded':
      return { kind: 'rotated', secret: named(event) };
    case 'PutSecretValue':
      return putClaim(event);
    case 'UpdateSecret':
    case 'CreateSecret':
      return created(event, []);
    case 'UpdateSecretVersionStage':
      return stageClaim(event);
    case 'DeleteSecret':
      return { kind: 'secret-deleted', secret: named(event) };
    case 'RotationFailed':
      return { kind: 'noticed', resource: 'secret', arn: named(event), notice: 'rotation-failed' };
    case 'RotationAbandoned':
      return { kind: 'noticed', resource: 'secret', arn: named(event), notice: 'rotation-abandoned' };
    case 'RotateSecret':
    case 'RotationStarted':
      return ignored('rotation-unfinished');
    default:
      return ignored('no-value-change');
  }
}

/** A rotation's first step stores the new value under AWSPENDING: a redeploy then would start tasks on the old one. */
function putClaim(event: CloudTrailEvent): Claim {
  const { versionStages } = event;
  const onlyPending =
    versionStages !== undefined && versionStages.length > 0 && versionStages.every(isPending);
  return onlyPending
    ? ignored('pending-label')
    : created(
        event,
        (versionStages ?? [CURRENT]).filter((label) => !isPending(label)),
      );
}

function stageClaim(event: CloudTrailEvent): Claim {
  const label = event.versionStage ?? CURRENT;
  if (isPending(label)) return ignored('pending-label');
  if (event.moveToVersionId === undefined) return ignored('label-removed');
  return { kind: 'label-moved', secret: named(event), label, versionId: event.moveToVersionId };
}

function created(event: CloudTrailEvent, labelled: readonly string[]): Claim {
  return {
    kind: 'version-created',
    secret: named(event),
    labelled,
    versionId: event.clientRequestToken,
  };
}

function named(event: CloudTrailEvent): string {
  if (event.secret === undefined)
    throw new TypeError(`${event.eventName}: the event does not say which secret it is about`);
  return event.secret;
}

const isPending = (label: string): boolean => label === PENDING;
const ignored = (reason: IgnoredReason): Claim => ({ kind: 'none', reason });
