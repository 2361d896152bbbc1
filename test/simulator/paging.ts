import { createHash } from 'node:crypto';
import { AwsError } from './errors.ts';

/** The beginning of a page and its length. */
export interface PageRequest {
  /** The name of the listing: a token of another listing is refused. */
  readonly scope: string;
  readonly token: string | undefined;
  readonly size: number | undefined;
  readonly defaultSize: number;
  readonly maxSize: number;
  readonly sizeName?: string;
  readonly invalidSize?: string;
  readonly invalidToken?: string;
}

/** One page and the token of the next, absent on the last. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken: string | undefined;
}

/** Cuts one page out of a stable list. Tokens are opaque and checked, and a size out of range is refused. */
export function page<T>(all: readonly T[], request: PageRequest): Page<T> {
  const size = request.size ?? request.defaultSize;
  if (!Number.isInteger(size) || size < 1 || size > request.maxSize) {
    throw new AwsError(
      request.invalidSize ?? 'InvalidParameterException',
      `${request.sizeName ?? 'maxResults'} must be between 1 and ${request.maxSize}.`,
    );
  }
  const from = request.token === undefined ? 0 : offsetIn(request.token, request);
  const until = from + size;
  return {
    items: all.slice(from, until),
    nextToken: until < all.length ? tokenFor(request.scope, until) : undefined,
  };
}

function tokenFor(scope: string, offset: number): string {
  const seal = createHash('sha256').update(`${scope}\n${offset}`).digest('base64url').slice(0, 16);
  return Buffer.from(`${offset}.${seal}`).toString('base64');
}

function offsetIn(token: string, request: PageRequest): number {
  const offset = Number.parseInt(Buffer.from(token, 'base64').toString(), 10);
  if (!Number.isInteger(offset) || tokenFor(request.scope, offset) !== token) {
    throw new AwsError(request.invalidToken ?? 'InvalidParameterException', 'Invalid token.');
  }
  return offset;
}
