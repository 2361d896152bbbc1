import type { ParameterSpec, SecretSpec } from '../../simulator/index.ts';

const HERE = 'eu-west-1:111122223333';

/** The secret that is rotated. */
export const SECRET_NAME = 'prod/db';
const SUFFIX = 'a1B2c3';
export const SECRET_PARTIAL_ARN = `arn:aws:secretsmanager:${HERE}:secret:${SECRET_NAME}`;
export const SECRET_ARN = `${SECRET_PARTIAL_ARN}-${SUFFIX}`;
export const FIRST_VERSION = '0e5a7f1d-92c4-4b6e-8f30-1d6c5a2b7e94';

/** The parameter that changes. */
export const PARAMETER_NAME = '/prod/directory';
export const PARAMETER_ARN = `arn:aws:ssm:${HERE}:parameter${PARAMETER_NAME}`;

/** Another secret, whose name begins with the name of the rotated one. */
export const LOOK_ALIKE_ARN = `${SECRET_PARTIAL_ARN}-replica-Zz9Yy8`;
/** The same secret's replica in another Region. */
export const REPLICA_ARN = SECRET_ARN.replace('eu-west-1', 'eu-central-1');
/** A secret of the same name that was deleted long ago. */
export const DELETED_ARN = `${SECRET_PARTIAL_ARN}-0Ld0Ld`;

export const SECRETS: readonly SecretSpec[] = [
  {
    name: SECRET_NAME,
    suffix: SUFFIX,
    rotationEnabled: true,
    versions: [
      { id: FIRST_VERSION, labels: ['AWSCURRENT'] },
      { id: 'c4f5e2a0-3b71-4d0e-9a55-6f2b8c1d7e43', labels: ['AWSPREVIOUS'] },
      { id: '7d1c9b86-05ea-4f3c-8a2e-b94d60f1c7a5', labels: ['BLUE'] },
    ],
  },
  { name: `${SECRET_NAME}-replica`, suffix: 'Zz9Yy8' },
];
export const PARAMETER: ParameterSpec = { name: PARAMETER_NAME };
