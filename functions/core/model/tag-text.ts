/**
 * A name or an ARN as it can be written into an `also` tag. A tag holds letters, digits, white space and
 * `_ . : / = + - @` (functions/README.md, References). Every other printable character of ASCII becomes `=` and its code
 * in two hex digits; a `=` that stands before two hex digits becomes `=3D`. What has no such code becomes `?`.
 */
export function encodeForTag(name: string): string {
  return name
    .replaceAll(ESCAPE, '=3D$1')
    .replaceAll(NOT_IN_A_NAME, (character) => (isPrintable(character) ? escapeOf(character) : '?'));
}

/** The name for which a text in an `also` tag stands. What is no escape stands for itself. */
export function decodeFromTag(text: string): string {
  return text.replaceAll(ESCAPE, (written, code: string) => characterOf(code) ?? written);
}

/** Whether a text in an `also` tag has a `=` before two hex digits that are the code of no printable character. */
export function hasWrongEscape(text: string): boolean {
  return [...text.matchAll(ESCAPE)].some(([, code = '']) => characterOf(code) === undefined);
}

/**
 * A text with `?` for each character that a tag cannot hold. In an `also` tag `?` stands for any one such character: a
 * name with `?` may name every text that is the same as the name in this form, and `isLike` says whether it does.
 */
export function asInTag(text: string): string {
  return text.replaceAll(NOT_IN_A_TAG, '?');
}

/** Whether a name with `?` names this text, which is the same as the name in `asInTag`. */
export function isLike(text: string, name: string): boolean {
  const characters = Array.from(text);
  return Array.from(name).every((one, i) => one === '?' || one === characters[i]);
}

const ESCAPE = /=([0-9A-Fa-f]{2})/g;
const NOT_IN_A_TAG = /[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu;
/** White space separates names. */
const NOT_IN_A_NAME = /[^\p{L}\p{N}_.:/=+\-@]/gu;

/** The character of this code; undefined for a control character, a space, and everything outside ASCII. */
function characterOf(code: string): string | undefined {
  const character = String.fromCharCode(Number.parseInt(code, 16));
  return isPrintable(character) ? character : undefined;
}

function isPrintable(character: string): boolean {
  return character > ' ' && character <= '~';
}

function escapeOf(character: string): string {
  return `=${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
