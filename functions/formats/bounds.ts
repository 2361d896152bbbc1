/**
 * How much JSON from a queue or a bucket is read. Compressed, a few kilobytes can stand for gigabytes, and parsed, each
 * element costs a hundred times the two bytes that it takes in the text: a body within its size limit could still end
 * the process, and the other messages of its batch with it.
 */

/** No message is unpacked beyond this. The largest of ours, about 10,000 services, takes less than a quarter of it. */
export const MESSAGE_UNPACKED_BYTES = 16_000_000;

/** A follow-up takes five elements for a service, so this is enough for 40,000 services. */
export const MESSAGE_ELEMENTS = 200_000;

/** Whether the text may hold more than `most` values: each value but the first stands behind one of `[{,`. */
export function hasMoreElements(json: string, most: number): boolean {
  return elementsIn(json, most) > most;
}

/** At most how many values the text holds; it stops counting above `enough`. */
export function elementsIn(json: string, enough = Number.POSITIVE_INFINITY): number {
  let count = 1;
  for (let i = 0; i < json.length && count <= enough; i++) {
    const code = json.charCodeAt(i);
    if (code === COMMA || code === BRACKET || code === BRACE) count++;
  }
  return count;
}

/** How much of what a message may unpack to this body takes; above 1 it could not be read. */
export function shareUnpacked(body: string): number {
  return Math.max(Buffer.byteLength(body) / MESSAGE_UNPACKED_BYTES, elementsIn(body) / MESSAGE_ELEMENTS);
}

/** A message that the code which receives it would refuse to unpack. */
export class OversizedFollowUp extends Error {
  override readonly name = 'OversizedFollowUp';

  constructor(characters: number) {
    super(
      `the message would have ${characters} characters and more than the ${MESSAGE_ELEMENTS} values or ${MESSAGE_UNPACKED_BYTES} bytes that a message may hold, because one change concerns too many services; narrow it with clusters`,
    );
  }
}

const COMMA = 44;
const BRACKET = 91;
const BRACE = 123;
