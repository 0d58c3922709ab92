// One rule of Cloudflare's to what a rule of the config does, by its action. Says nothing about its expression.

import type { CloudflareRule } from "./cloudflare.ts";
import { convertLogFields, convertServeError } from "./convert-answer.ts";
import { convertCache } from "./convert-cache.ts";
import { CHALLENGES, convertBlock, convertChallenge, convertLog, convertScore } from "./convert-filter.ts";
import { convertRateLimit } from "./convert-rate-limit.ts";
import { convertRedirect } from "./convert-redirect.ts";
import { convertRewrite } from "./convert-rewrite.ts";
import { convertSkip, type SkipInput } from "./convert-skip.ts";
import type { ConvertContext, Converted } from "./converted.ts";
import { leaveOut } from "./left-out.ts";

export interface ConvertInput {
  readonly rule: CloudflareRule;
  /** Cloudflare's, of its ruleset. */
  readonly phase: string;
  readonly context: ConvertContext;
  readonly followers: SkipInput;
}

export function convertRule({ rule, phase, context, followers }: ConvertInput): Converted {
  if (rule.ratelimit !== null) return convertRateLimit(rule, rule.ratelimit, context);
  if (CHALLENGES.includes(rule.action)) return convertChallenge(rule, context.challenge);
  switch (rule.action) {
    case "block":
      return convertBlock(rule);
    case "log":
      return convertLog();
    case "score":
      return convertScore(rule);
    case "skip":
      return convertSkip(rule, followers);
    case "redirect":
      return convertRedirect(rule, context);
    case "rewrite":
      return convertRewrite(rule, phase, context);
    case "set_cache_settings":
      return convertCache(rule);
    case "serve_error":
      return convertServeError(rule);
    case "log_custom_field":
      return convertLogFields(rule);
    default:
      return leaveOut(rule);
  }
}
