import { Worker } from 'node:worker_threads';
import type { Answer, Task } from './worker.ts';

/** Gives tasks to worker threads until none is left or `heard` answers false. */
export async function workThrough(
  file: string,
  threads: number,
  tasks: Iterable<Task>,
  heard: (answer: Answer) => boolean,
): Promise<void> {
  const waiting = tasks[Symbol.iterator]();
  let stopped = false;
  const next = (): Task | undefined => {
    const { value, done } = stopped ? { value: undefined, done: true } : waiting.next();
    return done === true ? undefined : value;
  };
  const workers = Array.from(
    { length: threads },
    () => new Worker(file, { workerData: 'faults', execArgv: ['--no-warnings'] }),
  );
  try {
    await Promise.all(
      workers.map(async (worker) => {
        for (let task = next(); task !== undefined; task = next()) {
          if (!heard(await ask(worker, task))) stopped = true;
        }
      }),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function ask(worker: Worker, task: Task): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onError = (error: unknown) =>
      reject(new Error(`the harness failed with the seed ${task.seed}`, { cause: error }));
    worker.once('error', onError);
    worker.once('message', (answer: Answer) => {
      worker.off('error', onError);
      resolve(answer);
    });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    worker.postMessage(task);
  });
}
