/** C libraries with curves, and their functions, through koffi. */
import { createRequire } from 'node:module';

export type NativeFunction = (...args: readonly unknown[]) => number;
export type NativeLibrary = {
  /** @throws if the library lacks it */
  func(prototype: string): NativeFunction;
};
export type NativeLibraries = {
  /** Null: what the program itself offers. @throws if there is no such library */
  load(name: string | null): NativeLibrary;
};

/** Undefined where koffi has no build for the platform. */
export function nativeLibraries(): NativeLibraries | undefined {
  try {
    return createRequire(import.meta.url)('koffi') as NativeLibraries;
  } catch {
    return undefined;
  }
}
