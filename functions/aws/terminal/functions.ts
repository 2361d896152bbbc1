import {
  type EventSourceMappingConfiguration,
  GetFunctionConfigurationCommand,
  type GetFunctionConfigurationCommandOutput,
  InvokeCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import type { EventSource } from '../../core/doctor/facts.ts';
import type { Functions } from '../../ports.ts';
import type { Installation } from '../../ports-doctor.ts';
import { type CallCounts, counted, reads, writes } from '../clients.ts';
import { ReadFailed, readFailed } from '../errors.ts';
import { pages } from '../pages.ts';
import { asked } from './asked.ts';

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

/** The functions and what Lambda hands to them, where no answer is an answer. */
export function makeFunctionFacts(counts: CallCounts): Pick<Installation, 'function' | 'sources'> {
  const client = counted(new LambdaClient(reads), counts);
  const gone = ['ResourceNotFoundException'];
  return {
    function: (name, signal) =>
      asked(
        { attempt: `read the settings of function ${name}`, action: 'lambda:GetFunctionConfiguration', gone },
        () => shown(client, name, signal),
      ),
    sources: (EventSourceArn, abortSignal) =>
      asked(
        { attempt: `list the triggers of ${EventSourceArn}`, action: 'lambda:ListEventSourceMappings' },
        async () => {
          const sources: EventSource[] = [];
          const found = pages(async (Marker) => {
            const command = new ListEventSourceMappingsCommand({ EventSourceArn, Marker });
            const { EventSourceMappings, NextMarker } = await client.send(command, { abortSignal });
            return { items: EventSourceMappings, nextToken: NextMarker };
          });
          for await (const page of found) sources.push(...page.map(sourceIn));
          return sources;
        },
      ),
  };
}

function sourceIn(mapping: EventSourceMappingConfiguration): EventSource {
  const { FunctionArn: functionArn = '', State: state = '', FunctionResponseTypes: types } = mapping;
  return { functionArn, state, reportsItemFailures: types?.includes('ReportBatchItemFailures') === true };
}

/** The end of the description (serverless.yml). */
const VERSION = /\bversion (\S+)$/;

async function settingsOf(client: LambdaClient, name: string, signal: AbortSignal | undefined) {
  try {
    return await shown(client, name, signal);
  } catch (error) {
    throw readFailed(`read the settings of function ${name}`, error);
  }
}

async function shown(client: LambdaClient, name: string, abortSignal: AbortSignal | undefined) {
  const command = new GetFunctionConfigurationCommand({ FunctionName: name });
  const options = abortSignal && { abortSignal };
  const { Environment = {}, ...answer } = await client.send(command, { ...options });
  const { RevisionId, CodeSha256: code = '', LastModified: modifiedAt = '', Description = '' } = answer;
  const version = VERSION.exec(Description)?.[1];
  const { Variables: variables = {}, Error: refused } = Environment;
  if (refused !== undefined) throw undecrypted(name, refused.Message ?? refused.ErrorCode);
  const { Role: role = '' } = answer;
  return { variables, RevisionId, version, code, modifiedAt, role, broken: brokenOf(answer) };
}

/** An idle function is Inactive until its next invocation; what is Pending comes up by itself. */
function brokenOf(answer: Omit<GetFunctionConfigurationCommandOutput, 'Environment'>): string | undefined {
  const {
    State,
    StateReasonCode: why = '',
    LastUpdateStatus,
    LastUpdateStatusReasonCode: whyUpdate = '',
  } = answer;
  if (State === 'Failed') return `State Failed ${why}`.trim();
  return LastUpdateStatus === 'Failed' ? `LastUpdateStatus Failed ${whyUpdate}`.trim() : undefined;
}

/** Lambda answers without the environment if the caller may not use the key with which it is encrypted. */
function undecrypted(name: string, why: string | undefined): ReadFailed {
  return new ReadFailed(`cannot read the settings of function ${name} without kms:Decrypt: ${why}`, true);
}
