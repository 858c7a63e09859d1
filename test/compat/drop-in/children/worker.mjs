/** Answers each message with its square, and ends when the parent disconnects. */
process.on('message', ({ id, value }) => process.send({ id, result: value * value, seen: new Set([value]) }));
