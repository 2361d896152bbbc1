import { type Aws, type Operation, type Operations, principalOf } from '../aws.ts';
import { AwsError } from '../errors.ts';
import { type Input, isRecord, records, text, texts } from '../input.ts';
import type { Caller } from '../ledger.ts';
import { arnOf } from '../place.ts';
import { busAt, mayPut, route } from './delivery.ts';

const MOST_ENTRIES = 10;
/** The size that PutEvents accepted everywhere before 2026 (functions/README.md, Quotas). */
const MOST_BYTES = 256 * 1024;

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html */
const MOST_TYPE_CHARACTERS = 128;

const putEvents: Operation = (aws, input, { at, caller }) => {
  const entries = records(input, 'Entries');
  checkCount(entries);
  checkSize(entries);
  for (const entry of entries) checkBus(aws, entry);
  const results = entries.map((entry) => put(aws, entry, at, caller));
  return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
};

/** EventBridge's operations; `ListRules` and `ListTargetsByRule` show what is installed. */
export const EVENTS: Operations = {
  PutEvents: putEvents,
  ListRules: ({ installed, place }, input) => {
    const prefix = text(input, 'NamePrefix') ?? '';
    const bus = text(input, 'EventBusName') ?? 'default';
    const rules = [...installed.rules.values()].filter(
      (one) => (one.bus ?? 'default') === bus && one.name.startsWith(prefix),
    );
    return {
      Rules: rules.map(({ name, state, pattern }) => ({
        Name: name,
        Arn: arnOf(place, 'events', `rule/${name}`),
        State: state,
        EventPattern: pattern,
        EventBusName: bus,
      })),
    };
  },
  ListTargetsByRule: ({ installed }, input) => {
    const rule = installed.rules.get(text(input, 'Rule') ?? '');
    if (rule === undefined || (rule.bus ?? 'default') !== (text(input, 'EventBusName') ?? 'default'))
      throw new AwsError('ResourceNotFoundException', `Rule ${text(input, 'Rule')} does not exist.`);
    return { Targets: rule.targets };
  },
};

function checkCount({ length }: readonly Input[]): void {
  if (length >= 1 && length <= MOST_ENTRIES) return;
  const limit = length === 0 ? 'greater than or equal to 1' : `less than or equal to ${MOST_ENTRIES}`;
  throw invalid(
    `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length ${limit}`,
  );
}

function checkSize(entries: readonly Input[]): void {
  const bytes = entries.reduce((sum, entry) => sum + bytesOf(entry), 0);
  if (bytes > MOST_BYTES) throw invalid('Total size of the entries in the request is over the limit.');
}

/** The size of an entry as EventBridge counts it: 14 bytes for an instant, and the bytes of every text. */
function bytesOf(entry: Input): number {
  const own = ['Source', 'DetailType', 'Detail'].map((field) => text(entry, field) ?? '');
  const instant = entry['Time'] === undefined ? 0 : 14;
  return [...own, ...texts(entry, 'Resources')].reduce((sum, one) => sum + Buffer.byteLength(one), instant);
}

function checkBus(aws: Aws, entry: Input): void {
  const name = text(entry, 'EventBusName') ?? 'default';
  if (isDefault(aws, name) || busAt(aws, arnOfBus(aws, name)) !== undefined) return;
  throw new AwsError('ResourceNotFoundException', `Event bus ${name} does not exist.`);
}

const arnOfBus = ({ place }: Aws, name: string): string =>
  name.startsWith('arn:') ? name : arnOf(place, 'events', `event-bus/${name}`);

const isDefault = (aws: Aws, name: string): boolean =>
  name === 'default' || name === arnOf(aws.place, 'events', 'event-bus/default');

/** Puts one entry on the bus; a fault in it does not affect the others. */
function put(aws: Aws, entry: Input, at: number, caller: Caller): object {
  const [source, type, detail] = ['Source', 'DetailType', 'Detail'].map((field) => text(entry, field));
  if (!source) return missing('Source');
  if (!type) return missing('DetailType');
  if (!detail) return missing('Detail');
  if (type.length > MOST_TYPE_CHARACTERS)
    return refused('InvalidArgument', 'Parameter DetailType is not valid. Reason: DetailType is too long.');
  if (source.startsWith('aws.'))
    return refused('NotAuthorizedForSourceException', 'Not authorized for the source.');
  const parsed = objectIn(detail);
  if (parsed === undefined) return refused('MalformedDetail', 'Detail is malformed.');
  const happening = { at, type, source, resources: texts(entry, 'Resources'), detail: parsed };
  const name = text(entry, 'EventBusName') ?? 'default';
  if (isDefault(aws, name)) return { EventId: aws.bus.emit(happening).id };
  const event = aws.bus.stamp(happening);
  const found = busAt(aws, arnOfBus(aws, name));
  // A caller of this simulator may do everything at home.
  const who = { principal: principalOf(aws.place, caller), isAllowedAtHome: true, isRule: false };
  if (found === undefined || !mayPut(aws, found.aws.place, found.bus, who, event))
    return refused(
      'AccessDeniedException',
      `${who.principal} is not authorized to perform: events:PutEvents`,
    );
  route(found.aws, found.bus.name, event);
  return { EventId: event.id };
}

function missing(field: string): object {
  return refused(
    'InvalidArgument',
    `Parameter ${field} is not valid. Reason: ${field} is a required argument.`,
  );
}

function refused(ErrorCode: string, ErrorMessage: string): object {
  return { ErrorCode, ErrorMessage };
}

function objectIn(detail: string): Input | undefined {
  try {
    const parsed: unknown = JSON.parse(detail);
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
