/** Prints what execa's programs say when Sandboxes start them: with a channel, in a shell, and synchronously. */
import { execa, execaNode, execaSync } from 'execa';

async function answerOf(subprocess) {
  await subprocess.sendMessage('hello');
  const answer = await subprocess.getOneMessage();
  await subprocess;
  return answer;
}

const changesDirectory = 'cd / 2>/dev/null && echo changed || echo denied';
console.log(
  JSON.stringify({
    node: await answerOf(execaNode('answering.cjs')),
    ipc: await answerOf(execa('node', ['answering.cjs'], { ipc: true })),
    asynchronous: (await execa({ shell: true })`${changesDirectory}`).stdout,
    synchronous: execaSync('sh', ['-c', changesDirectory]).stdout,
    inputAndLines: (await execa({ input: 'b\na\n', lines: true })`sort`).stdout,
    exitCode: (await execa({ reject: false, shell: true })`exit 3`).exitCode,
  }),
);
