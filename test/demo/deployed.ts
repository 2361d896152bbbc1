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

/** How long things take where the service is deployed with its defaults: the demo has less patience, and says so. */
export function deployedTimes(): z.infer<typeof Params>['default'] {
  return Params.parse(parse(readFileSync('infra/params.yml', 'utf8'))).default;
}
