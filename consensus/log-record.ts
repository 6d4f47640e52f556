/** What the consensus log holds. The store sees opaque bytes; `codec.ts` gives them this meaning. */
import type { Hash, Height } from '../ledger/model/index.ts';
import type { QbftMessage, SignedPrepare } from './messages.ts';

export type LogRecord =
  /** Own signed messages, and the foreign proposal that an own Prepare accepts. */
  | { readonly kind: 'message'; readonly message: QbftMessage }
  /** `block` is the encoded block whose header has this digest. */
  | {
      readonly kind: 'block';
      readonly height: Height;
      readonly digest: Hash;
      readonly block: Uint8Array;
    }
  | {
      readonly kind: 'certificate';
      readonly height: Height;
      readonly prepares: readonly SignedPrepare[];
    };

/** The height that a record belongs to: once that height is final, the record has done its work. */
export function heightOfRecord(record: LogRecord): Height {
  return record.kind === 'message' ? record.message.signed.height : record.height;
}
