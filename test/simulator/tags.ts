import { invalidParameter } from './errors.ts';

type Tags = Readonly<Record<string, string>>;

/** What ECS and Systems Manager accept in the key and the value of a tag (functions/README.md, References). */
const PATTERN = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const MOST = 50;
const KEY_LENGTH = 128;
const VALUE_LENGTH = 256;

/** The tags, or the refusal of AWS. `pattern`: false for Secrets Manager, which limits the length only. */
export function checkedTags(tags: Tags, pattern = true): Tags {
  const count = Object.keys(tags).length;
  if (count > MOST)
    throw invalidParameter(`A resource cannot have more than ${MOST} tags; it would have ${count}.`);
  for (const [key, value] of Object.entries(tags)) {
    check('key', key, 1, KEY_LENGTH, pattern);
    if (/^aws:/i.test(key)) throw invalidParameter('The prefix aws: is reserved for tags of AWS.');
    check('value', value, 0, VALUE_LENGTH, pattern);
  }
  return tags;
}

function check(part: 'key' | 'value', text: string, least: number, most: number, pattern: boolean): void {
  const where = `1 validation error detected: Value at 'tags.1.member.${part}' failed to satisfy constraint`;
  if (text.length < least || text.length > most)
    throw invalidParameter(`${where}: Member must have length less than or equal to ${most}`);
  if (pattern && !PATTERN.test(text))
    throw invalidParameter(`${where}: Member must satisfy regular expression pattern: ${PATTERN.source}`);
}
