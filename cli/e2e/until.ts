const POLL_MS = 50;

/** Waits for a condition that nothing announces, and says which one never came. */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  limitMs: number,
): Promise<void> {
  const deadlineMs = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resume) => setTimeout(resume, POLL_MS));
  }
}
