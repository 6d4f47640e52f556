/** A process of its own that goes on with a chain until it is killed, and says what is durable: `log N`, then `block N`. */
import { writeSync } from 'node:fs';
import { asAddress } from '../../model/index.ts';
import { seededRandom } from '../../model/testkit/seeded-random.ts';
import { openConsensusLog } from '../consensus-log.ts';
import { numberBytes } from '../keyspace.ts';
import { openStore } from '../open-store.ts';
import { ledgerOptions, wholeBlock } from './whole-ledger.ts';

const [, , chain = '', logPath = '', blocks = 'Infinity'] = process.argv;
const options = ledgerOptions(chain);
const store = await openStore(options);
const log = await openConsensusLog({
  path: logPath,
  genesisHash: options.genesis.hash,
  validator: asAddress(new Uint8Array(20).fill(1)),
});
const end = Number(store.head().header.number) + Number(blocks);
while (Number(store.head().header.number) < end) {
  const number = store.head().header.number + 1n;
  // The same block whoever makes it: what was lost comes again as it was.
  const block = wholeBlock(store, seededRandom(`crash ${number}`));
  await log.append([numberBytes(number)]);
  writeSync(1, `log ${number}\n`);
  await store.write(block);
  writeSync(1, `block ${number}\n`);
}
