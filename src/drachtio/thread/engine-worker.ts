import { parentPort, workerData } from 'node:worker_threads';
import { watchLoopDelay } from './loop-delay.ts';
import { startEngine } from '../server.ts';
import type { EngineThreadData, FromEngine, ToEngine } from './thread-messages.ts';

/** The entry of the engine's own thread; thread.ts starts it. */
const port = parentPort;
if (port === null) {
  throw new Error('engine-worker is started by startEngineThread, as a worker thread');
}

const tell = (message: FromEngine): void => port.postMessage(message);

try {
  const engine = await startEngine(workerData as EngineThreadData, {
    log: (level, text) => tell({ kind: 'log', level, text }),
  });
  const readLoopDelay = watchLoopDelay();
  port.on('message', (message: ToEngine) => {
    switch (message.kind) {
      case 'measure':
        tell({ kind: 'measured', measures: { loopDelay: readLoopDelay(), defects: engine.defectCount } });
        break;
      case 'tls':
        engine.setTls(message.tls);
        break;
      case 'close':
        void engine.close().then(() => {
          tell({ kind: 'closed' });
          port.close();
        });
        break;
    }
  });
  tell({ kind: 'started', client: engine.client, sipAddresses: engine.sipAddresses });
} catch (error) {
  tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  port.close();
}
