/**
 * An agent in a process without a free descriptor: `node full.mjs SOCKET`. Prints `full` when there is none left, and
 * the message of the first `refused`, upon which it closes its descriptors. Ends after its first container.
 */
import { closeSync, openSync } from 'node:fs';
import { listen } from 'seccomp';

const agent = listen(process.argv[2], { sched_get_priority_max: (call) => call.return(7) });
const files = [];
let isFull = true;

/** Takes all descriptors before each poll for connections, as Node closes descriptors of its own at times. */
function fill() {
  if (!isFull) return;
  try {
    for (;;) files.push(openSync('/dev/null'));
  } catch {
    setImmediate(fill);
  }
}

agent.on('refused', (error) => {
  console.log(error.message);
  isFull = false;
  for (const file of files.splice(0)) closeSync(file);
});
agent.on('end', () => agent.close());
fill();
setImmediate(() => console.log('full'));
