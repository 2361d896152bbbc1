import type { CliCommand } from '../command.ts';
import { EXIT } from '../exit.ts';
import { resourceOf } from '../installed.ts';
import { printDone } from '../print.ts';
import { count } from '../render/words.ts';

export const replay: CliCommand = {
  name: 'replay',
  summary: 'hands the messages that the service gave up to it once more',
  args: '',
  options: [],
  examples: [['replay', 'after the cause is mended: services that are fresh by then stay as they are']],
  async run(_, given, terminal) {
    const session = await terminal.connect();
    const { screen } = terminal;
    const { reading } = session.run;
    const [dead, lost] = await Promise.all(
      ['ChangeDeadLetterQueue', 'RuleDeadLetterQueue'].map((id) =>
        session.queues.count(resourceOf(session, id), reading),
      ),
    );
    if (lost !== undefined && lost.visible > 0)
      screen.note(
        `${count(lost.visible, 'event')} in RuleDeadLetterQueue, which SQS cannot move: look at them (docs/operate.md), then "esr redeploy SECRET"`,
      );
    const replayed = dead?.visible ?? 0;
    if (dead !== undefined && replayed > 0) await session.queues.redrive(dead.arn);
    const said =
      replayed === 0
        ? 'no dead letters to replay'
        : `${count(replayed, 'message')} on the way back to the queue`;
    const json = { replayed, unreplayable: lost?.visible ?? 0 };
    printDone({ json, names: [], said: [said] }, given, screen);
    if (replayed > 0)
      screen.note('a message that is no event comes back after five more deliveries: then purge the queue');
    return EXIT.done;
  },
};
