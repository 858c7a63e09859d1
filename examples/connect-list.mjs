// Runs a program that can connect to one address only. The address is read once, and this process connects the child's
// socket to it: the child can't change the address between the check and the connection.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { spawn } from 'seccomp';

const server = createServer((socket) => socket.end('hello\n')).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address();

async function connect(call) {
  const address = call.readSockaddr(1);
  const isAllowed = address.family === 'IPv4' && address.address === '127.0.0.1' && address.port === port;
  return isAllowed ? call.connect(address) : call.deny('EACCES');
}

/** Calls that reach other hosts without connect, or send without a connection. */
const denied = ['sendto', 'sendmsg', 'sendmmsg', 'bind', 'io_uring_setup'];

const script = `
import socket
for address in ('127.0.0.1', ${port}), ('127.0.0.1', 22), ('192.0.2.7', ${port}):
  try:
    print(socket.create_connection(address).recv(100).decode().strip())
  except OSError as error:
    print(error.strerror)`;

spawn(
  'python3',
  ['-c', script],
  {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: denied, action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
  },
  { stdio: 'inherit', notify: { connect } },
).on('exit', () => server.close());
