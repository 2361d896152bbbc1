import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { makeAccess } from '../aws/access.ts';
import { CallCounts, makeEcsClients } from '../aws/clients.ts';
import { makeEcs } from '../aws/ecs/ecs.ts';
import { makeEventBus } from '../aws/event-bus.ts';
import { makeParameters } from '../aws/parameters.ts';
import { makeQueue } from '../aws/queue.ts';
import { makeSecrets } from '../aws/secrets.ts';
import { makeSnapshots } from '../aws/snapshot.ts';
import type { ServiceKey } from '../core/model/arn.ts';
import { FleetCache } from '../pipeline/read/fleet-cache.ts';
import { SnapshotStore } from '../pipeline/read/snapshot-store.ts';
import type { Clock, Ports } from '../ports.ts';
import { Journal } from '../telemetry/journal.ts';
import { RecordFormat } from '../telemetry/log-format.ts';
import type { OwnEvents } from '../telemetry/own-events.ts';
import { type Listener, RecordWriter } from '../telemetry/record.ts';
import type { Config } from './config.ts';

/**
 * What a handler is made from. It lives as long as the process: a warm environment keeps the fleet and its revisions. A
 * process handles one invocation at a time (functions/README.md, Queue and Lambda), and every cache in here relies on
 * that: none of them is guarded against two invocations at once.
 */
export type Dependencies = {
  readonly config: Config;
  readonly ports: Ports;
  readonly fleets: FleetCache;
  readonly lostAnswers: Map<ServiceKey, number>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly counts: CallCounts;
};

const NAMESPACE = 'SecretRedeploy';

/** The composition root: the one place where adapters are made. */
export function connect(config: Config, clock: Clock): Dependencies {
  const counts = new CallCounts();
  const { queueUrl } = config.followUp;
  const snapshots = config.snapshot && makeSnapshots(config.snapshot, counts);
  return {
    config,
    counts,
    ports: {
      clock,
      ecs: makeEcs(makeEcsClients(counts), config.rates, config.tagPrefix, clock),
      secrets: makeSecrets(counts, config.tagPrefix, clock),
      parameters: makeParameters(counts, clock),
      queue: queueUrl === undefined ? undefined : makeQueue(queueUrl, counts),
      snapshots,
      eventBus: makeEventBus(counts),
      access: makeAccess(counts, clock),
    },
    fleets: new FleetCache(new SnapshotStore(snapshots)),
    lostAnswers: new Map(),
    // A log level set from outside would hide records, which are what operations see.
    logger: new Logger({ logLevel: 'INFO', logFormatter: new RecordFormat() }),
    metrics: new Metrics({ namespace: NAMESPACE, defaultDimensions: { stage: config.stage } }),
  };
}

/** Which channels a record reaches; it is decided here and nowhere else. */
export type Audiences = {
  /** Log, metrics and own events: what happens to a change. */
  readonly journal: Journal;
  /** The log alone: a question that a person asks moves no dashboard and reaches no subscriber of our own events. */
  readonly quiet: Journal;
  /**
   * Log and metrics: a sweep records the same every hour, and subscribers of our own events would have to filter it.
   * What a sweep heals is recorded by on-change.
   */
  readonly sweepRecords: RecordWriter;
};

export function audiencesOf({ logger, metrics }: Dependencies, ownEvents: OwnEvents): Audiences {
  const hear: Listener = (name, fields) => ownEvents.hear(name, fields);
  return {
    journal: new Journal(new RecordWriter(logger, metrics, hear)),
    quiet: new Journal(new RecordWriter(logger)),
    sweepRecords: new RecordWriter(logger, metrics),
  };
}
