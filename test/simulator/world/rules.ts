import type { Aws } from '../aws.ts';
import { arnOf } from '../place.ts';
import type { EventBusRef, EventBusSpec, RuleRef, RuleSpec } from './specs.ts';

/** An event bus besides the default one. */
export function buildEventBus(aws: Aws, { name, policy }: EventBusSpec): EventBusRef {
  const arn = arnOf(aws.place, 'events', `event-bus/${name}`);
  aws.delivery.buses.set(name, { arn, name, policy });
  return { arn, name };
}

/** A rule, from now on. The ARN of a rule on the default bus does not name the bus. */
export function buildRule(aws: Aws, spec: RuleSpec): RuleRef {
  const { name, bus = 'default', matches, target, role, deadLetters } = spec;
  const arn = arnOf(aws.place, 'events', `rule/${bus === 'default' ? '' : `${bus}/`}${name}`);
  aws.delivery.rules.push({ arn, bus, matches, target, role, deadLetters });
  return { arn };
}
