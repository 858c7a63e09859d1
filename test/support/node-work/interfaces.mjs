// The machine's network interfaces, which the C library asks the kernel for over a netlink socket.
import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';

assert.notEqual(networkInterfaces(), undefined);
