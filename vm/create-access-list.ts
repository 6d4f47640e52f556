/** The access list with which a call touches nothing unlisted (X-19, EIP-2930). */
import type {
  AccessListItem,
  AccessListResult,
  StateReader,
  Verdict,
} from '../ledger/model/index.ts';
import { refuse } from '../ledger/model/index.ts';
import type { BlockEnvironment, CallOptions, CallRequest, CallResult, Engine } from './engine.ts';

/** What a list adds to the warm set can open new ways, but each round lists more: few calls take three. */
const MOST_ROUNDS = 64;

/** The addresses and slots that the call touches beyond those that are warm anyway. */
export async function createAccessList(
  request: CallRequest,
  environment: BlockEnvironment,
  engine: Engine,
  state: StateReader,
  options: Pick<CallOptions, 'pause'> = {},
): Promise<Verdict<AccessListResult>> {
  let accessList: readonly AccessListItem[] = request.accessList ?? [];
  // Naming a slot changes what gas is left and so the path that the call takes.
  for (let round = 1; ; round += 1) {
    await options.pause?.();
    const asked: CallRequest = { ...request, accessList, reportAccessList: true };
    const result = await engine.call(asked, environment, state, options);
    if (result.kind === 'refused') return refuse(result.code, result.message);
    const touched = result.accessList ?? [];
    // What is listed counts as touched, so a list that has not grown is the same.
    if (sizeOf(touched) === sizeOf(accessList) || round === MOST_ROUNDS) {
      return { ok: true, accessList, gasUsed: result.gasUsed, error: errorOf(result) };
    }
    accessList = touched;
  }
}

function errorOf(result: Exclude<CallResult, { readonly kind: 'refused' }>): string | undefined {
  if (result.kind === 'returned') return undefined;
  return result.kind === 'reverted' ? 'execution reverted' : result.reason;
}

function sizeOf(list: readonly AccessListItem[]): number {
  return list.reduce((sum, item) => sum + 1 + item.storageKeys.length, 0);
}
