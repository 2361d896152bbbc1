import type { Operations } from '../aws.ts';
import { AwsError } from '../errors.ts';
import { requiredText } from '../input.ts';

/** KMS: the metadata of keys. */
export const KMS: Operations = {
  DescribeKey: ({ iam }, input) => {
    const id = requiredText(input, 'KeyId');
    const key = [...iam.keys.values()].find(
      (one) =>
        [one.arn, one.id].includes(id) ||
        one.aliases.some((alias) => [alias].includes(id.replace(/^arn:.*:alias\//, 'alias/'))),
    );
    if (key === undefined) throw new AwsError('NotFoundException', `Key '${id}' does not exist`);
    return { KeyMetadata: { Arn: key.arn, KeyId: key.id, KeyManager: key.manager, KeyState: key.state } };
  },
};
