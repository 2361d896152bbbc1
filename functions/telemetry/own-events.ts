import { GONE, REQUEST } from '../core/model/change.ts';
import type { OwnEvent, OwnEventType } from '../core/report/own-event.ts';
import { type Fields, iso, MAX_LISTED, type RecordName } from './record.ts';

/** The format of `detail`; it is raised when a field is renamed, removed or given another meaning. */
const VERSION = 2;

/** The records that become own events, besides the notices of deleted resources. */
const TYPES: Partial<Readonly<Record<RecordName, OwnEventType>>> = {
  'service.redeployed': 'Service Redeployed',
  'service.failed': 'Service Failed',
  'change.settled': 'Change Settled',
  'change.unsettled': 'Change Unsettled',
};

/**
 * Collects the records that become own events. The detail of an event is the record itself: what an event says can be
 * found in the log, and the same promise holds for both (no value, no tag, no description).
 */
export class OwnEvents {
  readonly #mode: 'enforce' | 'observe';
  readonly #now: () => number;
  #heard: OwnEvent[] = [];

  constructor(mode: 'enforce' | 'observe', now: () => number) {
    this.#mode = mode;
    this.#now = now;
  }

  /** Ignores the records that belong to the log only. */
  hear(name: RecordName, fields: Fields): void {
    const type = name === 'change.notice' ? typeOfNotice(fields) : TYPES[name];
    if (type === undefined) return;
    const detail = { version: VERSION, mode: this.#mode, recordedAt: iso(this.#now()), ...fields };
    this.#heard.push({ type, resources: arnsIn(fields), detail });
  }

  /** The events collected since the last call. */
  take(): readonly OwnEvent[] {
    const heard = this.#heard;
    this.#heard = [];
    return heard;
  }
}

/** A notice of a request is no event: a resource that does not exist may be a mistyped name. */
function typeOfNotice({ notice, source }: Fields): OwnEventType | undefined {
  return source !== REQUEST && GONE.some((kind) => kind === notice) ? 'Resource Deleted' : undefined;
}

/** The service, and the changed secrets and parameters whose ARN is known. */
function arnsIn({ service, arn, arns }: Fields): readonly string[] {
  const named = [service, arn, arns].flat().filter(isArn);
  return [...new Set(named)].slice(0, MAX_LISTED);
}

function isArn(text: unknown): text is string {
  return typeof text === 'string' && text.startsWith('arn:');
}
