import type { CliCommand } from '../command.ts';
import { doctor } from './doctor.ts';
import { exclude } from './exclude.ts';
import { explain } from './explain.ts';
import { include } from './include.ts';
import { plan } from './plan.ts';
import { redeploy } from './redeploy.ts';
import { replay } from './replay.ts';
import { resume } from './resume.ts';
import { stale } from './stale.ts';
import { status } from './status.ts';
import { stop } from './stop.ts';
import { uses } from './uses.ts';
import { watch } from './watch.ts';

/** Every command, in the order in which the help lists them. */
export const COMMANDS: readonly CliCommand[] = [
  stale,
  uses,
  plan,
  redeploy,
  watch,
  explain,
  status,
  doctor,
  stop,
  resume,
  exclude,
  include,
  replay,
];
