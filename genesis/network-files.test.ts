import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addressOf } from '#crypto';
import { bytesToHex } from '../ledger/model/index.ts';
import { refusalOf } from '../ledger/model/testkit/refusal.ts';
import { temporaryDirectory } from '../ledger/model/testkit/temporary-directory.ts';
import { openConsensusLog } from '../ledger/store/index.ts';
import { developmentAccounts } from './development.ts';
import {
  createNetworkFiles,
  multiaddrOf,
  type NetworkOptions,
  peerIdOf,
  portsFrom,
  standardPorts,
} from './network-files.ts';
import { readNodeDirectory } from './node-directory.ts';
import { genesisOf } from './testkit/genesis-of.ts';

const files = suite<{ directory: string }>('genesis/network-files');

files.before.each((context) => {
  context.directory = temporaryDirectory();
});

const optionsFor = (directory: string, validators = 4): NetworkOptions => ({
  directory: join(directory, 'network'),
  validators,
  chainId: 7n,
  host: '127.0.0.1',
  portsOf: standardPorts,
  accounts: developmentAccounts.map(({ address }) => ({ address, balance: 5n })),
  timestamp: 1_700_000_000n,
});

files(
  'every node gets the same genesis, its own keys and the others as boot peers',
  async ({ directory }) => {
    const network = await createNetworkFiles(optionsFor(directory));
    assert.is(network.nodes.length, 4);
    const validators = network.genesis.validators.map(bytesToHex);
    assert.equal(network.nodes.map(({ address }) => bytesToHex(address)).sort(), validators);
    for (const [index, node] of network.nodes.entries()) {
      const read = await readNodeDirectory(node.directory);
      assert.is(bytesToHex(genesisOf(read.genesis).hash), bytesToHex(network.genesis.hash));
      assert.ok(read.validatorKey);
      assert.is(bytesToHex(addressOf(read.validatorKey)), bytesToHex(node.address));
      assert.is(peerIdOf(read.nodeKey), node.peerId);
      assert.equal(read.config, node.config);
      assert.is(read.config.rpc.port, 8545 + 10 * index);
      assert.equal(read.config.metrics, { host: '127.0.0.1', port: 9545 + 10 * index });
      const others = network.nodes.filter((other) => other !== node);
      assert.equal(
        read.config.p2p.bootPeers,
        others.map(({ config, peerId }) => multiaddrOf('127.0.0.1', config.p2p.port, peerId)),
      );
    }
  },
);

files('keys are readable by their owner alone', async ({ directory }) => {
  const { nodes } = await createNetworkFiles(optionsFor(directory, 1));
  for (const name of ['node.key', 'validator.key']) {
    const { mode } = await stat(join(nodes[0]?.directory ?? '', name));
    assert.is(mode & 0o777, 0o600);
  }
});

files('the consensus log is made with the key and bound to it', async ({ directory }) => {
  const { nodes, genesis } = await createNetworkFiles(optionsFor(directory, 1));
  const [node] = nodes;
  assert.ok(node);
  const path = join(node.directory, 'consensus.log');
  const binding = { path, genesisHash: genesis.hash, validator: node.address };
  const log = await openConsensusLog(binding);
  assert.equal(log.records(), []);
  await log.close();
});

files('an existing network is never written over', async ({ directory }) => {
  const options = optionsFor(directory, 1);
  const { nodes } = await createNetworkFiles(options);
  const key = join(nodes[0]?.directory ?? '', 'validator.key');
  const before = await readFile(key, 'utf8');
  assert.is(await refusalOf(createNetworkFiles(options)), 'GENESIS_DIRECTORY_NOT_EMPTY');
  assert.is(await readFile(key, 'utf8'), before);
});

files('a directory that cannot be made is named', async ({ directory }) => {
  await writeFile(join(directory, 'network'), 'a file');
  assert.is(
    await refusalOf(createNetworkFiles(optionsFor(directory))),
    'GENESIS_DIRECTORY_UNWRITABLE',
  );
});

