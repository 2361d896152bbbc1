/** An error that goes over the wire with AWS's own code and HTTP status. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
    this.status = status;
  }
}

/** ECS's and Secrets Manager's answer to an argument that is out of range or makes no sense here. */
export function invalidParameter(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}

/** The throttling answer of every JSON service: HTTP 400, not 429. */
export function throttled(): AwsError {
  return new AwsError('ThrottlingException', 'Rate exceeded');
}

/** A refusal in IAM's words; `action` is the missing permission, such as `ecs:UpdateService`. */
export function accessDenied(principal: string, action: string, resource = '*'): AwsError {
  return new AwsError(
    'AccessDeniedException',
    `User: ${principal} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
  );
}
