import { randomUUID } from 'node:crypto';
import type { Aws, Operation, Operations } from '../aws.ts';
import { principalOf } from '../aws.ts';
import { AwsError } from '../errors.ts';
import { RawAnswer } from '../http/raw-answer.ts';
import { type Input, record, requiredText, text } from '../input.ts';
import type { FunctionState, StackState } from './state.ts';

const getCallerIdentity: Operation = ({ place }, input, { caller }) => {
  onlyFields(input, []);
  return {
    Arn: principalOf(place, caller),
    UserId: `AROASIMULATED:${caller.accessKeyId}`,
    Account: place.account,
  };
};

const describeStackResources: Operation = (aws, input) => ({
  StackResources: resourcesOf(aws, needStack(aws, input)),
});

const describeStacks: Operation = (aws, input) => {
  const stack = needStack(aws, input);
  return {
    Stacks: [
      {
        StackName: stack.name,
        StackId: stackId(aws, stack),
        StackStatus: stack.status,
        CreationTime: new Date(stack.createdAt).toISOString(),
        Parameters: [],
      },
    ],
  };
};

const getTemplate: Operation = (aws, input) => ({ TemplateBody: needStack(aws, input).template });

function needStack(aws: Aws, input: Input): StackState {
  onlyFields(input, ['StackName']);
  const stack = aws.installed.stacks.get(text(input, 'StackName') ?? '');
  if (stack === undefined)
    throw new AwsError('ValidationError', `Stack with id ${text(input, 'StackName')} does not exist`);
  return stack;
}

function stackId({ place }: Aws, { name }: StackState): string {
  return `arn:${place.partition}:cloudformation:${place.region}:${place.account}:stack/${name}/simulated`;
}

function resourcesOf(aws: Aws, stack: StackState): readonly object[] {
  const { name, resources, status: ofStack } = stack;
  const at = new Date(aws.now()).toISOString();
  return [...resources].map(([logicalId, { type, physicalId, status = ofStack }]) => ({
    StackName: name,
    StackId: stackId(aws, stack),
    LogicalResourceId: logicalId,
    PhysicalResourceId: physicalId,
    ResourceType: type,
    Timestamp: at,
    ResourceStatus: status,
  }));
}

const getFunctionConfiguration: Operation = (aws, input) => {
  onlyFields(input, ['FunctionName']);
  return configurationOf(aws, needFunction(aws, input));
};

const MOST_VARIABLE_BYTES = 4096;

/** Only the environment can be changed. A revision that is not the present one is refused, as on AWS. */
const updateFunctionConfiguration: Operation = (aws, input) => {
  onlyFields(input, ['FunctionName', 'RevisionId', 'Environment']);
  const before = needFunction(aws, input);
  const revisionId = text(input, 'RevisionId');
  if (revisionId !== undefined && revisionId !== String(before.revision))
    throw new AwsError('PreconditionFailedException', 'The RevisionId provided is not the latest one.', 412);
  const variables = record(record(input, 'Environment') ?? {}, 'Variables') ?? {};
  const environment = Object.fromEntries(
    Object.keys(variables).map((key) => [key, requiredText(variables, key)]),
  );
  if (Buffer.byteLength(JSON.stringify(environment)) > MOST_VARIABLE_BYTES)
    throw new AwsError(
      'InvalidParameterValueException',
      'Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit.',
    );
  const after = { ...before, environment, revision: before.revision + 1 };
  aws.installed.functions.set(before.name, after);
  return configurationOf(aws, after);
};

function configurationOf(aws: Aws, one: FunctionState): object {
  const { name, environment, version, revision, role, state = 'Active' } = one;
  return {
    FunctionName: name,
    Description: `What it does; version ${version}`,
    RevisionId: String(revision),
    CodeSha256: 'c2ltdWxhdGVk',
    LastModified: '2026-11-20T10:00:00.000+0000',
    FunctionArn: arnOf(aws, name),
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Role: role,
    State: state,
    LastUpdateStatus: 'Successful',
    Environment: { Variables: environment },
  };
}

const listEventSourceMappings: Operation = (aws, input) => {
  onlyFields(input, ['EventSourceArn']);
  const found = aws.installed.sources.get(requiredText(input, 'EventSourceArn'));
  const rendered = found && {
    UUID: '0f3c1a52-8d1e-4b7c-9a55-3c1f0e6d2b47',
    EventSourceArn: found.queueArn,
    FunctionArn: found.functionArn,
    State: found.state,
    FunctionResponseTypes: found.responseTypes,
  };
  return { EventSourceMappings: rendered === undefined ? [] : [rendered] };
};

