import { AsyncLocalStorage } from 'node:async_hooks';
import { COMMANDS } from '../../functions/cli/commands/all.ts';
import { Ending } from '../../functions/cli/ending.ts';
import { main } from '../../functions/cli/main.ts';
import { screenOf } from '../../functions/cli/screen.ts';

type Environment = Record<string, string | undefined>;

const environments = new AsyncLocalStorage<Environment>();

/** Within a command, its own environment is that of the process; commands may run at the same time. */
const real = process.env;
const current = (): Environment => environments.getStore() ?? real;
process.env = new Proxy(real, {
  get: (_, name): unknown => Reflect.get(current(), name),
  has: (_, name) => Reflect.has(current(), name),
  set: (_, name, value) => Reflect.set(current(), name, value),
  deleteProperty: (_, name) => Reflect.deleteProperty(current(), name),
  ownKeys: () => Reflect.ownKeys(current()),
  getOwnPropertyDescriptor: (_, name) => Reflect.getOwnPropertyDescriptor(current(), name),
  defineProperty: (_, name, descriptor) => Reflect.defineProperty(current(), name, descriptor),
});

/** Runs the command line in this process, with exactly this environment, as in a pipe. */
export function runInProcess(env: Readonly<Record<string, string>>, args: readonly string[]) {
  return environments.run({ ...env }, async () => {
    const [out, err] = [pipe(), pipe()];
    const code = await main(COMMANDS, args, screenOf(out.stream, err.stream), new Ending());
    return { out: out.text(), err: err.text(), code };
  });
}

function pipe() {
  let written = '';
  const stream = {
    isTTY: false,
    write(text: string) {
      written += text;
      return true;
    },
  };
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => written };
}
