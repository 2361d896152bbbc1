/**
 * The part of the query language of Logs Insights that this project uses, as a tree. Everything outside of that part is
 * refused: otherwise a query would seem to be tested that is not.
 */
export type Query = {
  /** The log groups after SOURCE, where a query of a dashboard names them. */
  readonly sources: readonly string[];
  readonly commands: readonly Command[];
};

export type Command =
  | { readonly command: 'fields' | 'display'; readonly columns: readonly Column[] }
  | { readonly command: 'filter'; readonly condition: Expression }
  | { readonly command: 'parse'; readonly field: string; readonly pattern: RegExp }
  | { readonly command: 'sort'; readonly by: string; readonly descending: boolean }
  | { readonly command: 'dedup'; readonly by: readonly string[] }
  | { readonly command: 'limit'; readonly count: number }
  | { readonly command: 'stats'; readonly columns: readonly Column[]; readonly by: readonly string[] };

export type Column = { readonly value: Expression; readonly name: string };

export type Expression =
  | { readonly is: 'field'; readonly name: string }
  | { readonly is: 'literal'; readonly value: string | number }
  | { readonly is: 'call'; readonly name: string; readonly given: readonly Expression[] }
  | { readonly is: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly is: 'not'; readonly of: Expression }
  | { readonly is: 'among'; readonly field: string; readonly values: readonly (string | number)[] }
  | { readonly is: 'like'; readonly field: string; readonly pattern: string | RegExp };

/** Throws if the text uses anything outside of that part. */
export function parseQuery(text: string): Query {
  const tokens = new Tokens(text);
  const sources: string[] = [];
  const commands: Command[] = [];
  do {
    if (tokens.take('SOURCE')) sources.push(String(tokens.literal()));
    else commands.push(command(tokens));
  } while (tokens.take('|'));
  tokens.end();
  return { sources, commands };
}

function command(tokens: Tokens): Command {
  const name = tokens.next();
  switch (name) {
    case 'fields':
    case 'display':
      return { command: name, columns: listOf(tokens, column) };
    case 'filter':
      return { command: name, condition: either(tokens) };
    case 'parse':
      return { command: name, field: tokens.name(), pattern: tokens.pattern() };
    case 'sort':
      return { command: name, by: tokens.name(), descending: !tokens.take('asc') && tokens.take('desc') };
    case 'dedup':
      return { command: name, by: listOf(tokens, (each) => each.name()) };
    case 'limit':
      return { command: name, count: Number(tokens.literal()) };
    case 'stats': {
      const columns = listOf(tokens, column);
      return { command: name, columns, by: tokens.take('by') ? listOf(tokens, (each) => each.name()) : [] };
    }
    default:
      throw new SyntaxError(`the command "${name}" is not supported`);
  }
}

function column(tokens: Tokens): Column {
  const start = tokens.at;
  const value = operand(tokens);
  const asWritten = tokens.textSince(start);
  return { value, name: tokens.take('as') ? tokens.name() : asWritten };
}

function either(tokens: Tokens): Expression {
  let left = both(tokens);
  while (tokens.take('or')) left = { is: 'or', left, right: both(tokens) };
  return left;
}

function both(tokens: Tokens): Expression {
  let left = condition(tokens);
  while (tokens.take('and')) left = { is: 'and', left, right: condition(tokens) };
  return left;
}

function condition(tokens: Tokens): Expression {
  if (tokens.take('not')) return { is: 'not', of: condition(tokens) };
  if (tokens.take('(')) {
    const inner = either(tokens);
    tokens.expect(')');
    return inner;
  }
  const left = operand(tokens);
  if (left.is !== 'field') return left;
  const field = left.name;
  if (tokens.take('=')) return { is: 'among', field, values: [tokens.literal()] };
  if (tokens.take('!=')) return { is: 'not', of: { is: 'among', field, values: [tokens.literal()] } };
  if (tokens.take('like')) return { is: 'like', field, pattern: tokens.patternOrText() };
  if (tokens.take('in')) {
    tokens.expect('[');
    const values = listOf(tokens, (each) => each.literal());
    tokens.expect(']');
    return { is: 'among', field, values };
  }
  throw new SyntaxError(`expected a condition on ${field}, found none`);
}

function operand(tokens: Tokens): Expression {
  if (tokens.isLiteral()) return { is: 'literal', value: tokens.literal() };
  const name = tokens.name();
  if (!tokens.take('(')) return { is: 'field', name };
  const given = tokens.take('*') ? [] : listOf(tokens, operand);
  tokens.expect(')');
  return { is: 'call', name, given };
}

function listOf<Item>(tokens: Tokens, item: (tokens: Tokens) => Item): readonly Item[] {
  const items = [item(tokens)];
  while (tokens.take(',')) items.push(item(tokens));
  return items;
}

const COMMENT = /^\s*#.*$/gm;
const TOKEN = /\s*(?:("[^"]*"|'[^']*'|\/(?:\\.|[^/\\])+\/|[@\w][\w.@]*|!=|[=()[\],|*])|$)/y;

class Tokens {
  readonly #tokens: readonly string[];
  at = 0;

  constructor(text: string) {
    this.#tokens = [...tokensOf(text.replaceAll(COMMENT, ''))];
  }

  next(): string {
    const token = this.#tokens[this.at++];
    if (token === undefined) throw new SyntaxError('expected more of the query, found its end');
    return token;
  }

  take(token: string): boolean {
    const isThere = this.#tokens[this.at] === token;
    if (isThere) this.at++;
    return isThere;
  }

  expect(token: string): void {
    if (!this.take(token)) throw new SyntaxError(`expected ${token}, found ${this.#tokens[this.at]}`);
  }

  end(): void {
    if (this.at < this.#tokens.length)
      throw new SyntaxError(`expected the end of the query, found "${this.#tokens[this.at]}"`);
  }

  isLiteral(): boolean {
    return /^["'\d]/.test(this.#tokens[this.at] ?? '');
  }

  literal(): string | number {
    const token = this.next();
    if (/^["']/.test(token)) return token.slice(1, -1);
    if (/^\d+$/.test(token)) return Number(token);
    throw new SyntaxError(`expected a text or a number, found ${token}`);
  }

  name(): string {
    const token = this.next();
    if (!/^[@A-Za-z_]/.test(token)) throw new SyntaxError(`expected a name, found ${token}`);
    return token;
  }

  pattern(): RegExp {
    const token = this.next();
    if (!token.startsWith('/')) throw new SyntaxError(`expected a regular expression, found ${token}`);
    return new RegExp(token.slice(1, -1));
  }

  patternOrText(): RegExp | string {
    return this.isLiteral() ? String(this.literal()) : this.pattern();
  }

  textSince(start: number): string {
    return this.#tokens.slice(start, this.at).join('');
  }
}

function* tokensOf(text: string): Iterable<string> {
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const found = TOKEN.exec(text);
    if (found === null) throw new SyntaxError('the query has a character that is not supported');
    if (found[1] !== undefined) yield found[1];
  }
}
