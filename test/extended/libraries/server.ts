/** A program that a development tool starts again and again: says what chdir gives, and runs on until it is ended. */
let chdir = 'changed';
try {
  process.chdir('/');
} catch (error) {
  chdir = (error as NodeJS.ErrnoException).code ?? '';
}
console.log(JSON.stringify({ chdir, channel: process.connected }));
process.on('message', () => {});
