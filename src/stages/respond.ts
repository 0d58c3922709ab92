// Answers of our own as responses: redirects, fixed responses, error pages. Called wherever a stage ends a request. They are
// never stored by us, nor by the browser unless the route says so or a redirect is permanent.

import type { Answer } from "../answer.ts";
import type { PageSnapshot } from "../config/snapshot.ts";
import { errorKind, type EdgeError } from "../errors.ts";
import type { Facts } from "../facts.ts";
import { prefersJson } from "../http/accept.ts";
import type { RouteMatch, Site } from "../ruleset.ts";
import { renderErrorPage } from "../transform/error-page.ts";
import { applyHeaderRules } from "../transform/header-rules.ts";
import { templateValues } from "../transform/template.ts";

export interface AnswerContext {
  readonly requestId: string;
  /** Null when the request was refused before there were facts. */
  readonly facts: Facts | null;
  readonly site: Site | null;
  readonly method: string;
  readonly accept: string | null;
  /** The route whose own answer this is (a redirect, a fixed response): its response rules apply. Null for all other answers. */
  readonly match?: RouteMatch | null;
}

export function answerResponse(answer: Answer, context: AnswerContext): Response {
  const headers = new Headers({ "x-request-id": context.requestId });
  const { site, facts } = context;
  if (facts?.scheme === "https" && typeof site?.hsts === "string") headers.set("strict-transport-security", site.hsts);
  switch (answer.kind) {
    case "redirect":
      headers.set("location", answer.location);
      headers.set("cache-control", answer.status === 301 || answer.status === 308 ? "public, max-age=3600" : "no-store");
      applyRouteRules(headers, context);
      return respond(answer.status, headers, "", context.method);
    case "page":
      headers.set("content-type", answer.contentType);
      headers.set("cache-control", "no-store");
      applyRouteRules(headers, context);
      return respond(answer.status, headers, answer.body, context.method);
    case "error":
      return errorResponse(answer.error, headers, context);
    default:
      return answer satisfies never;
  }
}

function applyRouteRules(headers: Headers, { facts, match, requestId }: AnswerContext): void {
  if (facts === null || match === undefined || match === null) return;
  applyHeaderRules(headers, match.route.responseHeaders, templateValues(facts, { requestId, params: match.params }));
}

function errorResponse(error: EdgeError, headers: Headers, context: AnswerContext): Response {
  const kind = errorKind(error);
  const page = customPage(error, kind.status, context.site) ?? builtInPage(error, context);
  headers.set("content-type", page.contentType);
  headers.set("cache-control", "no-store");
  headers.set("x-content-type-options", "nosniff");
  if (error.retryAfterSeconds !== undefined) headers.set("retry-after", String(Math.ceil(error.retryAfterSeconds)));
  if (error.allow !== undefined) headers.set("allow", error.allow.join(", "));
  return respond(kind.status, headers, page.body, context.method);
}

/** The site's own page: for maintenance its own, else by status, else by class. */
function customPage(error: EdgeError, status: number, site: Site | null): PageSnapshot | null {
  if (site === null) return null;
  const maintenance = error.code === "maintenance" ? site.maintenance?.page : null;
  return maintenance ?? site.errorPages[String(status)] ?? site.errorPages[`${String(status)[0]}xx`] ?? null;
}

function builtInPage(error: EdgeError, context: AnswerContext): PageSnapshot {
  const { status, title, message } = errorKind(error);
  return renderErrorPage({
    status,
    code: error.code,
    title,
    message,
    requestId: context.requestId,
    json: prefersJson(context.accept),
    ...(error.ruleId === undefined ? {} : { ruleId: error.ruleId }),
  });
}

function respond(status: number, headers: Headers, body: string, method: string): Response {
  const bytes = new TextEncoder().encode(body);
  if (status === 204 || status === 304) return new Response(null, { status, headers });
  headers.set("content-length", String(bytes.byteLength));
  return new Response(method === "HEAD" ? null : bytes, { status, headers });
}
