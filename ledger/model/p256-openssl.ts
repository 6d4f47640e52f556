/**
 * Signatures over P256 from the OpenSSL that Node carries and offers to add-ons, called through koffi.
 *
 * `node:crypto` hashes what it verifies; this takes the hash. Everything here is synchronous, so one key, one
 * point and one signature serve all calls.
 */
import { hexToBytes } from './bytes.ts';
import { type NativeFunction, type NativeLibrary, nativeLibraries } from './curve-library.ts';
import type { VerifyP256 } from './p256.ts';

/** NID_X9_62_prime256v1. */
const CURVE = 415;
const UNCOMPRESSED = 4;

/** Undefined where the program offers no OpenSSL, or one that does not answer as it should. */
export function createOpensslP256(): VerifyP256 | undefined {
  try {
    const library = nativeLibraries()?.load(null);
    const verify = library && bindLibrary(library);
    return verify !== undefined && answersWell(verify) ? verify : undefined;
  } catch {
    return undefined;
  }
}

function bindLibrary(library: NativeLibrary): VerifyP256 {
  const native = bindFunctions(library);
  const group = native.createGroup(CURVE);
  const key = native.createKey(CURVE);
  const point = native.createPoint(group);
  const parts = native.createSignature();
  const encoded = new Uint8Array(65);
  encoded[0] = UNCOMPRESSED;
  return (hash, signature, publicKey) => {
    encoded.set(publicKey, 1);
    // Refuses coordinates that are out of range or off the curve; nothing else encodes infinity in 65 bytes.
    let holds = native.readPoint(group, point, encoded, encoded.length, null) === 1;
    if (holds) {
      native.setPublicKey(key, point);
      const r = native.readNumber(signature.subarray(0, 32), 32, null);
      const s = native.readNumber(signature.subarray(32), 32, null);
      // Takes both numbers over and frees those before.
      native.setSignature(parts, r, s);
      holds = native.verify(hash, hash.length, parts, key) === 1;
    }
    // What failed is queued for this thread, where Node would find it.
    if (!holds) native.clearErrors();
    return holds;
  };
}

/** @throws if the library lacks one of the functions */
function bindFunctions(library: NativeLibrary) {
  const bind = (prototype: string): NativeFunction => library.func(prototype);
  return {
    createGroup: bind('void *EC_GROUP_new_by_curve_name(int)'),
    createKey: bind('void *EC_KEY_new_by_curve_name(int)'),
    createPoint: bind('void *EC_POINT_new(void *)'),
    createSignature: bind('void *ECDSA_SIG_new()'),
    readPoint: bind('int EC_POINT_oct2point(void *, void *, void *, size_t, void *)'),
    setPublicKey: bind('int EC_KEY_set_public_key(void *, void *)'),
    readNumber: bind('void *BN_bin2bn(void *, int, void *)'),
    setSignature: bind('int ECDSA_SIG_set0(void *, void *, void *)'),
    verify: bind('int ECDSA_do_verify(void *, int, void *, void *)'),
    clearErrors: bind('void ERR_clear_error()'),
  };
}

/** A signature with the key 1, and the same over another hash. */
function answersWell(verify: VerifyP256): boolean {
  const publicKey = hexToBytes(
    '0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
  );
  const signature = hexToBytes(
    '0x6c4dda0df7030919bd74d8c122bca5fc1e359f206297b69d2d689e3c87ebdb6509d66689ebdcbf22223f2e6262962f23822e439fc2e621a4b13933f6946b118a',
  );
  const hash = new Uint8Array(32).fill(7);
  return (
    verify(hash, signature, publicKey) && !verify(new Uint8Array(32).fill(8), signature, publicKey)
  );
}
