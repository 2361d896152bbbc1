import { type Aws, type Occasion, principalOf } from '../aws.ts';
import type { AwsError } from '../errors.ts';
import { type Input, isRecord } from '../input.ts';
import { withoutValues } from '../ledger.ts';
import { type Place, placeOf } from '../place.ts';
import { type AwsEvent, wholeSecond } from './bus.ts';

const SOURCE = 'aws.secretsmanager';

/** The CloudTrail event of one Secrets Manager call; a failed one has an errorCode and no response. */
export function emitApiCall(
  aws: Aws,
  operation: string,
  input: Input,
  occasion: Occasion,
  result: { readonly answer: unknown } | { readonly error: AwsError },
): AwsEvent {
  const { at, caller } = occasion;
  const failed = 'error' in result;
  const place = failed ? aws.place : placeIn(result.answer, aws);
  return aws.bus.emit({
    at,
    place,
    type: 'AWS API Call via CloudTrail',
    source: SOURCE,
    resources: [],
    detail: {
      ...common(aws, operation, at, place),
      userIdentity: {
        type: 'AssumedRole',
        principalId: `AROA:${caller.accessKeyId}`,
        arn: principalOf({ ...aws.place, ...place }, caller),
        accountId: place.account,
        accessKeyId: caller.accessKeyId,
      },
      sourceIPAddress: '192.0.2.10',
      userAgent: caller.userAgent,
      ...(failed ? { errorCode: result.error.code, errorMessage: result.error.message } : {}),
      requestParameters: lowerFirst(withoutValues(input)),
      responseElements: failed ? null : response(result.answer),
      requestID: aws.ids.uuid(),
      eventType: 'AwsApiCall',
    },
  });
}

/** The CloudTrail event of an action by Secrets Manager itself: RotationStarted, RotationSucceeded, RotationFailed … */
export function emitServiceEvent(
  aws: Aws,
  name: string,
  secretArn: string,
  at: number,
  errorMessage?: string,
): AwsEvent {
  const place = placeOf(secretArn);
  return aws.bus.emit({
    at,
    place,
    type: 'AWS Service Event via CloudTrail',
    source: SOURCE,
    resources: [],
    detail: {
      ...common(aws, name, at, place),
      userIdentity: { accountId: place.account, invokedBy: 'secretsmanager.amazonaws.com' },
      sourceIPAddress: 'secretsmanager.amazonaws.com',
      userAgent: 'secretsmanager.amazonaws.com',
      ...(errorMessage === undefined ? {} : { errorMessage }),
      requestParameters: null,
      responseElements: null,
      additionalEventData: { SecretId: secretArn },
      eventType: 'AwsServiceEvent',
    },
  });
}

/** A call of another account is recorded there: the simulator knows it by what the call answers. */
function placeIn(answer: unknown, aws: Aws): Where {
  const arn = isRecord(answer) ? answer['ARN'] : undefined;
  return typeof arn === 'string' ? placeOf(arn) : aws.place;
}

type Where = Pick<Place, 'account' | 'region'>;

function common(aws: Aws, eventName: string, at: number, { account, region }: Where) {
  return {
    eventVersion: '1.08',
    eventTime: wholeSecond(at),
    eventSource: 'secretsmanager.amazonaws.com',
    eventName,
    awsRegion: region,
    eventID: aws.ids.uuid(),
    readOnly: false,
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: 'Management',
  };
}

/** `SecretId` becomes `secretId`, as CloudTrail writes parameters. */
function lowerFirst(input: Input): Input {
  return Object.fromEntries(
    Object.entries(input).map(([key, value]) => [key.charAt(0).toLowerCase() + key.slice(1), value]),
  );
}

function response(answer: unknown): Input | null {
  if (!isRecord(answer)) return null;
  const { ARN, Name, VersionId } = answer;
  return { arn: ARN, name: Name, ...(VersionId === undefined ? {} : { versionId: VersionId }) };
}
