/** A process of its own that opens a consensus log and appends to it until it cannot, or is killed. */
import { asAddress, asHash, CodedError } from '../../model/index.ts';
import { openConsensusLog } from '../consensus-log.ts';

const [, , path = '', appends = '0'] = process.argv;
const log = await openConsensusLog({
  path,
  genesisHash: asHash(new Uint8Array(32).fill(7)),
  validator: asAddress(new Uint8Array(20).fill(9)),
});
process.stdout.write('open\n');
try {
  for (let i = 0; i < Number(appends); i += 1) await log.append([new Uint8Array(1000).fill(i)]);
} catch (error) {
  if (!(error instanceof CodedError)) throw error;
  process.stdout.write(`${error.code} ${log.records().length}\n`);
  // What fits is still taken: the failed append has left nothing behind.
  await log.append([Uint8Array.of(77)]);
  await log.close();
  process.exit(0);
}
process.stdin.resume();
