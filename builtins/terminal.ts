/** Whether output goes to a terminal, and whether it should be coloured. */

interface TtyBinding {
  isTTY(fd: number): boolean;
}

let binding: TtyBinding | undefined;

/**
 * Whether a descriptor is a terminal. `process.stdout.isTTY` and node:tty say the same, but load streams and sockets
 * first (9 ms and 2.5 ms of a start that takes 5).
 */
export function isTerminal(fd: 0 | 1 | 2): boolean {
  binding ??= (process as unknown as { binding(name: string): TtyBinding }).binding("tty_wrap");
  return binding.isTTY(fd);
}

/** Whether to write colours to a descriptor: NO_COLOR and FORCE_COLOR decide, else whether it is a terminal. */
export function wantsColour(fd: 1 | 2): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force } = process.env;
  if (no !== undefined && no !== "") return false;
  if (force !== undefined && force !== "") return force !== "0";
  return isTerminal(fd);
}
