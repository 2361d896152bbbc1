import { GONE, REQUEST } from '../core/model/change.ts';
import type { OwnEvent, OwnEventType } from '../core/report/own-event.ts';
import { type Fields, iso, MAX_LISTED, type RecordName } from './record.ts';

/** The format of `detail`: another number when a field is renamed, taken away or given another meaning. */
const VERSION = 1;

/** The records that others may build on, besides the notices of what is gone. */
const TYPES: Partial<Readonly<Record<RecordName, OwnEventType>>> = {
  'service.redeployed': 'Service Redeployed',
  'service.failed': 'Service Failed',
  'change.settled': 'Change Settled',
  'change.unsettled': 'Change Unsettled',
};

/**
 * Collects, in the words of the log, what others may build on: the detail of an event is the record, so one promise holds for
 * both (no value, no tag, no description), and what an event says can be found in the log.
 */
export class OwnEvents {
  readonly #mode: 'enforce' | 'observe';
  readonly #now: () => number;
  #heard: OwnEvent[] = [];

  constructor(mode: 'enforce' | 'observe', now: () => number) {
    this.#mode = mode;
    this.#now = now;
  }

  /** Leaves out what is the log's alone. */
  hear(name: RecordName, fields: Fields): void {
    const type = name === 'change.notice' ? typeOfNotice(fields) : TYPES[name];
    if (type === undefined) return;
    const detail = { version: VERSION, mode: this.#mode, recordedAt: iso(this.#now()), ...fields };
    this.#heard.push({ type, resources: arnsIn(fields), detail });
  }

  /** All that was heard since this was last asked. */
  take(): readonly OwnEvent[] {
    const heard = this.#heard;
    this.#heard = [];
    return heard;
  }
}

/** Who asks by hand for something that is not there may have mistyped its name. */
function typeOfNotice({ notice, source }: Fields): OwnEventType | undefined {
  return source !== REQUEST && GONE.some((kind) => kind === notice) ? 'Resource Deleted' : undefined;
}

/** The service, and the secrets and parameters that changed, as far as they are known by their ARN. */
function arnsIn({ service, arn, arns }: Fields): readonly string[] {
  const named = [service, arn, arns].flat().filter(isArn);
  return [...new Set(named)].slice(0, MAX_LISTED);
}

function isArn(text: unknown): text is string {
  return typeof text === 'string' && text.startsWith('arn:');
}
