import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Functions } from '../../ports.ts';
import { type CallCounts, counted, reads } from '../clients.ts';
import { ReadFailed, readFailed } from '../errors.ts';

/** The deployed functions. */
export function makeFunctions(counts: CallCounts): Functions {
  const client = counted(new LambdaClient(reads), counts);
  return {
    async environment(name, signal) {
      try {
        const command = new GetFunctionConfigurationCommand({ FunctionName: name });
        const { Environment = {} } = await client.send(command, { abortSignal: signal });
        const { Variables = {}, Error: refused } = Environment;
        if (refused !== undefined) throw undecrypted(name, refused.Message ?? refused.ErrorCode);
        return Variables;
      } catch (error) {
        throw readFailed(`read the settings of function ${name}`, error);
      }
    },
  };
}

/** Lambda answers without the environment if the caller may not use the key with which it is encrypted. */
function undecrypted(name: string, why: string | undefined): ReadFailed {
  return new ReadFailed(`cannot read the settings of function ${name} without kms:Decrypt: ${why}`, true);
}
