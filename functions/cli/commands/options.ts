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
  description: 'everything, also what is as it should be, and every line',
};
export const SERVICE: CliOption = {
  flags: '--service <cluster/service>',
  description: 'a service, or its ARN; again for each further one',
  many: true,
};
export const FORCE: CliOption = {
  flags: '--force',
  description: 'everything that refers to it and is older than --at, not only what is stale',
};
export const AT: CliOption = {
  flags: '--at <instant>',
  description:
    'with --force or --service, and for a secret that AWS does not describe: what was created before this instant, such as 2026-11-22T03:10:00Z; with --force or --service now unless it is given',
};
export const PREFLIGHT: CliOption = {
  flags: '--preflight',
  description: 'ask IAM whether the execution role of each service can read what a new task needs',
};
export const TIMEOUT: CliOption = {
  flags: '--timeout <time>',
  description: 'how long to wait, such as 90s, 10m or 1h; then the exit code is 5',
  preset: '1h',
};
export const YES: CliOption = {
  flags: '-y, --yes',
  description: 'do it without asking; needed where there is no terminal to ask on',
};
