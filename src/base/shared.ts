/** Memory that threads can share. */
import { arrayConstructors, type Tensor } from "./tensor.js";

/** In bytes. Shared memory is taken by whole pages, and smaller tensors are cheaper to copy. */
const smallestShared = 1 << 16;

/** A page that is not isolated from other origins has none. */
const hasShared = typeof SharedArrayBuffer !== "undefined";

/** Memory for a tensor: that of larger ones can be handed to other threads, where threads share memory. */
export function tensorMemory(bytes: number): ArrayBufferLike {
  return bytes < smallestShared || !hasShared ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes);
}

/** An equal tensor that is not copied on its way to other threads; itself if it is one already, or small. */
export function inSharedMemory(tensor: Tensor): Tensor {
  if (tensor.type === "string" || !hasShared) return tensor;
  const { buffer, byteLength } = tensor.data as Float32Array;
  if (buffer instanceof SharedArrayBuffer || byteLength < smallestShared) return tensor;
  const elements = arrayConstructors[tensor.type] as typeof Float32Array;
  const data = new elements(tensorMemory(byteLength));
  data.set(tensor.data as Float32Array);
  return { ...tensor, data } as Tensor;
}
