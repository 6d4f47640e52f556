/** BLOCKHASH. */
import { BLOCK_HASHES, BLOCK_HASHES_KNOWN, NEED_BLOCK_HASH, NUMBER } from './layout';
import { setAsked } from './run-state';
import { clamp, copyWord, setSmall } from './word';

/** BLOCKHASH of the last 256 blocks; zero for any other. */
export function blockhash(sp: usize): i32 {
  const number = load<u64>(NUMBER);
  const wanted = clamp(sp);
  if (wanted >= number || number - wanted > 256) {
    setSmall(sp, 0);
    return 0;
  }
  const cell = <usize>wanted & 255;
  if (load<u8>(BLOCK_HASHES_KNOWN + cell) == 0) {
    setAsked(<u32>(number - wanted));
    return NEED_BLOCK_HASH;
  }
  copyWord(sp, BLOCK_HASHES + cell * 32);
  return 0;
}