files(
  'options that make no genesis are refused before a file is written',
  async ({ directory }) => {
    const options = { ...optionsFor(directory), gasLimit: 10n };
    assert.match(String(await createNetworkFiles(options).catch(String)), /RangeError.*gasLimit/);
    const none = optionsFor(directory, 0);
    assert.match(String(await createNetworkFiles(none).catch(String)), 'RangeError');
  },
);

files(
  'a broken node directory is refused with the file that is at fault',
  async ({ directory }) => {
    const { nodes } = await createNetworkFiles(optionsFor(directory, 1));
    const node = nodes[0]?.directory ?? '';
    const cases: readonly (readonly [file: string, text: string, code: string])[] = [
      ['validator.key', '0x12', 'GENESIS_KEY_INVALID'],
      ['validator.key', '0'.repeat(64), 'GENESIS_KEY_INVALID'],
      ['config.json', '{', 'GENESIS_NODE_CONFIG_INVALID'],
      ['config.json', '{"p2p":{}}', 'GENESIS_NODE_CONFIG_INVALID'],
      [
        'config.json',
        '{"p2p":{"host":"a","port":1,"bootPeers":[]},"rpc":{"host":"a","port":1},"engine":"quick"}',
        'GENESIS_NODE_CONFIG_INVALID',
      ],
      [
        'config.json',
        '{"p2p":{"host":"::1","port":1,"bootPeers":[]},"rpc":{"host":"::1","port":1,"operatorAccess":"all"}}',
        'GENESIS_NODE_CONFIG_INVALID',
      ],
      [
        'config.json',
        '{"p2p":{"host":"::1","port":70000,"bootPeers":[]},"rpc":{"host":"::1","port":1}}',
        'GENESIS_NODE_CONFIG_INVALID',
      ],
      [
        'config.json',
        '{"p2p":{"host":"::1","port":1,"bootPeers":[1]},"rpc":{"host":"::1","port":1}}',
        'GENESIS_NODE_CONFIG_INVALID',
      ],
      [
        'config.json',
        '{"p2p":{"host":"::1","port":1,"bootPeers":[]},"rpc":{"host":"::1","port":1},"metrics":{}}',
        'GENESIS_NODE_CONFIG_INVALID',
      ],
      [
        'config.json',
        '{"p2p":{"host":"::1","port":1,"bootPeers":[]},"rpc":{"host":"::1","port":1},"stateCacheMiB":0}',
        'GENESIS_NODE_CONFIG_INVALID',
      ],
    ];
    for (const [file, text, code] of cases) {
      const path = join(node, file);
      const before = await readFile(path);
      await writeFile(path, text);
      assert.is(await refusalOf(readNodeDirectory(node)), code);
      await writeFile(path, before);
    }
    await rm(join(node, 'node.key'));
    assert.is(await refusalOf(readNodeDirectory(node)), 'GENESIS_NODE_DIRECTORY_INCOMPLETE');
    await rm(join(node, 'genesis.json'));
    assert.is(await refusalOf(readNodeDirectory(node)), 'GENESIS_NODE_DIRECTORY_INCOMPLETE');
  },
);

files('ports count up by ten and multiaddrs follow the kind of host', () => {
  assert.equal(standardPorts(3), { rpc: 8575, p2p: 30_333, metrics: 9575 });
  assert.equal(portsFrom(9000)(1), { rpc: 9010, p2p: 9013, metrics: 9015 });
  assert.is(multiaddrOf('10.0.0.1', 1, 'x'), '/ip4/10.0.0.1/tcp/1/p2p/x');
  assert.is(multiaddrOf('::1', 1, 'x'), '/ip6/::1/tcp/1/p2p/x');
  assert.is(multiaddrOf('node.example', 1, 'x'), '/dns/node.example/tcp/1/p2p/x');
});

files.run();
