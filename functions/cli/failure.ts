import { WrongRequest } from '../formats/request.ts';
import { NoSuchService } from '../pipeline/read/scan.ts';
import { Denied } from '../runtime/connect-terminal.ts';
import { NoStack } from '../runtime/stack.ts';
import { EXIT, type ExitCode, Interrupted, ServiceFailed, Unread, WrongUsage } from './exit.ts';

/**
 * How a command ended that did not do what it was asked for; without a sentence there is nothing to say.
 * `lacksCredentials`: the SDK found none, and does not say why.
 */
export type Failure = {
  readonly sentence?: string;
  readonly code: ExitCode;
  readonly lacksCredentials?: true;
};

type Rule = readonly [pattern: RegExp, sentence: string, code: ExitCode, lacksCredentials?: true];

const DOCTOR = '"esr doctor credentials" shows which link of the SDK gives them';

/** Errors of the SDK, of the network and of AWS, by what stands in them or in what caused them. */
const KNOWN: readonly Rule[] = [
  [/Region is missing/, 'no Region: pass --region, or set AWS_REGION', EXIT.wrong],
  [/NoCredentials|CredentialsProviderError|MissingAuthenticationToken/, 'no credentials', EXIT.aws, true],
  [
    /Signature expired|Signature not yet current|RequestTimeTooSkewed|RequestExpired/,
    'AWS refuses requests that are signed too early or too late: set the clock of this machine',
    EXIT.aws,
  ],
  [
    /Expired|expired/,
    `the credentials have expired: log in again, for example with "aws sso login"; ${DOCTOR}`,
    EXIT.aws,
  ],
  [
    /UnrecognizedClient|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch/,
    `AWS does not accept these credentials: check --profile, the keys in the environment, and that the account has enabled the Region; ${DOCTOR}`,
    EXIT.aws,
  ],
  // Its text holds the beginning of what could not be parsed.
  [
    /SyntaxError/,
    'what has answered is not AWS: check the network, its proxy and AWS_ENDPOINT_URL',
    EXIT.aws,
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|TimeoutError|ETIMEDOUT/,
    'AWS cannot be reached: check --region, the network and AWS_ENDPOINT_URL',
    EXIT.aws,
  ],
];

/** The sentence and the exit code for what ended a command. `reason`: why it was told to end, if it was. */
export function failureOf(error: unknown, reason: unknown): Failure {
  const cause = reason ?? error;
  if (cause instanceof Interrupted) return { code: cause.code };
  if (cause instanceof Unread) return { code: EXIT.done };
  if (cause instanceof Denied) return { sentence: sentenceOf(cause), code: EXIT.aws };
  if (isWrong(cause)) return { sentence: cause.message, code: EXIT.wrong };
  const chain = chainOf(cause);
  const text = chain.map(textOf).join('\n');
  const known = KNOWN.find(([pattern]) => pattern.test(text));
  if (known !== undefined) {
    const [, sentence, code, lacksCredentials] = known;
    return { sentence, code, ...(lacksCredentials && { lacksCredentials }) };
  }
  const isOfAws = chain.some(
    ({ name, $metadata }) => ['ReadFailed', 'Untold'].includes(name) || $metadata !== undefined,
  );
  return { sentence: chain[0]?.message ?? String(cause), code: isOfAws ? EXIT.aws : EXIT.wrong };
}

/** The same with the cause, which `causeOf` finds out, where there are no credentials. */
export async function withCause(
  failure: Failure,
  causeOf: () => Promise<string | undefined>,
): Promise<Failure> {
  if (!failure.lacksCredentials) return failure;
  const cause = await causeOf().catch(() => undefined);
  const said = cause === undefined ? 'no credentials' : `no credentials: ${cause}`;
  return { ...failure, sentence: `${said}; "esr doctor credentials" says what to do` };
}

const FOR_THE_STACK = ['cloudformation:DescribeStackResources', 'lambda:GetFunctionConfiguration'];

function sentenceOf({ action, of }: Denied): string {
  if (of !== undefined) return `the permission ${action} is missing ${of}`;
  if (!/:(?:Describe|List|Get)/.test(action))
    return `the permission ${action} is missing, so this was not done`;
  const without = FOR_THE_STACK.includes(action) ? '; --stack none asks for no stack' : '';
  return `the permission ${action} is missing, so nothing was decided and nothing was done${without}`;
}

function isWrong(error: unknown): error is Error {
  return [WrongUsage, WrongRequest, NoSuchService, NoStack, ServiceFailed].some(
    (kind) => error instanceof kind,
  );
}

/** What was attempted is left out where its cause is told, too: the names in it may read like a cause. */
function textOf({ name, code, message, cause }: Link): string {
  return [name, code, name === 'ReadFailed' && cause instanceof Error ? '' : message].join(' ');
}

type Link = Error & { readonly code?: unknown; readonly $metadata?: unknown };

/** The error, and what caused it. */
function chainOf(error: unknown): readonly Link[] {
  return error instanceof Error ? [error, ...chainOf(error.cause)] : [];
}
