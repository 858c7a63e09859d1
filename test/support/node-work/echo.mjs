// The module that child-process.mjs forks: sends messages back.
process.on('message', (message) => process.send(message));
