import type { Place } from '../support/events.ts';

/** Every string of a task definition that can name a resource, by its place. */
export interface RevisionModel {
  readonly secrets: readonly string[];
  readonly sidecarSecrets: readonly string[];
  readonly log: readonly string[];
  readonly pull: string | undefined;
  readonly credentialSpecs: readonly string[];
  readonly dockerSecurityOptions: readonly string[];
  readonly fsx: readonly string[];
  readonly environment: readonly string[];
}

/** A deployment or task set. Instants are epoch milliseconds. */
export interface GroupModel {
  readonly revision: RevisionModel;
  readonly connect: readonly string[];
  readonly createdAt: number;
  readonly tasksStartedAt: number;
  readonly running: number;
  readonly pending: number;
}

export interface ServiceModel {
  readonly name: string;
  readonly cluster: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly status: 'ACTIVE' | 'DRAINING' | 'INACTIVE';
  readonly desired: number;
  readonly controller: 'ECS' | 'CODE_DEPLOY' | 'EXTERNAL' | undefined;
  readonly strategy: 'ROLLING' | 'BLUE_GREEN' | 'LINEAR' | 'CANARY';
  readonly daemon: boolean;
  readonly express: boolean;
  readonly oldArn: boolean;
  readonly percents: readonly [number, number] | undefined;
  readonly state: 'COMPLETED' | 'IN_PROGRESS' | 'FAILED';
  readonly primary: GroupModel;
  readonly others: readonly GroupModel[];
}

export interface SettingsModel {
  readonly prefix: string;
  readonly select: 'all' | 'tagged';
  readonly pull: 'ignore' | 'redeploy';
  readonly clusters: string;
  readonly cooldownMs: number;
}

export interface FleetModel {
  readonly place: Place;
  readonly settings: SettingsModel;
  readonly clusters: readonly { readonly name: string; readonly tags: Readonly<Record<string, string>> }[];
  readonly services: readonly ServiceModel[];
}

/** The secret or parameter that really changed, and the instant of its change. */
export type TruthModel =
  | {
      readonly kind: 'secret';
      readonly name: string;
      readonly suffix: string;
      readonly labels: readonly string[];
      readonly optedOut: boolean;
      readonly changedAt: number;
    }
  | { readonly kind: 'parameter'; readonly name: string; readonly changedAt: number };

export const NOTHING: RevisionModel = {
  secrets: [],
  sidecarSecrets: [],
  log: [],
  pull: undefined,
  credentialSpecs: [],
  dockerSecurityOptions: [],
  fsx: [],
  environment: [],
};
