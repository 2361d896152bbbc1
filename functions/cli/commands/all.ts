import type { CliCommand } from '../command.ts';
import { stale } from './stale.ts';

/** Every command, in the order in which the help lists them. */
export const COMMANDS: readonly CliCommand[] = [stale];
