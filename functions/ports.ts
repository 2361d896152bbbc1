import type { ClusterArn, ServiceKey } from './core/model/arn.ts';
import type { Fleet, NamedFleet, NamedService, Service } from './core/model/fleet.ts';
import type { Outcome } from './core/model/outcome.ts';
import type { SecretDescription, SecretVersion } from './core/model/secret.ts';
import type { Evidence, Question } from './core/plan/evidence.ts';
import type { FleetPart } from './core/read/scan.ts';
import type { OwnEvent } from './core/report/own-event.ts';

/** Everything this service does to the outside world. Instants are milliseconds since the epoch. */
export type Ports = {
  readonly clock: Clock;
  readonly ecs: Ecs;
  readonly secrets: Secrets;
  readonly parameters: Parameters;
  /** Where follow-ups go; without it the first look is the last. */
  readonly queue: Queue | undefined;
  /** Where the snapshot of the fleet lies, if there is to be one. */
  readonly snapshots: Snapshots | undefined;
  readonly eventBus: EventBus;
};

/** Our share of the ECS quotas: calls a second and burst, for each read group and for UpdateService. */
export type Rates = {
  readonly readRate: number;
  readonly readBurst: number;
  readonly updateRate: number;
  readonly updateBurst: number;
};

export type Clock = {
  now(): number;
  sleep(ms: number): Promise<void>;
};

/**
 * Reads throw `ReadFailed` when throttling, 5xx, network errors or AccessDenied outlast their retries, or when `signal`
 * says that the time for reading is over; what merely vanished meanwhile is left out.
 */
export type Ecs = {
  /** The selected clusters: each list of globs must select one. */
  listClusters(globs: readonly (readonly string[])[], signal: AbortSignal): Promise<readonly ClusterArn[]>;
  /**
   * All services of the selected clusters, with the revisions in use. Each list of globs must select a cluster. Where the
   * time for reading ends before all of them are read, the rest is named.
   */
  readFleet(
    globs: readonly (readonly string[])[],
    signal: AbortSignal,
    options?: ReadOptions,
  ): Promise<FleetPart>;
  readNamed(
    services: readonly NamedService[],
    globs: readonly (readonly string[])[],
    signal: AbortSignal,
  ): Promise<NamedFleet>;
  /**
   * These services, by name or ARN, as they are now, with their tags and their clusters', and the revisions that they use
   * now, where those are wanted.
   */
  readThese(
    services: ReadonlyMap<ClusterArn, readonly string[]>,
    wantsRevisions: (service: Service) => boolean,
    signal: AbortSignal,
  ): Promise<Fleet>;
  /** One look at services of one cluster, ten at most, for the moment before a write; the vanished are left out. */
  recheck(services: readonly Service[], signal: AbortSignal): Promise<ReadonlyMap<ServiceKey, Recheck>>;
  /** What is asked of one service beyond DescribeServices. */
  answer(question: Question, signal: AbortSignal): Promise<Evidence>;
  /** Why tasks of a service that were created after this instant have stopped; undefined: none has, or ECS does not say. */
  stoppedReason(service: Service, since: number, signal: AbortSignal): Promise<string | undefined>;
  /** Permissions to call UpdateService, `most` at most, as soon as there is one; none once the signal is aborted. */
  acquireUpdates(most: number, signal: AbortSignal): Promise<number>;
  /** UpdateService with forceNewDeployment and nothing else; whatever AWS answers or fails to answer is an outcome. */
  forceNewDeployment(service: Service): Promise<Outcome>;
};

export type ReadOptions = {
  /** Leaves all other clusters out; they are read in this order. */
  readonly only?: readonly ClusterArn[];
  /** Is given a few services at a time, with their revisions, as soon as they are read. */
  readonly onPart?: (part: Fleet) => void;
};

/** A service as it is now, or why ECS would not describe it. */
export type Recheck = { readonly service: Service } | { readonly refused: string };

export type Queue = {
  /** `delaySeconds` up to 900. */
  send(body: string, delaySeconds: number): Promise<void>;
};

export type EventBus = {
  /** As many of our own events as one call takes; answers an error code for each that was not taken. Throws if all failed. */
  put(events: readonly OwnEvent[], signal: AbortSignal): Promise<readonly string[]>;
};
export type Secrets = {
  /** By name, partial or full ARN; undefined: there is none. */
  describe(secret: string, signal: AbortSignal): Promise<SecretDescription | undefined>;
  /** The versions that carry a label; none if the secret has vanished. */
  listVersions(arn: string, signal: AbortSignal): Promise<readonly SecretVersion[]>;
  /** Page by page every secret of this account and Region, those that are to be deleted included; up to five minutes late. */
  list(signal: AbortSignal): AsyncIterable<readonly SecretDescription[]>;
};

export type Parameters = {
  /** By name or ARN; undefined: there is none. */
  describe(parameter: string, signal: AbortSignal): Promise<ParameterDescription | undefined>;
  /** By ARN, many at a time; what does not exist is left out. */
  describeAll(arns: readonly string[], signal: AbortSignal): Promise<readonly ParameterDescription[]>;
};

export type ParameterDescription = { readonly arn: string; readonly changedAt: number };

/** Where the snapshot of the fleet lies; `pathStyle`: the bucket's name stands in the path, not in the host's name. */
export type SnapshotPlace = { readonly bucket: string; readonly pathStyle: boolean };

/** Bytes that somebody may have tampered with; both throw whatever keeps them from being read or written. */
export type Snapshots = {
  /** With a mark that tells this version from every other; undefined: there are none. */
  get(signal: AbortSignal): Promise<{ readonly bytes: Uint8Array; readonly version: string } | undefined>;
  /** Only if no other version than `replaces` (none at all) is there; answers the new one, undefined if there is. */
  put(bytes: Uint8Array, replaces: string | undefined): Promise<string | undefined>;
};
