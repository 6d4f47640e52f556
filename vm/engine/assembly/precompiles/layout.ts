/**
 * Where things lie in the memory of the compiled precompiled contracts; the host repeats INPUT and OUTPUT.
 */

// The compiler's own tables begin at 0x400.
/** 64 bytes at most. */
export const OUTPUT: usize = 0x1000;
export const BLAKE_MESSAGE: usize = 0x1400;
export const MODEXP: usize = 0x2000;
export const INPUT: usize = 0x4000;
