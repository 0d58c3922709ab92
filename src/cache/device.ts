// The class of device that a User-Agent stands for, as part of a cache key: a few rules that are coarse on purpose, since each
// class multiplies what is stored, and none that grows with the market. Pure. A crawler is what it says it looks like.

export type DeviceClass = "mobile" | "tablet" | "desktop";

/** The field in which the origin gets the class. */
export const DEVICE_CLASS_FIELD = "x-device-class";

/** Large screens, whatever their system; many run Android. `AFTKA` and the like are Fire TV. */
const TELEVISION = /smart-?tv|\btv\b|hbbtv|googletv|appletv|bravia|crkey|web0s|netcast|viera|\broku|\baft[a-z]{1,6}\d{0,2}\b/i;

/** What calls itself a tablet. `Tablet PC` is a desktop Windows with a pen. An iPad says `Mobile` as well, so this comes first. */
const NAMED_TABLET = /ipad|tablet(?! pc)|playbook|kindle/i;

/** `Mobi` is what browsers of telephones have in common; the others are older, or no browsers (Dalvik is what Android apps send). */
const TELEPHONE = /mobi|iphone|ipod|windows phone|blackberry|\bbb10\b|opera mini|symbian|dalvik/i;

/** Android without `Mobile` is a tablet, by the advice of its makers; so is Silk, which may hide the system. */
const UNNAMED_TABLET = /android|\bsilk\//i;

/**
 * The first rule that applies: televisions are `desktop`, then named tablets, telephones, other Android. All else is `desktop`: no
 * User-Agent, scripts, and iPads that ask for desktop pages, which send the User-Agent of a Mac.
 */
export function deviceClass(userAgent: string | null): DeviceClass {
  const text = userAgent ?? "";
  if (TELEVISION.test(text)) return "desktop";
  if (NAMED_TABLET.test(text)) return "tablet";
  if (TELEPHONE.test(text)) return "mobile";
  return UNNAMED_TABLET.test(text) ? "tablet" : "desktop";
}