/** The most bytes of a request and of an answer, and of a request that is carried out later (functions/README.md, Queue and Lambda). */
const MOST_BYTES = 6_291_556;
const MOST_LATER_BYTES = 1_048_576;

function eventIn(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    throw new AwsError('InvalidRequestContentException', 'Could not parse request body into json');
  }
}

const invoke: Operation = async (aws, input) => {
  onlyFields(input, ['FunctionName', 'InvocationType', 'Payload']);
  const { name, handle } = needFunction(aws, input);
  if (handle === undefined) throw new AwsError('ServiceException', 'The function does not run here.', 500);
  const payload = requiredText(input, 'Payload');
  const type = text(input, 'InvocationType') ?? 'RequestResponse';
  const most = type === 'Event' ? MOST_LATER_BYTES : MOST_BYTES;
  const size = Buffer.byteLength(payload);
  if (size > most)
    throw new AwsError(
      'RequestEntityTooLargeException',
      `${size} byte payload is too large for the ${type} invocation type (limit ${most} bytes)`,
      413,
    );
  const event = eventIn(payload);
  if (type === 'Event') {
    const at = aws.now();
    const count = (metric: string) =>
      aws.cloudwatch.data.push({
        namespace: 'AWS/Lambda',
        metric,
        dimensions: { FunctionName: name },
        at,
        value: 1,
      });
    count('Invocations');
    void handle(event).catch(() => count('Errors'));
    return new RawAnswer(202, { 'x-amzn-requestid': randomUUID() });
  }
  if (type !== 'RequestResponse')
    throw new AwsError('InvalidParameterValueException', `InvocationType ${type}`);
  return answered(
    await handle(event).then(
      (answer) => ({ answer }),
      (error: unknown) => ({ error }),
    ),
  );
};

/** What a function throws is an answer, too: with a header, and the error as its body. */
function answered(result: { readonly answer: unknown } | { readonly error: unknown }): RawAnswer {
  if ('answer' in result) {
    const body = Buffer.from(JSON.stringify(result.answer));
    return body.length > MOST_BYTES ? tooLarge(body.length) : new RawAnswer(200, {}, body);
  }
  const { error } = result;
  const [errorType, errorMessage] =
    error instanceof Error ? [error.name, error.message] : ['Error', String(error)];
  const body = JSON.stringify({ errorType, errorMessage, trace: [] });
  return new RawAnswer(200, { 'x-amz-function-error': 'Unhandled' }, Buffer.from(body));
}

function tooLarge(size: number): RawAnswer {
  const errorMessage = `Response payload size (${size} bytes) exceeded maximum allowed payload size (${MOST_BYTES} bytes).`;
  const body = JSON.stringify({ errorMessage, errorType: 'Function.ResponseSizeTooLarge' });
  return new RawAnswer(200, { 'x-amz-function-error': 'Unhandled' }, Buffer.from(body));
}

function needFunction(aws: Aws, input: Input): FunctionState {
  const name = requiredText(input, 'FunctionName');
  const found = aws.installed.functions.get(name);
  if (found === undefined)
    throw new AwsError('ResourceNotFoundException', `Function not found: ${arnOf(aws, name)}`, 404);
  return found;
}

function arnOf({ place }: Aws, name: string): string {
  return `arn:${place.partition}:lambda:${place.region}:${place.account}:function:${name}`;
}

/** Fields that are not modelled are refused, so that no test relies on what the simulator leaves out. */
function onlyFields(input: Input, known: readonly string[]): void {
  const unknown = Object.keys(input).filter((field) => !known.includes(field));
  if (unknown.length > 0)
    throw new AwsError('ValidationError', `the simulator does not model ${unknown.join(', ')} here`);
}

export const STS: Operations = { GetCallerIdentity: getCallerIdentity };
export const CLOUDFORMATION: Operations = {
  DescribeStackResources: describeStackResources,
  DescribeStacks: describeStacks,
  GetTemplate: getTemplate,
};
export const LAMBDA: Operations = {
  GetFunctionConfiguration: getFunctionConfiguration,
  Invoke: invoke,
  ListEventSourceMappings: listEventSourceMappings,
  UpdateFunctionConfiguration: updateFunctionConfiguration,
};
