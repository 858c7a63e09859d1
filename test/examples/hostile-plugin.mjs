/**
 * A plugin that sends its host messages of unexpected shapes, asks for paths, and closes its channel before it gets the
 * file that it may read.
 */
export default function main() {
  const requests = [null, 7, 'text', [], { id: {}, name: {} }, { name: '../LICENSE' }, { name: '__proto__' }];
  let answers = 0;
  process.removeAllListeners('message');
  process.on('message', ({ error }) => {
    console.log(error);
    answers += 1;
    if (answers === requests.length) process.send({ name: 'license' }, () => process.disconnect());
  });
  for (const request of requests) process.send(request);
  return new Promise(() => {});
}
