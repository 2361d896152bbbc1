import type { CliOption } from '../command.ts';

export const PARAMETER: CliOption = {
  flags: '--parameter <name>',
  description: 'a parameter of Parameter Store, by name or ARN; again for each further one',
  many: true,
};
export const CLUSTERS: CliOption = {
  flags: '-c, --clusters <glob>',
  description: "only these clusters, such as 'prod-*'; again for each further glob",
  many: true,
};
export const ALL: CliOption = {
  flags: '--all',
  description: 'every service that refers to it, and every line',
};
