import type {
  Alarm,
  Answer,
  EventSource,
  FunctionSettings,
  Intervals,
  Metric,
  Need,
  QueueFact,
  RoleFact,
  RuleFact,
  SnapshotFact,
  StackFact,
  StackListing,
  Sum,
  TargetFact,
  TrailFact,
} from './core/doctor/facts.ts';

/** What AWS shows of the installed service. An answer that AWS does not give is an answer, too: nothing here throws. */
export type Installation = {
  stack(name: string, signal: AbortSignal): Promise<Answer<StackFact>>;
  resources(stack: string, signal: AbortSignal): Promise<Answer<StackListing>>;
  template(stack: string, signal: AbortSignal): Promise<Answer<string>>;
  function(name: string, signal: AbortSignal): Promise<Answer<FunctionSettings>>;
  /** What Lambda takes from queues for a function. */
  sources(functionName: string, signal: AbortSignal): Promise<Answer<readonly EventSource[]>>;
  /** The rules of an event bus, the default one if none is named, whose names begin so. */
  rules(prefix: string, bus: string | undefined, signal: AbortSignal): Promise<Answer<readonly RuleFact[]>>;
  targets(rule: string, bus: string | undefined, signal: AbortSignal): Promise<Answer<readonly TargetFact[]>>;
  queue(url: string, signal: AbortSignal): Promise<Answer<QueueFact>>;
  permissions(role: string, needs: readonly Need[], signal: AbortSignal): Promise<RoleFact>;
  trails(region: string, signal: AbortSignal): Promise<Answer<readonly TrailFact[]>>;
  alarms(names: readonly string[], signal: AbortSignal): Promise<Answer<readonly Alarm[]>>;
  sums(
    metrics: readonly Metric[],
    intervals: Intervals,
    signal: AbortSignal,
  ): Promise<Answer<readonly (readonly Sum[])[]>>;
  snapshot(bucket: string, signal: AbortSignal): Promise<SnapshotFact>;
};
