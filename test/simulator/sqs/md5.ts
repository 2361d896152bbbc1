import { createHash, type Hash } from 'node:crypto';
import { isRecord } from '../input.ts';

/** The digest of a message body that SDKs verify. */
export function md5(body: string): string {
  return createHash('md5').update(body).digest('hex');
}

/** SQS's digest over message attributes: names in order, each name, type and value with its length. */
export function md5OfAttributes(attributes: Readonly<Record<string, unknown>>): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const hash = createHash('md5');
  for (const name of names) {
    const attribute = attributes[name];
    if (!isRecord(attribute)) continue;
    const { DataType, StringValue, BinaryValue } = attribute;
    addBytes(hash, Buffer.from(name));
    addBytes(hash, Buffer.from(String(DataType)));
    const isText = typeof StringValue === 'string';
    hash.update(Buffer.from([isText ? 1 : 2]));
    addBytes(hash, isText ? Buffer.from(StringValue) : Buffer.from(String(BinaryValue), 'base64'));
  }
  return hash.digest('hex');
}

function addBytes(hash: Hash, bytes: Buffer): void {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  hash.update(length).update(bytes);
}
