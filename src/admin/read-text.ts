// Reads a request's body as text, up to a number of bytes. What is more is neither kept nor waited for.

/** Null when the body is longer. An absent body is an empty text. */
export async function readText(request: Request, bytesMax: number): Promise<string | null> {
  if (request.body === null) return "";
  const reader = (request.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > bytesMax) {
      await reader.cancel();
      return null;
    }
    text += decoder.decode(value, { stream: true });
  }
}
