import { ECSClient, TagResourceCommand, UntagResourceCommand } from '@aws-sdk/client-ecs';
import type { TagService } from '../../ports.ts';
import { type CallCounts, counted, writes } from '../clients.ts';
import { readFailed } from '../errors.ts';

/** Sets and removes the tags with which a person says what happens to a service. */
export function makeTags(counts: CallCounts): TagService {
  const client = counted(new ECSClient(writes), counts);
  return async (resourceArn, key, value) => {
    try {
      if (value === undefined) await client.send(new UntagResourceCommand({ resourceArn, tagKeys: [key] }));
      else await client.send(new TagResourceCommand({ resourceArn, tags: [{ key, value }] }));
    } catch (error) {
      throw readFailed(`set the tag ${key} of service ${resourceArn}`, error);
    }
  };
}
