import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { isRegion } from '../core/credentials/settings.ts';
import {
  type CliCommand,
  type CliOption,
  FORMATS,
  type Given,
  type Globals,
  type Terminal,
} from './command.ts';
import { EXIT, type ExitCode, WrongUsage } from './exit.ts';
import { didYouMean } from './names.ts';
import type { Screen } from './screen.ts';

/** Runs one command of the command line; `terminalOf` makes what it runs with. */
export async function runProgram(
  commands: readonly CliCommand[],
  argv: readonly string[],
  screen: Screen,
  terminalOf: (given: Globals) => Terminal,
): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const program = base(screen);
  const add = (parent: Command, one: CliCommand): void => {
    const command = added(parent, one);
    for (const own of one.commands ?? []) add(command, own);
    if (one.run === undefined) return;
    command.action(async () => {
      const given = command.optsWithGlobals<Given>();
      needNoEmpty(command.args, given);
      needKnown(command.args, one);
      code = (await one.run?.(command.args, given, terminalOf(given))) ?? code;
    });
  };
  for (const one of commands) add(program, one);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrong;
    throw error;
  }
}

const isEmpty = (value: unknown): boolean => typeof value === 'string' && value.trim() === '';

/** A variable of a shell that is not set names nothing; without the name a command may mean everything. */
function needNoEmpty(args: readonly string[], given: Given): void {
  if (args.some(isEmpty)) throw new WrongUsage('a name is empty');
  const option = Object.entries(given).find(([, value]) => [value].flat().some(isEmpty))?.[0];
  if (option !== undefined) throw new WrongUsage(`--${option} is empty`);
}

/** What follows a command that has commands of its own is one of these, or mistyped. */
function needKnown([given]: readonly string[], { name, commands }: CliCommand): void {
  if (given === undefined || commands === undefined) return;
  const meant = didYouMean(
    given,
    commands.map((own) => own.name),
  );
  throw new WrongUsage(`unknown command '${name} ${given}'${meant}`);
}

const NAME = 'ecs-secret-redeploy';

function base(screen: Screen): Command {
  const program = new Command(NAME)
    .description(
      'Which ECS services run on an old value of a secret, and what makes them run on the new one.',
    )
    .version(manifest.version)
    .usage('<command> [options]   (esr is short for ecs-secret-redeploy)')
    .configureHelp({
      showGlobalOptions: true,
      ...(screen.columns !== undefined && { helpWidth: screen.columns }),
    })
    .configureOutput({
      writeOut: (text) => screen.print(text.trimEnd()),
      writeErr: (text) => screen.note(text.trimEnd()),
    })
    .showHelpAfterError(`(${NAME} --help says more)`)
    .exitOverride();
  for (const option of GLOBALS) program.addOption(option);
  return program;
}

const GLOBALS: readonly Option[] = [
  new Option('-o, --output <format>', 'how results are printed').choices(FORMATS).default('table'),
  new Option('--region <region>', 'the Region; otherwise that of the environment or the profile').argParser(
    regionOf,
  ),
  new Option('--profile <profile>', 'the profile of the AWS configuration whose credentials are used'),
  new Option('--stage <stage>', 'the stage of the installed service').default('prod').argParser(stageOf),
  new Option(
    '--stack <stack>',
    'its stack, if it has another name than ecs-secret-redeploy-<stage>; none: as if there were none',
  ).argParser(stackOf),
];

function added(program: Command, one: CliCommand): Command {
  const { name, alias, summary, args, options, examples, commands } = one;
  const command = program
    .command(`${name} ${args}`.trim())
    .summary(summary)
    .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
    .allowExcessArguments(commands !== undefined)
    .addHelpText('after', `\nExamples:\n${examplesOf(examples)}`);
  if (alias !== undefined) command.alias(alias);
  for (const option of options) command.addOption(optionOf(option));
  return command;
}

function regionOf(given: string): string {
  if (isRegion(given)) return given;
  throw new InvalidArgumentError('It is no name of a Region, such as eu-west-1.');
}

function stageOf(given: string): string {
  if (/^[A-Za-z\d-]{1,64}$/.test(given)) return given;
  throw new InvalidArgumentError('It is no name of a stage: letters, digits and hyphens.');
}

function stackOf(given: string): string {
  if (/^(?:[A-Za-z][A-Za-z\d-]{0,127}|arn:\S+)$/.test(given)) return given;
  throw new InvalidArgumentError('It is no name of a stack: letters, digits and hyphens.');
}

function optionOf({ flags, description, preset, many }: CliOption): Option {
  const option = new Option(flags, description);
  if (preset !== undefined) option.default(preset);
  if (many) option.argParser((value: string, before?: readonly string[]) => [...(before ?? []), value]);
  return option;
}

function examplesOf(examples: CliCommand['examples']): string {
  return examples.map(([line, answers]) => `  esr ${line}\n      ${answers}`).join('\n');
}
