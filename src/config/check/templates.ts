import type { Path } from "../source.ts";
import type { CheckContext } from "./context.ts";
export function checkTemplate(_context: CheckContext, _text: string | undefined, _params: readonly string[] | null, _path: Path): void {}
