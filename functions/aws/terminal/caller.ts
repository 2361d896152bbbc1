import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Caller } from '../../ports.ts';
import { type CallCounts, counted, reads } from '../clients.ts';
import { readFailed } from '../errors.ts';

/** Who calls, and where: IAM allows the question to every caller. */
export function makeCaller(counts: CallCounts): Caller {
  const client = counted(new STSClient(reads), counts);
  return {
    region: () => client.config.region(),
    async credentials() {
      await client.config.credentials();
    },
    async account(signal) {
      try {
        const { Account = '' } = await client.send(new GetCallerIdentityCommand({}), { abortSignal: signal });
        return Account;
      } catch (error) {
        throw readFailed('ask whose credentials these are', error);
      }
    },
  };
}
