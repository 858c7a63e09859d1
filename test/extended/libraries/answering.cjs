/** Answers a message with it and what chdir gives. */
process.once('message', (message) => {
  let chdir = 'changed';
  try {
    process.chdir('/');
  } catch (error) {
    chdir = error.code;
  }
  process.send([message, chdir]);
});
