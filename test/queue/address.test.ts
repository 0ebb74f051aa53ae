/** Addresses of queues. */
import { describe, expect, it } from "vitest";
import { parseQueueAddress, withoutPassword } from "../../src/queue/index.js";

describe("parseQueueAddress", () => {
  it("reads host, port, name, TLS and database", () => {
    expect(parseQueueAddress("redis://server/first")).toEqual({
      ...{ host: "server", port: 6379, tls: false, db: 0, name: "first" },
      ...{ user: undefined, password: undefined, shown: "redis://server/first" },
    });
    expect(parseQueueAddress("rediss://[::1]:7000/a.b-c_d?db=3")).toMatchObject({
      ...{ host: "::1", port: 7000, tls: true, db: 3, name: "a.b-c_d" },
    });
  });

  it("takes the password of the address before that of the environment, and shows neither", () => {
    const own = parseQueueAddress("redis://me:p%40ss@server/first", "other");
    expect(own).toMatchObject({ user: "me", password: "p@ss", shown: "redis://server/first" });
    expect(parseQueueAddress("redis://me@server/first", "other").password).toBe("other");
  });

  it("says what is wrong without repeating a password", () => {
    const messageOf = (text: string) => {
      try {
        return JSON.stringify(parseQueueAddress(text));
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(messageOf("server/first")).toMatch(/not the address of a queue; expected redis:\/\/HOST/);
    expect(messageOf("http://me:secret@server/first")).toMatch(/not the address of a queue/);
    expect(messageOf("redis://me:secret@server")).toMatch(/the name of the queue is missing/);
    expect(messageOf("redis://me:secret@server/a/b")).toMatch(/"a\/b" is no name of a queue/);
    expect(messageOf("redis://me:secret@server/a?x=1")).toMatch(/only \?db=N/);
    for (const text of [
      "http://me:secret@server/first",
      "redis://me:secret@server",
      "redis://me:secret@s/a?x=1",
    ])
      expect(messageOf(text)).not.toContain("secret");
  });
});

it("removes passwords, also of unusual characters", () => {
  expect(withoutPassword("redis://me:se/cr@t@server/first")).toBe("redis://server/first");
  expect(withoutPassword("--queue=rediss://:x@server/first")).toBe("--queue=rediss://server/first");
  expect(withoutPassword("folder:images,labels")).toBe("folder:images,labels");
});
