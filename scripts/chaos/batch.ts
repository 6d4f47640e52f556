/** Several JSON-RPC calls in one request. */

export type Call = { readonly method: string; readonly params: readonly unknown[] };

export type CallResult =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly message: string };

type Answer = {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
};

const LIMIT_MS = 10_000;

/** In the order of the calls. Rejects when the node does not answer. */
export async function batch(
  url: string,
  calls: readonly Call[],
  limitMs: number = LIMIT_MS,
): Promise<readonly CallResult[]> {
  if (calls.length === 0) return [];
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(calls.map((call, id) => ({ jsonrpc: '2.0', id, ...call }))),
    signal: AbortSignal.timeout(limitMs),
  });
  const answers = (await response.json()) as readonly Answer[];
  const byId = new Map(answers.map((answer) => [answer.id, answer]));
  return calls.map((_, id) => {
    const answer = byId.get(id);
    if (answer === undefined) return { ok: false, message: 'no answer to that call' };
    if (answer.error !== undefined) return { ok: false, message: answer.error.message };
    return { ok: true, result: answer.result };
  });
}
