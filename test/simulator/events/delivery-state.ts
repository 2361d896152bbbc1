import type { PolicyDocument } from '../iam/policy.ts';
import type { AwsEvent } from './bus.ts';

export interface EventBusState {
  readonly arn: string;
  readonly name: string;
  readonly policy: PolicyDocument | undefined;
}

export interface RuleState {
  readonly arn: string;
  readonly bus: string;
  readonly matches: (event: AwsEvent) => boolean;
  readonly target: string;
  readonly role: string | undefined;
  readonly deadLetters: string | undefined;
}

/** The rules of one account and Region, and its buses besides the default one. */
export interface DeliveryState {
  readonly buses: Map<string, EventBusState>;
  readonly rules: RuleState[];
}

/** No rules, and the default bus alone. */
export function createDeliveryState(): DeliveryState {
  return { buses: new Map(), rules: [] };
}
