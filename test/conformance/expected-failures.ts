// The tests of the suite that do not pass, each with the reason. run.ts breaks when one of them passes and when another one fails.

export interface ExpectedFailure {
  readonly reason: string;
  /** Fails under the default policy only: a route that strips Set-Cookie passes. */
  readonly byDefaultOnly?: boolean;
}

export const EXPECTED_FAILURES: ReadonlyMap<string, ExpectedFailure> = new Map<string, ExpectedFailure>([]);
