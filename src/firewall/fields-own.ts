// Fields that Cloudflare does not have: what Breakwater itself knows of a request. All begin with `bw.`; `bw.cache.status` stands
// with the fields of the answer.

import { bytesOfText } from "../expression/bytes.ts";
import type { Field } from "../expression/scheme.ts";
import type { RuleContext } from "./context.ts";

export const OWN_FIELDS: readonly Field<RuleContext>[] = [
  {
    name: "bw.score",
    type: "Int",
    description: "The sum of what rules with the action `score` have added so far; 0 at first.",
    get: ({ score }) => score,
    always: true,
    volatile: true,
  },
  {
    name: "bw.route",
    type: "Bytes",
    description: "Id of the request's route, as the log and `explain` show it: `shop GET /cart/*`. Missing when there is no route.",
    get: ({ route }) => (route === null ? undefined : bytesOfText(route)),
  },
];
