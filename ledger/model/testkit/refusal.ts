import { CodedError } from '../errors.ts';

/** The code of the `CodedError` that a promise is rejected with; `none` if it is not. */
export async function refusalOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof CodedError) return error.code;
    throw error;
  }
  return 'none';
}
