import type { IncomingHttpHeaders } from 'node:http';
import type { Input } from '../input.ts';

/** A request to Lambda, whose operations are methods and paths. */
export interface LambdaRequest {
  readonly operation: string;
  readonly input: Input;
}

/** Reads the operation from method and path; any other is unknown. */
export function parseLambdaRequest(
  headers: IncomingHttpHeaders,
  method: string,
  path: string,
  body: Buffer,
): LambdaRequest {
  const { pathname, searchParams } = new URL(path, 'http://lambda');
  const [, , , name = '', rest] = pathname.split('/').map(decodeURIComponent);
  const query = Object.fromEntries(searchParams);
  if (method === 'GET' && rest === 'configuration')
    return { operation: 'GetFunctionConfiguration', input: { FunctionName: name, ...query } };
  if (method === 'GET' && pathname.includes('/event-source-mappings'))
    return { operation: 'ListEventSourceMappings', input: query };
  if (method === 'PUT' && rest === 'configuration')
    return {
      operation: 'UpdateFunctionConfiguration',
      input: { FunctionName: name, ...(JSON.parse(body.toString()) as Input) },
    };
  if (method === 'POST' && rest === 'invocations') {
    const type = headers['x-amz-invocation-type'];
    return {
      operation: 'Invoke',
      input: {
        FunctionName: name,
        ...query,
        ...(type !== undefined && { InvocationType: type }),
        Payload: body.toString(),
      },
    };
  }
  return { operation: `${method} ${path}`, input: {} };
}
