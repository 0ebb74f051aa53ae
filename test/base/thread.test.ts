/** Threads that answer requests, in real worker threads. */
import { describe, expect, it, onTestFinished } from "vitest";
import { SeawallError } from "../../src/base/index.js";
import { openThread, type Thread } from "../../src/base/index.node.js";

type Request = Readonly<Record<string, unknown>> & { readonly kind: string };

const program = new URL("./thread-program.mjs", import.meta.url);

function start(onNotice?: (notice: string) => void, data: unknown = "start"): Thread<Request, unknown> {
  const thread = openThread<Request, unknown>("a test", program, data, onNotice);
  onTestFinished(() => thread.end());
  return thread;
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`replied ${JSON.stringify(value)}`);
    },
    (error) => error,
  );
}

describe("requests", () => {
  it("are replied to, by a program that was given its data", async () => {
    const thread = start();
    expect(await thread.request({ kind: "echo", value: [1, "a"] })).toEqual({
      value: [1, "a"],
      started: "start",
    });
  });

  it("arrive in order, and each gets its own reply although a later one is ready first", async () => {
    const thread = start();
    const order: unknown[] = [];
    const replies = [60, 30, 0].map(async (milliseconds, value) => {
      const reply = await thread.request({ kind: "later", value, milliseconds });
      order.push(reply);
      return reply;
    });
    const received = thread.request({ kind: "received" });
    expect(await Promise.all(replies)).toEqual([0, 1, 2]);
    expect(order).toEqual([2, 1, 0]);
    expect(await received).toEqual(["later", "later", "later", "received"]);
  });

  it("may move buffers in their replies", async () => {
    const thread = start();
    expect(await thread.request({ kind: "bytes", length: 3 })).toEqual(Uint8Array.of(7, 7, 7));
  });
});

describe("an error in a thread", () => {
  it("rejects the request with its message, and the thread serves on", async () => {
    const thread = start();
    const error = await errorOf(thread.request({ kind: "fail" }));
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(SeawallError);
    expect(error).toHaveProperty("message", "out of range");
    expect(await thread.request({ kind: "echo", value: 1 })).toMatchObject({ value: 1 });
  });

  it("that the user can correct keeps its class and code", async () => {
    const error = await errorOf(start().request({ kind: "failSeawall" }));
    expect(error).toBeInstanceOf(SeawallError);
    expect(error).toMatchObject({ code: "data", message: "images: no such folder" });
  });

  it("is also a reply that cannot be sent", async () => {
    const error = await errorOf(start().request({ kind: "uncloneable" }));
    expect(error).toHaveProperty("message", expect.stringContaining("could not be cloned"));
  });

  it("outside of a request rejects all requests under way", async () => {
    const thread = start();
    const [waiting, crashing] = [thread.request({ kind: "never" }), thread.request({ kind: "crash" })];
    const errors = await Promise.all([errorOf(waiting), errorOf(crashing)]);
    for (const error of errors) expect(error).toHaveProperty("message", "crashed outside of any request");
  });
});

describe("a thread that ends by itself", () => {
  it("rejects the requests under way and all later ones", async () => {
    const thread = start();
    const under = [thread.request({ kind: "never" }), thread.request({ kind: "exit" })];
    const early = "internal: the thread of a test ended too early";
    for (const request of under) expect(await errorOf(request)).toHaveProperty("message", early);
    expect(await errorOf(thread.request({ kind: "echo" }))).toHaveProperty("message", early);
    // Ending a thread that has ended is no error, and does not hang.
    await thread.end();
  });

  it("rejects requests if its program cannot be loaded", async () => {
    const missing = openThread<Request, unknown>("nothing", new URL("./none.mjs", import.meta.url), 0);
    expect(await errorOf(missing.request({ kind: "echo" }))).toHaveProperty(
      "message",
      expect.stringContaining("none.mjs"),
    );
    await missing.end();
  });
});

describe("notices", () => {
  it("go both ways, in order with requests", async () => {
    const heard: string[] = [];
    const thread = start((notice) => heard.push(notice));
    thread.notify("first");
    thread.notify("second");
    expect(await thread.request({ kind: "notices" })).toEqual(["first", "second"]);
    await thread.request({ kind: "notify", notice: "from the thread" });
    expect(heard).toEqual(["from the thread"]);
  });

  it("that nobody listens to are dropped", async () => {
    const thread = start();
    await thread.request({ kind: "notify", notice: "from the thread" });
    expect(await thread.request({ kind: "echo", value: 1 })).toMatchObject({ value: 1 });
  });
});

describe("ending a thread", () => {
  it("disposes of what it has after the requests that came before", async () => {
    const heard: string[] = [];
    const thread = start((notice) => heard.push(notice));
    const reply = thread.request({ kind: "echo", value: 1 });
    await thread.end();
    expect(heard).toEqual(["disposed after 1 requests"]);
    expect(await reply).toMatchObject({ value: 1 });
  });

  it("rejects a request that is still under way", async () => {
    const thread = start();
    const busy = errorOf(thread.request({ kind: "later", value: 1, milliseconds: 100 }));
    await thread.end();
    expect(await busy).toHaveProperty("message", "internal: the thread of a test ended too early");
  });

  it("works although disposing fails, and twice", async () => {
    const thread = start(undefined, "dispose fails");
    await Promise.all([thread.end(), thread.end()]);
    await thread.end();
  });
});

it("a program cannot serve without an owner", async () => {
  await expect(import(new URL("./thread-program.mjs", import.meta.url).href)).rejects.toThrow(
    "internal: the program of a thread was started by itself",
  );
});
