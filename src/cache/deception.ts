// Web cache deception: a page of one's own, asked for as `/account/x.css`, which an origin answers as `/account` and a cache
// keeps as a style sheet for everybody (O. Gil, 2017). A page or data answered to the name of a static file is not stored.
// Pure. Called by `storable.ts`.

/** Names of files that no page goes by. Those whose content is HTML, XML or JSON by nature are not among them. */
const STATIC_EXTENSIONS: ReadonlySet<string> = new Set(
  (
    "7z aac apk avi avif bmp bz2 css csv doc docx eot eps exe flac gif gz ico jar jpeg jpg js m4a m4v mid midi mjs mkv mov mp3 mp4 " +
    "mpeg mpg ogg ogv opus otf pdf pict png ppt pptx ps rar swf tar tif tiff ttf txt wasm wav webm webp woff woff2 xls xlsx zip zst"
  ).split(" "),
);

/** @param path - The canonical path; `;x.css` and an encoded slash before it count as well. */
export function typeContradictsName(path: string, contentType: string | null): boolean {
  const extension = /\.([a-z0-9]{1,5})$/i.exec(path)?.[1]?.toLowerCase();
  if (extension === undefined || !STATIC_EXTENSIONS.has(extension)) return false;
  const type = contentType?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return type === "text/html" || type === "application/xhtml+xml" || type === "application/json" || type.endsWith("+json");
}
