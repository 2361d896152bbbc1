import {
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import type { Functions } from '../../ports.ts';
import { type CallCounts, counted, reads, writes } from '../clients.ts';
import { ReadFailed, readFailed } from '../errors.ts';

/** The deployed functions. */
export function makeFunctions(counts: CallCounts): Functions {
  const client = counted(new LambdaClient(reads), counts);
  const once = counted(new LambdaClient(writes), counts);
  const settings = (name: string, signal?: AbortSignal) => settingsOf(client, name, signal);
  return {
    settings,
    async setVariables(name, variables) {
      const { variables: before, RevisionId } = await settings(name);
      try {
        const Environment = { Variables: { ...before, ...variables } };
        await once.send(
          new UpdateFunctionConfigurationCommand({ FunctionName: name, RevisionId, Environment }),
        );
      } catch (error) {
        throw readFailed(`change the settings of function ${name}`, error);
      }
    },
    async invokeLater(name, event) {
      try {
        const Payload = Buffer.from(JSON.stringify(event));
        const command = new InvokeCommand({ FunctionName: name, InvocationType: 'Event', Payload });
        return (await once.send(command)).$metadata.requestId ?? '';
      } catch (error) {
        throw readFailed(`invoke function ${name}`, error);
      }
    },
  };
}

/** The end of the description (serverless.yml). */
const VERSION = /\bversion (\S+)$/;

async function settingsOf(client: LambdaClient, name: string, abortSignal: AbortSignal | undefined) {
  try {
    const command = new GetFunctionConfigurationCommand({ FunctionName: name });
    const options = abortSignal && { abortSignal };
    const { Environment = {}, ...answer } = await client.send(command, { ...options });
    const { RevisionId, CodeSha256: code = '', LastModified: modifiedAt = '', Description = '' } = answer;
    const version = VERSION.exec(Description)?.[1];
    const { Variables: variables = {}, Error: refused } = Environment;
    if (refused !== undefined) throw undecrypted(name, refused.Message ?? refused.ErrorCode);
    return { variables, RevisionId, version, code, modifiedAt };
  } catch (error) {
    throw readFailed(`read the settings of function ${name}`, error);
  }
}

/** Lambda answers without the environment if the caller may not use the key with which it is encrypted. */
function undecrypted(name: string, why: string | undefined): ReadFailed {
  return new ReadFailed(`cannot read the settings of function ${name} without kms:Decrypt: ${why}`, true);
}
