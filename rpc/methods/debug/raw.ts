/** Final blocks and their parts in the encodings that consensus hashes. */
import { Type } from 'typebox';
import { bytesToHex, encodeHeader, encodeReceipt, invariant } from '../../../ledger/model/index.ts';
import { blockParam, requireBlock } from '../../block-reference.ts';
import { defineMethod, type Method } from '../../method.ts';
import { bytesSchema, hashParam } from '../../values.ts';

const block = { name: 'block', codec: blockParam } as const;

export const rawMethods: readonly Method[] = [
  defineMethod({
    name: 'debug_getRawHeader',
    summary: 'The header of a block as RLP.',
    params: [block],
    result: bytesSchema,
    handler: ({ chain }, reference) => {
      const header = chain.header(requireBlock(chain, reference));
      invariant(header !== undefined, 'the store holds the header of a final block');
      return bytesToHex(encodeHeader(header));
    },
  }),
  defineMethod({
    name: 'debug_getRawBlock',
    summary: 'A block as RLP.',
    params: [block],
    result: bytesSchema,
    handler: ({ chain }, reference) => {
      const encoded = chain.encodedBlock(requireBlock(chain, reference));
      invariant(encoded !== undefined, 'the store holds every final block');
      return bytesToHex(encoded);
    },
  }),
  defineMethod({
    name: 'debug_getRawReceipts',
    summary: 'The receipts of a block, each as EIP-2718 encodes it.',
    params: [block],
    result: Type.Array(bytesSchema),
    handler: ({ chain }, reference) => {
      const receipts = chain.receipts(requireBlock(chain, reference));
      invariant(receipts !== undefined, 'the store holds the receipts of a final block');
      return receipts.map((receipt) => bytesToHex(encodeReceipt(receipt)));
    },
  }),
  defineMethod({
    name: 'debug_getRawTransaction',
    summary:
      'A transaction, final or waiting in the pool, as EIP-2718 encodes it; empty if there is none.',
    params: [{ name: 'hash', codec: hashParam }],
    result: bytesSchema,
    handler: ({ chain, pool }, hash) => {
      const place = chain.transactionPlace(hash);
      const final = place && chain.block(place.number)?.transactions[place.index];
      const found = final ?? pool.get(hash)?.transaction;
      return found === undefined ? '0x' : bytesToHex(found.raw);
    },
  }),
];
