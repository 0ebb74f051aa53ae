/** Bytes as text. */

/** Bytes that become text at a time: a call takes only so many arguments. */
const part = 8192;

export function base64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += part) text += String.fromCharCode(...bytes.subarray(i, i + part));
  return btoa(text);
}
