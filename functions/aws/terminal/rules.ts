import { EventBridgeClient, ListRulesCommand, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import type { RuleFact } from '../../core/doctor/facts.ts';
import type { Installation } from '../../ports-doctor.ts';
import { type CallCounts, counted, reads } from '../clients.ts';
import { pages } from '../pages.ts';
import { asked } from './asked.ts';

/** The rules of an event bus, as they are now. */
export function makeRuleFacts(counts: CallCounts): Pick<Installation, 'rules' | 'targets'> {
  const client = counted(new EventBridgeClient(reads), counts);
  const gone = ['ResourceNotFoundException'];
  return {
    rules: (prefix, EventBusName, abortSignal) =>
      asked({ attempt: 'list the rules', action: 'events:ListRules', gone }, async () => {
        const rules: RuleFact[] = [];
        const found = pages(async (NextToken) => {
          const command = new ListRulesCommand({ NamePrefix: prefix || undefined, EventBusName, NextToken });
          const answer = await client.send(command, { abortSignal });
          return { items: answer.Rules, nextToken: answer.NextToken };
        });
        for await (const page of found)
          for (const { Name: name = '', State: state = '', EventPattern: pattern = '' } of page)
            rules.push({ name, state, pattern });
        return rules;
      }),
    targets: (Rule, EventBusName, abortSignal) =>
      asked(
        {
          attempt: `list the targets of rule ${Rule}`,
          action: 'events:ListTargetsByRule',
          gone,
        },
        async () => {
          // A rule has five targets at most, and one call answers a hundred.
          const { Targets = [] } = await client.send(new ListTargetsByRuleCommand({ Rule, EventBusName }), {
            abortSignal,
          });
          return Targets.map(({ Arn: arn = '', DeadLetterConfig, Input, InputPath, InputTransformer }) => ({
            arn,
            deadLetters: DeadLetterConfig?.Arn,
            changesEvents: [Input, InputPath, InputTransformer].some((one) => one !== undefined),
          }));
        },
      ),
  };
}
