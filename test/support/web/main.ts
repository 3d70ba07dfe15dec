import { exampleState, PASSWORD, SECRET } from './example-handlers.ts';
import { startExampleServer } from './serve.ts';

// `node test/support/web/main.ts [PORT]`: the pages over examples, for looking at them. The gateway itself serves them with its own data.
const state = exampleState(Date.now);
const port = Number(process.argv[2] ?? 0);
const { origin } = await startExampleServer({ ...state, port });
process.stdout.write(`${origin}  accounts: admin, view, help, alice; password: ${PASSWORD}; secret: ${SECRET}\n`);
