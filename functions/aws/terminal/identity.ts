import { GetCallerIdentityCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts';
import type { Identity } from '../../core/credentials/diagnosis.ts';
import { isThrottled } from '../errors.ts';

/** Once, and not for long: what counts is whether AWS answers, and what. */
const CALL = {
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 1_200, requestTimeout: 1_800, throwOnRequestTimeout: true },
};

/** Where STS is asked as long as there is no Region. */
const ANY_REGION = 'us-east-1';

type Keys = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

/** Who AWS says that these credentials are. */
export async function identify(credentials: Keys, region: string | undefined): Promise<Identity> {
  const client = new STSClient({ ...CALL, credentials, region: region ?? ANY_REGION });
  try {
    const { Account = '', Arn = '' } = await client.send(new GetCallerIdentityCommand({}));
    return { kind: 'known', account: Account, arn: Arn };
  } catch (error) {
    return notKnown(error);
  }
}

function notKnown(error: unknown): Identity {
  if (!(error instanceof Error)) return { kind: 'unreachable', code: 'UnknownError' };
  // A failure of STS, or too many calls, says nothing about the credentials.
  const isRefusal = error instanceof STSServiceException && error.$fault === 'client' && !isThrottled(error);
  if (isRefusal) return { kind: 'refused', code: codeIn(error.name) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return { kind: 'unreachable', code: codeIn(code) };
}

/** Nothing that a server has written freely. */
const codeIn = (text: string): string => /^\w{1,60}$/.exec(text)?.[0] ?? 'UnknownError';
