import type { Aws, Occasion } from '../aws.ts';
import { emitApiCall, emitServiceEvent } from '../events/cloudtrail.ts';
import { emitLabelMoves } from '../events/native.ts';
import { attachLabels, holderOf } from './labels.ts';
import { performSecretWrite } from './operations.ts';
import { change, latest, needSecret, type SecretState } from './state.ts';
import { addVersion, SECRET_WRITES } from './writes.ts';

/** One rotation, step by step; each step happens at the instant of its call. */
export interface Rotation {
  readonly secretArn: string;
  /** The version that the rotation makes current. */
  readonly versionId: string;
  /** RotateSecret and RotationStarted. */
  readonly begin: () => void;
  /** PutSecretValue with AWSPENDING. */
  readonly createSecret: () => void;
  /** The database's password changes here; no event. */
  readonly setSecret: () => void;
  readonly testSecret: () => void;
  /** AWSCURRENT moves, and the native event is emitted. */
  readonly finishSecret: () => void;
  /** RotationSucceeded. */
  readonly succeed: () => void;
  /** RotationFailed; the earlier steps keep their effect. */
  readonly fail: (message?: string) => void;
}

const ROTATOR = { accessKeyId: 'ROTATION-LAMBDA', userAgent: 'aws-sdk rotation' };

/** Prepares a rotation; managed secrets (`rds!…`) emit the native event and RotationSucceeded only. */
export function prepareRotation(aws: Aws, secretId: string, clock: () => number): Rotation {
  const secret = needSecret(aws.secrets, aws.place, secretId, clock());
  const versionId = aws.ids.uuid();
  const now = (): Occasion => ({ at: clock(), caller: ROTATOR });
  const steps = secret.name.includes('!')
    ? managedSteps(aws, secret, versionId, now)
    : lambdaSteps(aws, secret, versionId, now);
  return {
    secretArn: secret.arn,
    versionId,
    setSecret: () => {},
    testSecret: () => {},
    succeed: () => void emitServiceEvent(aws, 'RotationSucceeded', secret.arn, now().at),
    fail: (message = 'The rotation function returned an error in step testSecret.') =>
      void emitServiceEvent(aws, 'RotationFailed', secret.arn, now().at, message),
    ...steps,
  };
}

type Steps = Pick<Rotation, 'begin' | 'createSecret' | 'finishSecret'>;

function lambdaSteps(aws: Aws, secret: SecretState, versionId: string, now: () => Occasion): Steps {
  return {
    begin() {
      const occasion = now();
      const input = { SecretId: secret.arn, ClientRequestToken: versionId, RotateImmediately: true };
      change(secret, occasion.at, { rotationEnabled: true });
      emitApiCall(aws, 'RotateSecret', input, occasion, {
        answer: { ARN: secret.arn, Name: secret.name, VersionId: versionId },
      });
      emitServiceEvent(aws, 'RotationStarted', secret.arn, occasion.at);
    },
    createSecret() {
      perform(aws, 'PutSecretValue', now(), {
        SecretId: secret.arn,
        ClientRequestToken: versionId,
        SecretString: versionId,
        VersionStages: ['AWSPENDING'],
      });
    },
    finishSecret() {
      const occasion = now();
      const holder = holderOf(latest(secret).versions, 'AWSCURRENT');
      perform(aws, 'UpdateSecretVersionStage', occasion, {
        SecretId: secret.arn,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: versionId,
        ...(holder === undefined ? {} : { RemoveFromVersionId: holder.id }),
      });
      // LastRotatedDate is the instant at which AWSCURRENT moves (functions/README.md, Events).
      change(secret, occasion.at, { lastRotatedAt: occasion.at });
    },
  };
}

function managedSteps(aws: Aws, secret: SecretState, versionId: string, now: () => Occasion): Steps {
  return {
    begin: () => {},
    createSecret: () => void addVersion(aws, secret, now().at, versionId, ['AWSPENDING'], versionId),
    finishSecret() {
      const { at } = now();
      const { versions, moves } = attachLabels(latest(secret).versions, ['AWSCURRENT'], versionId);
      change(secret, at, { versions, lastRotatedAt: at, rotationEnabled: true });
      emitLabelMoves(aws, secret, moves, at);
    },
  };
}

function perform(
  aws: Aws,
  operation: string,
  occasion: Occasion,
  input: Readonly<Record<string, unknown>>,
): void {
  const write = SECRET_WRITES[operation];
  if (write === undefined) throw new Error(`no such write: ${operation}`);
  performSecretWrite(aws, operation, write, input, occasion);
}
