import { atSamePlace } from '../again.ts';
import type { CliCommand } from '../command.ts';
import { EXIT } from '../exit.ts';
import { installed } from '../installed.ts';
import { setMode } from '../mode.ts';

export const resume: CliCommand = {
  name: 'resume',
  summary: 'lets the installed service redeploy again',
  args: '',
  options: [],
  examples: [['resume', 'the service goes on; what arrived while it was stopped is found with stale']],
  async run(_, given, terminal) {
    const session = await terminal.connect('stack');
    installed(session);
    await setMode(session, 'enforce', given, terminal);
    terminal.screen.note(atSamePlace(AFTER, given));
    return EXIT.done;
  },
};

const AFTER =
  'changes that arrived meanwhile were not kept: "esr stale" shows what runs on an old value, "esr redeploy SECRET" mends it';
