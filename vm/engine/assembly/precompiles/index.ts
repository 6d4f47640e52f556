/** What the host calls: precompiled contracts whose arithmetic is on 64 bits, which JavaScript lacks. */
export { blake2f } from './blake2f';
export { modexp } from './modexp';
