/** Makes ids that look like AWS's; the same seed gives the same sequence. */
export interface Ids {
  uuid(): string;
  hex(length: number): string;
  digits(length: number): string;
  /** Letters and digits, as in the six characters that end a secret's ARN. */
  suffix(length: number): string;
}

const HEX = '0123456789abcdef';
const DIGITS = '0123456789';
const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A generator for one world. */
export function createIds(seed: number): Ids {
  const random = mulberry32(seed);
  const pick = (alphabet: string, length: number): string => {
    let text = '';
    for (let i = 0; i < length; i++) text += alphabet[Math.floor(random() * alphabet.length)];
    return text;
  };
  const hex = (length: number): string => pick(HEX, length);
  return {
    hex,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${pick('89ab', 1)}${hex(3)}-${hex(12)}`,
    digits: (length) => pick('123456789', 1) + pick(DIGITS, length - 1),
    suffix: (length) => pick(ALPHANUMERIC, length),
  };
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
