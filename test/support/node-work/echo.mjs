// What child-process.mjs forks: sends back what it is sent.
process.on('message', (message) => process.send(message));
