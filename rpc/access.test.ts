import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hostAllowed, isOperator, originAllowed } from './access.ts';
import type { OperatorAccess } from './options.ts';

const test = suite('rpc/access');

const origins: readonly [string | undefined, readonly string[] | undefined, boolean][] = [
  [undefined, undefined, true],
  [undefined, [], true],
  ['http://localhost:3000', undefined, true],
  ['https://127.0.0.1', undefined, true],
  ['http://[::1]:8080', undefined, true],
  ['http://localhost.example.com', undefined, false],
  ['https://example.com', undefined, false],
  ['null', undefined, false],
  ['file://localhost', undefined, false],
  ['http://localhost:3000', [], false],
  ['https://app.example.com', ['https://app.example.com'], true],
  ['https://other.example.com', ['https://app.example.com'], false],
  ['https://anything.example', ['*'], true],
];
for (const [origin, allowed, expected] of origins) {
  test(`origin ${origin} with ${allowed?.join() ?? 'the default'}: ${expected}`, () => {
    assert.is(originAllowed(origin, allowed), expected);
  });
}

const hosts: readonly [string | undefined, readonly string[] | undefined, boolean][] = [
  [undefined, undefined, true],
  ['localhost', undefined, true],
  ['LOCALHOST:8545', undefined, true],
  ['127.0.0.1:8545', undefined, true],
  ['10.1.2.3', undefined, true],
  ['[::1]:8545', undefined, true],
  ['node.example.com', undefined, false],
  ['127.0.0.1.example.com:8545', undefined, false],
  ['node.example.com:443', ['node.example.com'], true],
  ['localhost', ['node.example.com'], false],
  ['anything', ['*'], true],
];
for (const [host, allowed, expected] of hosts) {
  test(`host ${host} with ${allowed?.join() ?? 'the default'}: ${expected}`, () => {
    assert.is(hostAllowed(host, allowed), expected);
  });
}

const callers: readonly [string | undefined, Record<string, string>, OperatorAccess, boolean][] = [
  ['127.0.0.1', {}, 'local', true],
  ['127.8.9.1', { host: 'localhost' }, 'local', true],
  ['::1', {}, 'local', true],
  ['::ffff:127.0.0.1', {}, 'local', true],
  ['10.0.0.7', {}, 'local', false],
  ['::ffff:10.0.0.7', {}, 'local', false],
  ['127.0.0.1.evil', {}, 'local', false],
  [undefined, {}, 'local', false],
  ['127.0.0.1', { origin: 'http://localhost:3000' }, 'local', false],
  ['127.0.0.1', { 'x-forwarded-for': '10.0.0.7' }, 'local', false],
  ['127.0.0.1', { forwarded: 'for=10.0.0.7' }, 'local', false],
  ['10.0.0.7', { via: '1.1 proxy' }, 'anyone', true],
  ['127.0.0.1', {}, 'nobody', false],
];
for (const [remoteAddress, headers, access, expected] of callers) {
  const marks = Object.keys(headers).join();
  test(`a caller from ${remoteAddress} (${marks}) is an operator under ${access}: ${expected}`, () => {
    assert.is(isOperator({ remoteAddress, headers }, access), expected);
  });
}

test.run();
