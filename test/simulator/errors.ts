/** An error that is answered with AWS's own code and HTTP status. */
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

/** ECS's and Secrets Manager's answer to an argument that is out of range or does not apply. */
export function invalidParameter(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}

/** The throttling answer: HTTP 400 (not 429) from every JSON service, HTTP 503 from S3. */
export function throttled(service: string): AwsError {
  if (service === 's3') return new AwsError('SlowDown', 'Please reduce your request rate.', 503);
  if (service === 'iam') return new AwsError('Throttling', 'Rate exceeded');
  return new AwsError('ThrottlingException', 'Rate exceeded');
}

/** A failure on AWS's side, HTTP 500. */
export function serverError(service: string, code?: string, message?: string): AwsError {
  const [usualCode, usualMessage] =
    service === 's3'
      ? ['InternalError', 'We encountered an internal error. Please try again.']
      : ['ServerException', 'Service Unavailable. Please try again later.'];
  return new AwsError(code ?? usualCode, message ?? usualMessage, 500);
}

/** A refusal in IAM's words; `action` is the missing permission, such as `ecs:UpdateService`. */
export function accessDenied(principal: string, called: string, resource = '*'): AwsError {
  // IAM has another name for this one call than the API.
  const action = called.replace(/^lambda:Invoke$/, 'lambda:InvokeFunction');
  const message = `User: ${principal} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;
  if (/^(?:s3|sts|cloudformation|iam):/.test(action)) return new AwsError('AccessDenied', message, 403);
  return new AwsError('AccessDeniedException', message);
}
