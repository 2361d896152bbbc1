/** An alarm of a metric. */
export interface AlarmState {
  readonly name: string;
  state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  reason: string;
  description: string;
  changedAt: number;
}

/** One value of a metric with exactly these dimensions. */
export interface Datum {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly at: number;
  readonly value: number;
}

export interface CloudWatchState {
  readonly alarms: Map<string, AlarmState>;
  readonly data: Datum[];
}

/** No alarms and no metrics. */
export function createCloudWatchState(): CloudWatchState {
  return { alarms: new Map(), data: [] };
}
