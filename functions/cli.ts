#!/usr/bin/env node
import { COMMANDS } from './cli/commands/all.ts';
import { Ending } from './cli/ending.ts';
import { main } from './cli/main.ts';
import { screenOf } from './cli/screen.ts';

/** The terminal: a command line becomes a command, and its end an exit code. */
const ending = new Ending();
ending.listen(process.stdout, process.stderr);
process.exitCode = await main(COMMANDS, process.argv.slice(2), screenOf(), ending);
// What was asked and has not answered (a credential process, a metadata service) keeps no command alive that has ended.
// That a write has failed is told a moment after the write.
process.stdout.write('', () => process.stderr.write('', () => setImmediate(() => process.exit())));
