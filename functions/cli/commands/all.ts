import type { CliCommand } from '../command.ts';
import { explain } from './explain.ts';
import { plan } from './plan.ts';
import { redeploy } from './redeploy.ts';
import { stale } from './stale.ts';
import { uses } from './uses.ts';
import { watch } from './watch.ts';

/** Every command, in the order in which the help lists them. */
export const COMMANDS: readonly CliCommand[] = [stale, uses, plan, redeploy, watch, explain];
