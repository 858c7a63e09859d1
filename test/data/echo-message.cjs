// Sends the first message back, and ends.
process.once('message', (message) => process.send(message, () => process.disconnect()));
