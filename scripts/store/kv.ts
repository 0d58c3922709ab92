// The key-value store as the command line uses it: what a Workers KV namespace offers over REST, local or remote. Everything
// above works on this interface; rest.ts is its one implementation.

export interface KvStore {
  /** Where it is, for messages: `local KV at http://127.0.0.1:8787`. */
  readonly label: string;
  /** The value's text, null when the key is missing. Fails with a CLI failure when the store cannot be reached. */
  get(key: string): Promise<string | null>;
  /** Values of many keys at once; missing keys are left out. */
  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
  put(key: string, value: string): Promise<void>;
  delete(key: string): Promise<void>;
  /** All keys that start with `prefix`, in no promised order. */
  list(prefix: string): Promise<readonly string[]>;
}
