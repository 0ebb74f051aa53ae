/**
 * Tasks that take turns.
 * @returns a function that runs a task after all that were given before, failed ones included
 */
export function turns() {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(task: () => Promise<T>): Promise<T> => {
    const result = last.then(task);
    last = result.catch(() => {});
    return result;
  };
}
