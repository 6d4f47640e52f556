/**
 * secp256k1 from the system's libsecp256k1, called through koffi.
 *
 * The fastest side: distributions build a newer library than the npm package carries
 * (`apt install libsecp256k1-1`, `brew install secp256k1`). Everything here is synchronous, so one
 * set of scratch buffers serves all calls.
 */
import { randomBytes } from 'node:crypto';
import type { Curve } from './curve.ts';
import { type NativeFunction, type NativeLibrary, nativeLibraries } from './curve-library.ts';

const LIBRARY_NAMES = [
  'libsecp256k1.so.5',
  'libsecp256k1.so.2',
  'libsecp256k1.so.1',
  'libsecp256k1.so.0',
  'libsecp256k1.dylib',
  '/opt/homebrew/lib/libsecp256k1.dylib',
  '/usr/local/lib/libsecp256k1.dylib',
];

/** SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY: new releases ignore it, old ones need it. */
const CONTEXT_SIGN_VERIFY = 0x301;
const UNCOMPRESSED = 2;

/** Undefined where koffi or the library cannot be loaded, or lacks the recovery module. */
export function createSystemCurve(): Curve | undefined {
  const libraries = nativeLibraries();
  if (libraries === undefined) return undefined;
  for (const name of LIBRARY_NAMES) {
    try {
      return bindLibrary(libraries.load(name), name);
    } catch {
      // Not installed under this name: try the next.
    }
  }
  return undefined;
}

function bindLibrary(library: NativeLibrary, name: string): Curve {
  const native = bindFunctions(library);
  const context = native.createContext(CONTEXT_SIGN_VERIFY);
  // Blinds signing against side channels; results do not change.
  native.randomizeContext(context, randomBytes(32));

  const recoverable = new Uint8Array(65);
  const publicKey = new Uint8Array(64);
  const serialized = new Uint8Array(65);
  const length = new BigUint64Array(1);
  const recoveryId = new Int32Array(1);

  function serializePublicKey(): Uint8Array {
    length[0] = 65n;
    native.serializePublicKey(context, serialized, length, publicKey, UNCOMPRESSED);
    return serialized.slice(1);
  }

  return {
    name: `system ${name}`,
    recover(hash, signature, yParity) {
      if (native.parseRecoverable(context, recoverable, signature, yParity) !== 1) return undefined;
      if (native.recover(context, publicKey, recoverable, hash) !== 1) return undefined;
      return serializePublicKey();
    },
    sign(hash, privateKey) {
      native.signRecoverable(context, recoverable, hash, privateKey, null, null);
      const signature = new Uint8Array(64);
      native.serializeRecoverable(context, signature, recoveryId, recoverable);
      return { signature, yParity: recoveryId[0] === 1 ? 1 : 0 };
    },
    publicKey(privateKey) {
      native.createPublicKey(context, publicKey, privateKey);
      return serializePublicKey();
    },
  };
}

/** @throws if the library lacks one of the functions */
function bindFunctions(library: NativeLibrary) {
  const bind = (result: string, name: string, parameters: string): NativeFunction =>
    library.func(`${result} secp256k1_${name}(${parameters})`);
  return {
    createContext: bind('void *', 'context_create', 'unsigned int'),
    randomizeContext: bind('int', 'context_randomize', 'void *, void *'),
    parseRecoverable: bind(
      'int',
      'ecdsa_recoverable_signature_parse_compact',
      'void *, void *, void *, int',
    ),
    recover: bind('int', 'ecdsa_recover', 'void *, void *, void *, void *'),
    serializePublicKey: bind(
      'int',
      'ec_pubkey_serialize',
      'void *, void *, void *, void *, unsigned int',
    ),
    signRecoverable: bind(
      'int',
      'ecdsa_sign_recoverable',
      'void *, void *, void *, void *, void *, void *',
    ),
    serializeRecoverable: bind(
      'int',
      'ecdsa_recoverable_signature_serialize_compact',
      'void *, void *, void *, void *',
    ),
    createPublicKey: bind('int', 'ec_pubkey_create', 'void *, void *, void *'),
  };
}
