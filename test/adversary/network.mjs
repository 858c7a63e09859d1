#!/bin/node
/**
 * Runs network.c with the sockets that this process was given, and prints the output of each run as JSON. The argument
 * is JSON: { home, attack, runs }. Each of `runs` has a profile and options of spawn; with `compiled`, options of
 * compile, the profile is compiled before; with `handled`, a handler allows each call of that name.
 */
const { home, attack, runs } = JSON.parse(process.argv[2]);
const { compile, spawn } = await import(home);
const GIVEN = [3, 4, 5, 6, 7, 8];

const outputs = [];
for (const { profile, options, compiled, handled } of runs) {
  const child = spawn(
    attack,
    ['attack', process.env['PORT']],
    compiled === undefined ? profile : compile(profile, compiled),
    {
      stdio: ['ignore', 'pipe', 'inherit', ...GIVEN],
      ...options,
      ...(handled === undefined ? {} : { notify: { [handled]: (call) => call.continue() } }),
    },
  );
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (...end) => resolve(end));
  });
  outputs.push(code === 0 ? text : `ended with ${signal ?? code}: 1`);
}
process.stdout.write(JSON.stringify(outputs));
