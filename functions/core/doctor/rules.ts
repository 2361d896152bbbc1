import type { PlannedRule } from './blueprint.ts';
import { type Check, judged, ofAnswer, ok, warning, wrong } from './check.ts';
import type { Answer, RuleFact, TargetFact } from './facts.ts';

/** What EventBridge shows: the rules of an event bus, and the targets of each by its name. */
export type RuleFacts = {
  readonly rules: Answer<readonly RuleFact[]>;
  readonly targets: ReadonlyMap<string, Answer<readonly TargetFact[]>>;
};

export const RESTORE = 'put back what the template says (docs/operate.md, What doctor finds)';

/** Whether a rule is as it was deployed: there, enabled, with its pattern, its targets and their dead letters. */
export function checkRule(planned: PlannedRule, facts: RuleFacts): readonly Check[] {
  const check = `rule ${planned.id}`;
  const { name } = planned;
  const gone = () => [wrong(check, 'rule-gone', `there is no rule ${name ?? planned.id}`, RESTORE)];
  if (name === undefined) return gone();
  return ofAnswer(check, facts.rules, {
    gone,
    shown(rules) {
      const found = rules.find((one) => one.name === name);
      if (found === undefined) return gone();
      if (!planned.isEnabled) return [ok(check, 'off, as it was deployed')];
      const faults = [...ruleFaults(check, planned, found), ...targetFaults(check, planned, facts.targets)];
      return judged(check, faults, 'enabled, with its pattern and target');
    },
  });
}

function ruleFaults(
  check: string,
  planned: PlannedRule,
  { name, state, pattern }: RuleFact,
): readonly Check[] {
  return [
    ...(state === 'DISABLED'
      ? [
          wrong(
            check,
            'rule-disabled',
            `${name} is disabled: its events reach no queue`,
            enabling(planned, name),
          ),
        ]
      : []),
    ...(isSame(planned.pattern, pattern)
      ? []
      : [
          wrong(
            check,
            'rule-changed',
            `the event pattern of ${name} is another than it was deployed`,
            RESTORE,
          ),
        ]),
  ];
}

function targetFaults(
  check: string,
  { name = '', targets }: PlannedRule,
  facts: RuleFacts['targets'],
): readonly Check[] {
  const gone = (arn: string) =>
    wrong(check, 'target-gone', `${name} does not send to ${nameIn(arn)}: its events are lost`, RESTORE);
  const answer = facts.get(name) ?? { kind: 'gone' };
  return ofAnswer(check, answer, {
    gone: () => targets.map(({ arn }) => gone(arn)),
    shown: (found) =>
      targets.flatMap(({ arn, deadLetters }) => {
        const target = found.find((one) => one.arn === arn);
        if (target === undefined) return [gone(arn)];
        return [
          ...(target.changesEvents
            ? [
                wrong(
                  check,
                  'target-changed',
                  `${name} sends ${nameIn(arn)} something else than the event`,
                  RESTORE,
                ),
              ]
            : []),
          ...(target.deadLetters === deadLetters || deadLetters === undefined
            ? []
            : [
                warning(
                  check,
                  'no-dead-letters',
                  `what ${name} cannot deliver to ${nameIn(arn)} does not go to ${nameIn(deadLetters)}`,
                  RESTORE,
                ),
              ]),
        ];
      }),
  });
}

const nameIn = (arn: string): string => arn.slice(arn.lastIndexOf(':') + 1);

/** Whether a pattern, as JSON, says the same; the order of fields and of alternatives says nothing. */
function isSame(planned: unknown, json: string): boolean {
  try {
    return canonical(planned) === canonical(JSON.parse(json));
  } catch {
    return false;
  }
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).toSorted().join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`);
  return `{${fields.toSorted().join()}}`;
}

function enabling({ arn, bus }: PlannedRule, name: string): string {
  const onBus = bus === undefined ? '' : ` --event-bus-name ${bus}`;
  return `aws events enable-rule --region ${arn.split(':')[3]}${onBus} --name ${name}`;
}
