// What takes long says so, on standard error: a line that is replaced when a person watches, a plain line otherwise.

const isWatched = process.stderr.isTTY === true;

/**
 * Run `work` under a title. Watched, the line shows what `work` passes to `show` and ends with the time it took;
 * unwatched, the title alone is printed.
 */
export async function step<T>(title: string, work: (show: (detail: string) => void) => T | Promise<T>): Promise<T> {
  const startedAt = performance.now();
  if (!isWatched) {
    process.stderr.write(`egg: ${title}\n`);
    return await work(() => {});
  }
  let detail = "";
  const seconds = (): string => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
  const draw = (): boolean => process.stderr.write(`\r\x1b[K● ${title} … ${seconds()}  ${detail}`);
  draw();
  const timer = setInterval(draw, 200);
  try {
    const result = await work((text) => {
      detail = text;
      draw();
    });
    process.stderr.write(`\r\x1b[K✓ ${title} (${seconds()})\n`);
    return result;
  } catch (error) {
    process.stderr.write(`\r\x1b[K✗ ${title}\n`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}
