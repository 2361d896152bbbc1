import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod/mini';

const Params = z.object({
  default: z.object({
    batchingWindowSeconds: z.number(),
    cloudTrailDelaySeconds: z.number(),
    followUpSeconds: z.string(),
    cooldownSeconds: z.string(),
  }),
});

/** The times of a stack that is deployed with its defaults. The demo uses shorter ones and prints both. */
export function deployedTimes(): z.infer<typeof Params>['default'] {
  return Params.parse(parse(readFileSync('infra/params.yml', 'utf8'))).default;
}
