import { AwsError } from '../errors.ts';
import { type Input, record, records, requiredText, text } from '../input.ts';

const MEBIBYTE = 1_048_576;

/** SQS's answer to an argument that is out of range. */
export function invalid(name: string, problem: string): AwsError {
  return new AwsError('InvalidParameterValue', `Value for parameter ${name} is invalid. Reason: ${problem}.`);
}

/** What XML 1.0 knows as no character (API_SendMessage, MessageBody). */
const NO_CHARACTER = /[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** The text of a message, of which SQS refuses some characters. */
export function bodyIn(entry: Input): string {
  const body = text(entry, 'MessageBody') ?? '';
  if (body === '')
    throw new AwsError('MissingParameter', 'The request must contain the parameter MessageBody.');
  if (NO_CHARACTER.test(body))
    throw new AwsError(
      'InvalidMessageContents',
      'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.',
    );
  return body;
}

/** Refuses more than a mebibyte in one request. */
export function checkSize(entries: readonly Input[]): void {
  const bytes = entries.reduce(
    (sum, entry) =>
      sum +
      Buffer.byteLength(text(entry, 'MessageBody') ?? '') +
      Buffer.byteLength(JSON.stringify(record(entry, 'MessageAttributes') ?? '')) -
      2,
    0,
  );
  if (bytes <= MEBIBYTE) return;
  if (entries.length === 1) throw invalid('MessageBody', `must be shorter than ${MEBIBYTE} bytes`);
  throw new AwsError(
    'BatchRequestTooLong',
    `Batch requests cannot be longer than ${MEBIBYTE} bytes. You have sent ${bytes} bytes.`,
  );
}

/** The entries of a batch: one to ten, with distinct ids. */
export function entriesIn(input: Input): readonly Input[] {
  const entries = records(input, 'Entries');
  if (entries.length === 0)
    throw new AwsError('EmptyBatchRequest', 'There should be at least one entry in the request.');
  if (entries.length > 10) {
    throw new AwsError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are 10. You have sent ${entries.length}.`,
    );
  }
  for (const entry of entries)
    if (!/^[\w-]{1,80}$/.test(requiredText(entry, 'Id')))
      throw new AwsError(
        'InvalidBatchEntryId',
        'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
      );
  const ids = new Set(entries.map((entry) => requiredText(entry, 'Id')));
  if (ids.size < entries.length)
    throw new AwsError('BatchEntryIdsNotDistinct', 'Two or more batch entries have the same Id.');
  return entries;
}

/** Handles every entry by itself: an entry that fails is reported and does not stop the others. */
export function eachEntry(entries: readonly Input[], act: (entry: Input) => object) {
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of entries) {
    const Id = requiredText(entry, 'Id');
    try {
      Successful.push({ Id, ...act(entry) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      Failed.push({ Id, Code: error.code, Message: error.message, SenderFault: true });
    }
  }
  return { Successful, ...(Failed.length === 0 ? {} : { Failed }) };
}
