import type { Event } from '../../functions/core/confirm/event.ts';
import type { Trigger } from '../../functions/core/follow-up/trigger.ts';
import type { Notice } from '../../functions/core/model/change.ts';
import type { SecretDescription } from '../../functions/core/model/secret.ts';
import { ACCOUNT, CHANGED_AT, PARAMETER, REGION, SECRET } from './build.ts';

/** What Secrets Manager and Parameter Store are asked, and what starts the work, for the tests of `pipeline/confirm/`. */

/** A living secret whose newest version is that of `change()`. */
export function secret(different: Partial<SecretDescription> = {}): SecretDescription {
  return {
    arn: SECRET,
    lastChangedAt: CHANGED_AT,
    labelsOf: new Map([
      ['version-2', ['AWSCURRENT']],
      ['version-1', ['AWSPREVIOUS']],
    ]),
    ...different,
  };
}

export function denied(message = 'not authorized'): Error & { readonly denied: true } {
  return Object.assign(new Error(message), { denied: true as const });
}

type EventTrigger = Extract<Trigger, { kind: 'event' }>;

const asTrigger = (event: Event, messageId: string, way?: EventTrigger['way']): EventTrigger => ({
  kind: 'event',
  messageId,
  event,
  ...(way === undefined ? {} : { way }),
});

type Different<Kind extends Event['kind']> = Partial<Extract<Event, { kind: Kind }>> & {
  readonly messageId?: string;
  readonly way?: EventTrigger['way'];
};

const BASE = { id: 'change-1', time: CHANGED_AT - 999, region: REGION, account: ACCOUNT };

/** The native event of `change()`. */
export function labelMoved({ messageId = 'm1', way, ...different }: Different<'label-updated'> = {}) {
  return asTrigger(
    {
      ...BASE,
      kind: 'label-updated',
      arn: SECRET,
      label: 'AWSCURRENT',
      versionId: 'version-2',
      ...different,
    },
    messageId,
    way,
  );
}

export function parameterEvent({ messageId = 'm1', way, ...different }: Different<'parameter-change'> = {}) {
  return asTrigger(
    { ...BASE, kind: 'parameter-change', arn: PARAMETER, operation: 'Update', failed: false, ...different },
    messageId,
    way,
  );
}

export function policyEvent({ messageId = 'm1', way, ...different }: Different<'parameter-policy'> = {}) {
  return asTrigger(
    { ...BASE, kind: 'parameter-policy', arn: PARAMETER, policy: 'Expiration', failed: false, ...different },
    messageId,
    way,
  );
}

export function callEvent({ messageId = 'm1', way, ...different }: Different<'cloudtrail'> = {}) {
  return asTrigger(
    { ...BASE, kind: 'cloudtrail', eventName: 'DeleteSecret', failed: false, secret: SECRET, ...different },
    messageId,
    way,
  );
}

/** The notice that such an event leads to. */
export function noticed(different: Partial<Notice> = {}): Notice {
  return {
    changeId: 'change-1',
    at: CHANGED_AT - 999,
    source: 'DeleteSecret',
    kind: 'secret',
    arn: SECRET,
    notice: 'not-found',
    ...different,
  };
}
