/** Whether a text matches a pattern in which `*` stands for any characters and `?` for one. */
export function isLike(pattern: string, text: string): boolean {
  const source = Array.from(pattern, (one) => (one === '*' ? '[^]*' : one === '?' ? '[^]' : escaped(one)));
  return new RegExp(`^${source.join('')}$`, 'u').test(text);
}

const escaped = (one: string): string => one.replace(/[\\^$.|+()[\]{}/]/, '\\$&');

/** The names of actions do not depend on case. */
export function isAction(pattern: string, action: string): boolean {
  return isLike(pattern.toLowerCase(), action.toLowerCase());
}

/** Each of the six parts of an ARN is compared by itself, so that a `*` does not reach over a colon before the resource. */
export function isArnLike(pattern: string, arn: string): boolean {
  const wanted = partsOf(pattern);
  const found = partsOf(arn);
  return wanted.length === found.length && wanted.every((part, i) => isLike(part, found[i] ?? ''));
}

function partsOf(arn: string): readonly string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), ...(parts.length > 5 ? [parts.slice(5).join(':')] : [])];
}
