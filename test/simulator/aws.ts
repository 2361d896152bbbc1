import type { Agenda } from './agenda.ts';
import type { CloudWatchState } from './cloudwatch/state.ts';
import type { EcsState } from './ecs/state.ts';
import type { Bus } from './events/bus.ts';
import type { DeliveryState } from './events/delivery-state.ts';
import type { IamState } from './iam/state.ts';
import type { Ids } from './ids.ts';
import type { Input } from './input.ts';
import type { InstalledState } from './installed/state.ts';
import type { Caller, LedgerBook } from './ledger.ts';
import type { SimulatorSettings } from './options.ts';
import type { ParametersState } from './parameters/state.ts';
import type { Place } from './place.ts';
import type { S3State } from './s3/state.ts';
import type { SecretsState } from './secrets/state.ts';
import type { SqsState } from './sqs/state.ts';

/** Everything one simulated account and Region consists of. */
export interface Aws {
  readonly place: Place;
  readonly now: () => number;
  readonly ids: Ids;
  readonly agenda: Agenda;
  readonly bus: Bus;
  readonly delivery: DeliveryState;
  /** The other accounts and Regions that it can reach. */
  readonly others: Set<Aws>;
  readonly ledger: LedgerBook;
  readonly settings: SimulatorSettings;
  readonly ecs: EcsState;
  readonly secrets: SecretsState;
  readonly parameters: ParametersState;
  readonly sqs: SqsState;
  readonly s3: S3State;
  readonly installed: InstalledState;
  readonly cloudwatch: CloudWatchState;
  readonly iam: IamState;
}

/** The instant of an operation, and its caller. */
export interface Occasion {
  readonly at: number;
  readonly caller: Caller;
}

/** One API operation: answers with its JSON body or throws an AwsError. */
export type Operation = (aws: Aws, input: Input, occasion: Occasion) => unknown;

/** The operations of one service by name. */
export type Operations = Readonly<Record<string, Operation>>;

/** The principal that IAM and CloudTrail would name for a caller. */
export function principalOf(place: Place, caller: Caller): string {
  return `arn:${place.partition}:sts::${place.account}:assumed-role/${caller.accessKeyId}/session`;
}

/** Seconds since 1970 with milliseconds, which is how the JSON protocols write an instant. */
export function seconds(at: number): number {
  return Math.round(at) / 1000;
}
