// The Worker that the tests in workerd run beside: the Durable Object that they use, and nothing to fetch.

export { PurgeLedger } from "../../src/platform/purge-ledger.ts";
export { RateCounter } from "../../src/platform/rate-counter.ts";
export { RuleStats } from "../../src/platform/rule-stats.ts";

// oxlint-disable-next-line import/no-default-export -- a Worker's handlers are its default export
export default { fetch: () => new Response("ok") };
