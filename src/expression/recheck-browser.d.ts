// recheck's plain JavaScript build has no types of its own; it has the functions of the main entry.
declare module "recheck/lib/browser.js" {
  export { check, checkSync } from "recheck";
}
