// The machine's network interfaces, which the C library reads from a netlink socket.
import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';

assert.notEqual(networkInterfaces(), undefined);
