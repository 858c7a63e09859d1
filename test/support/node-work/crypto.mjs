// node:crypto, sync and in the thread pool: hashes, keys, ciphers, signatures, random numbers; webcrypto.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { promisify } from 'node:util';

assert.equal(crypto.createHash('sha256').update('').digest('hex').slice(0, 8), 'e3b0c442');
const key = await promisify(crypto.scrypt)('password', 'salt', 32, { cost: 16 });
assert.deepEqual(key, crypto.scryptSync('password', 'salt', 32, { cost: 16 }));
await promisify(crypto.pbkdf2)('password', 'salt', 10, 32, 'sha512');
await promisify(crypto.randomBytes)(16);
assert.equal(crypto.randomUUID().length, 36);
const { publicKey, privateKey } = await promisify(crypto.generateKeyPair)('ec', { namedCurve: 'P-256' });
const signature = crypto.sign('sha256', Buffer.from('data'), privateKey);
assert.ok(crypto.verify('sha256', Buffer.from('data'), publicKey, signature));
const cipher = crypto.createCipheriv('aes-256-gcm', key, Buffer.alloc(12));
assert.equal(cipher.update('secret', 'utf8', 'hex').length + cipher.final('hex').length, 12);
const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, Buffer.from('data'));
assert.ok((await promisify(crypto.generatePrime)(64)).byteLength > 0);
