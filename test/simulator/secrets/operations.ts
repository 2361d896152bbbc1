import type { Aws, Occasion, Operation, Operations } from '../aws.ts';
import { AwsError } from '../errors.ts';
import { emitApiCall } from '../events/cloudtrail.ts';
import { emitLabelMoves } from '../events/native.ts';
import type { Input } from '../input.ts';
import { SECRET_READS } from './reads.ts';
import { SECRET_WRITES, type SecretWrite } from './writes.ts';

/** Performs a write and emits AWS's events: the CloudTrail call (also if it failed), then native events. */
export function performSecretWrite(
  aws: Aws,
  operation: string,
  write: SecretWrite,
  input: Input,
  occasion: Occasion,
): unknown {
  try {
    const { answer, moves, secret } = write(aws, input, occasion);
    emitApiCall(aws, operation, input, occasion, { answer });
    emitLabelMoves(aws, secret, moves, occasion.at);
    return answer;
  } catch (error) {
    if (error instanceof AwsError) emitApiCall(aws, operation, input, occasion, { error });
    throw error;
  }
}

/** Secrets Manager's operations. */
export const SECRETS_MANAGER: Operations = {
  ...SECRET_READS,
  ...Object.fromEntries(
    Object.entries(SECRET_WRITES).map(([name, write]): [string, Operation] => [
      name,
      (aws, input, occasion) => performSecretWrite(aws, name, write, input, occasion),
    ]),
  ),
};
