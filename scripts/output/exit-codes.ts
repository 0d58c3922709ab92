// What the command line's exit codes mean. Scripts rely on them: a code keeps its meaning, new ones are added at the end. Used
// by every command; documented in docs/cli.md.

export const EXIT = {
  /** It worked, or there was nothing to do. */
  ok: 0,
  /** Something outside failed: the network, the store, the Worker, a file. Trying again may help. */
  failed: 1,
  /** The command line itself is wrong. `health` also uses it for a document older than 180 s. */
  usage: 2,
  /** The config has errors. Nothing was written. */
  invalid: 3,
  /** Refused: another release was published meanwhile, or nobody confirmed the change. Nothing was changed. */
  refused: 4,
  /** Written, but the Worker did not show it in time. */
  unconfirmed: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** `diff --exit-code` says with it that there are differences, as `git diff` does. */
export const EXIT_DIFFERENT = EXIT.failed;
