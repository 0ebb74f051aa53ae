/** Whether a process runs on this machine. */

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // Signal 0 only tests whether the process exists.
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
