import type { LogRecord } from './log.ts';
import { PARAMETER_ARN, PARAMETER_NAME, SECRET_ARN, SECRET_NAME } from './resources.ts';

/** A change as the records of on-change describe it. */
export type ToldChange = {
  readonly resource: string;
  /** The kind of event that reported it. */
  readonly source: string;
  /** How it ended; undefined while services wait. */
  readonly end: 'change.settled' | 'change.unsettled' | undefined;
  /** From the change until the last old task is gone; undefined where there was nothing to follow. */
  readonly exposureSeconds: number | undefined;
};

type News = {
  readonly hear: (record: LogRecord) => void;
  readonly changes: () => readonly ToldChange[];
};

/** Records within this many milliseconds become one line. */
const TOGETHER_MS = 60;
/** The most services that a line names. */
const NAMED = 4;

/** Turns the records of the functions into lines for the screen. */
export function tellNews(say: (line: string) => void): News {
  const changes = new Map<string, ToldChange>();
  const tellTogether = gathering(say);
  const hear = (record: LogRecord): void => {
    const { event, functionName = '', changeId = '', redeploy = 0, wait = 0, skip = 0 } = record;
    const change = changes.get(changeId);
    switch (event) {
      case 'plan.made':
        // A follow-up looks only at services that wait: its plan may hold no decision.
        if (redeploy + wait + skip > 0)
          say(`${functionName}'s plan: redeploy ${redeploy}, wait for ${wait}, leave ${skip} alone`);
        break;
      case 'change.received':
        if (functionName === 'on-change') changes.set(changeId, received(record));
        break;
      case 'service.redeployed':
      case 'service.fresh':
        tellTogether(record);
        break;
      case 'change.settled':
      case 'change.unsettled':
        if (change === undefined) break;
        changes.set(changeId, { ...change, end: event, exposureSeconds: record.exposureSeconds });
        // Printed after the lines of its services, which are delayed by TOGETHER_MS.
        setTimeout(() => say(endLine(change, record)), 2 * TOGETHER_MS);
        break;
      default:
    }
  };
  return { hear, changes: () => [...changes.values()] };
}

/** `1 event`, `2 events`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

export const NAMES = new Map([
  [SECRET_ARN, `secret ${SECRET_NAME}`],
  [PARAMETER_ARN, `parameter ${PARAMETER_NAME}`],
]);

function received({ arn = '', source = '' }: LogRecord): ToldChange {
  return { resource: arn, source, end: undefined, exposureSeconds: undefined };
}

function endLine(
  { resource, source }: ToldChange,
  { event, exposureSeconds, redeployed, left = 0 }: LogRecord,
): string {
  const what = `${NAMES.get(resource)} (${source})`;
  if (event === 'change.unsettled') return `${what}: NOT settled, services still wait`;
  if (left > 0)
    return `${what}: settled; ${counted(left, 'service')} left alone on the old value, as decided`;
  if (exposureSeconds === undefined) return `${what}: settled, every service was already fresh`;
  const done =
    redeployed === 0 ? 'by services that were already redeployed' : `services redeployed: ${redeployed}`;
  return `${what}: settled after ${exposureSeconds.toFixed(1)} s (${done})`;
}

function gathering(say: (line: string) => void): (record: LogRecord) => void {
  const gathered = new Map<string, Set<string>>();
  return ({ event, service = '', wave = 0 }) => {
    const kind = event === 'service.fresh' ? 'seen fresh' : `redeployed, wave ${wave}`;
    const names = gathered.get(kind) ?? new Set();
    if (names.size === 0) {
      setTimeout(() => {
        gathered.delete(kind);
        say(`${kind}: ${named([...names])}`);
      }, TOGETHER_MS);
    }
    gathered.set(kind, names.add(service.slice(service.lastIndexOf('/') + 1)));
  };
}

function named(names: readonly string[]): string {
  return names.length > NAMED ? counted(names.length, 'service') : names.join(', ');
}
