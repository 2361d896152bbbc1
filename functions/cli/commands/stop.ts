import { atSamePlace } from '../again.ts';
import type { CliCommand } from '../command.ts';
import { consents } from '../consent.ts';
import { EXIT } from '../exit.ts';
import { installed } from '../installed.ts';
import { setMode } from '../mode.ts';
import { YES } from './options.ts';

export const stop: CliCommand = {
  name: 'stop',
  summary: 'keeps the installed service from redeploying anything, until resume',
  args: '',
  options: [YES],
  examples: [
    ['stop', 'after a question, nothing of the stage prod is redeployed any more'],
    ['stop --stage test --yes', 'the same for another stage, without the question'],
  ],
  async run(_, given, terminal) {
    const session = await terminal.connect('stack');
    const { name } = installed(session);
    if (!(await consents(`stop every redeploy of stack ${name}`, given, terminal, session.run.reading)))
      return EXIT.wrong;
    await setMode(session, 'observe', given, terminal);
    terminal.screen.note(...AFTER.map((one) => atSamePlace(one, given)));
    return EXIT.done;
  },
};

/** As docs/operate.md says. */
const AFTER = [
  'from the next invocation on no service is redeployed: not for events, not for follow-ups, not by hand',
  'what has begun goes on: invocations for four and a half minutes at most, and the deployments of ECS',
  'changes that arrive meanwhile are reported and not kept: after "esr resume", ask with "esr stale" and "esr redeploy"',
  'the next deployment of the stack may set it back: "mode: observe" in infra/params.yml makes it permanent',
];
