export { PurgeLedger } from "../../src/platform/purge-ledger.ts";
export default { fetch: () => new Response("ok") };
