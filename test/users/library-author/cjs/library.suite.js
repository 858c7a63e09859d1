/** Tests of the library, in Jest without flags. */
const { greet } = require('./library.js');

test('the library runs its program', async () => {
  expect((await greet()).stdout).toBe('hello\n');
  await expect(['true']).toRunUnder('docker-default');
});
