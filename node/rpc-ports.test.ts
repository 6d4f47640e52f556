/** What blobs cost on a chain with a schedule of its own, against the formulas of ethereumjs; nothing on ours. */
import { createBlockHeader } from '@ethereumjs/block';
import { Common, Hardfork, Mainnet } from '@ethereumjs/common';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BlockHeader } from '../ledger/model/index.ts';
import type { ChainRules } from '../vm/index.ts';
import { createFees } from './rpc-ports.ts';

const test = suite('node/rpc-ports');

const GAS_PER_BLOB = 131_072n;
const OURS: ChainRules = {
  chainId: 1n,
  forks: [{ fork: 'osaka', block: 0n }],
  zeroBaseFee: true,
  blockReward: 0n,
  beneficiary: undefined,
  hashRule: 'qbft',
};
const PRAGUE: ChainRules = {
  ...OURS,
  forks: [{ fork: 'prague', block: 0n }],
  hashRule: 'plain',
  reference: {
    blobSchedule: [
      { fork: 'prague', from: 0n, target: 6, max: 9, baseFeeUpdateFraction: 5_007_716n },
      { fork: 'bpo1', from: 100n, target: 10, max: 15, baseFeeUpdateFraction: 8_346_193n },
    ],
  },
};

/** Only what prices blobs. */
function headerOf(fields: Partial<BlockHeader>): BlockHeader {
  const header = { number: 5n, timestamp: 10n, excessBlobGas: 0n, blobGasUsed: 0n, ...fields };
  return header as BlockHeader;
}

test('blobs cost what ethereumjs says, in a block and in the one after it', () => {
  const common = new Common({ chain: Mainnet, hardfork: Hardfork.Prague });
  const fees = createFees(PRAGUE);
  for (let excess = 0n; excess < 4_000n; excess += 371n) {
    for (const blobs of [0n, 3n, 6n, 9n]) {
      const blobGasUsed = blobs * GAS_PER_BLOB;
      const excessBlobGas = excess * GAS_PER_BLOB;
      const header = headerOf({ excessBlobGas, blobGasUsed });
      const theirs = createBlockHeader({ excessBlobGas, blobGasUsed }, { common });
      assert.is(fees.blobBaseFee(header), theirs.getBlobGasPrice());
      assert.is(fees.nextBlobBaseFee(header), theirs.calcNextBlobGasPrice(theirs.common));
    }
  }
});

test('the limit of blob gas is that of the schedule at the time of the block', () => {
  const fees = createFees(PRAGUE);
  assert.is(fees.blobGasLimit(headerOf({ timestamp: 99n })), 9n * GAS_PER_BLOB);
  assert.is(fees.blobGasLimit(headerOf({ timestamp: 100n })), 15n * GAS_PER_BLOB);
  const { excessBlobGas: _, ...old } = headerOf({});
  assert.is(fees.blobGasLimit(old as BlockHeader), 0n);
  assert.is(fees.nextBlobBaseFee(old as BlockHeader), undefined);
});

test('on a chain of ours a unit of blob gas costs 1 for ever', () => {
  const fees = createFees(OURS);
  assert.is(fees.blobBaseFee(headerOf({})), 1n);
  assert.is(fees.nextBlobBaseFee(headerOf({})), 1n);
});

test.run();
