import { currentLife, type Life } from './time.ts';

/** A record of the log, with the fields that the judges read. */
export type LogRecord = Readonly<Record<string, unknown>> & {
  readonly event?: string;
  readonly changeId?: string;
  readonly changeIds?: readonly string[];
  readonly service?: string;
  readonly reason?: string;
};

/** Captures the output of invocations; other output passes. Answers a function that ends the capture. */
export function captureLog(into: (line: string, life: Life) => void): () => void {
  const streams = [process.stdout, process.stderr].map((stream) => ({
    stream,
    write: stream.write.bind(stream),
    before: Object.getOwnPropertyDescriptor(stream, 'write'),
  }));
  for (const { stream, write } of streams) {
    stream.write = (chunk: string | Uint8Array, ...rest: never[]): boolean => {
      const life = currentLife();
      if (life === undefined) return write(chunk, ...rest);
      for (const line of String(chunk).split('\n')) if (line !== '') into(line, life);
      return true;
    };
  }
  return () => {
    for (const { stream, before } of streams) {
      if (before === undefined) Reflect.deleteProperty(stream, 'write');
      else Object.defineProperty(stream, 'write', before);
    }
  };
}

/** A line as a record; undefined for metrics and all other lines. */
export function recordIn(line: string): LogRecord | undefined {
  if (!line.startsWith('{') || line.includes('"_aws"')) return undefined;
  return JSON.parse(line) as LogRecord;
}
