// A pool's policy as a person reads it. Pure; takes what a Worker of another version may say, too. Used by status and explain.

export interface PolicyWords {
  readonly kind: string;
  readonly by?: string;
  readonly name?: string;
}

/** `round-robin`, `hash by client`, `hash by header x-user`. */
export function policyText({ kind, by = "", name = "" }: PolicyWords): string {
  return `${kind}${by === "" ? "" : ` by ${by}`}${name === "" ? "" : ` ${name}`}`;
}
