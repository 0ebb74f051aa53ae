/** The error class, internal errors, and messages of anything thrown. */
import { describe, expect, it } from "vitest";
import { invariant, messageOf, SeawallError } from "../../src/base/index.js";

describe("SeawallError", () => {
  it("carries its code, message and cause", () => {
    const cause = new Error("ENOENT");
    const error = new SeawallError("data", "images: no such folder", { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: "SeawallError",
      code: "data",
      message: "images: no such folder",
      cause,
    });
  });
});

describe("invariant", () => {
  it("passes where the condition holds", () => {
    expect(() => invariant(true, "never")).not.toThrow();
    expect(() => invariant("text", "never")).not.toThrow();
  });

  it.each([false, 0, "", null, undefined, Number.NaN])(
    "throws a plain internal error for %j",
    (condition) => {
      let thrown: unknown;
      try {
        invariant(condition, "two images, one label");
      } catch (error) {
        thrown = error;
      }
      // Not a SeawallError: the command line must not blame the user for it.
      expect(thrown).not.toBeInstanceOf(SeawallError);
      expect(thrown).toHaveProperty("message", "internal: two images, one label");
    },
  );
});

it("messageOf takes errors and anything else that can be thrown", () => {
  expect(messageOf(new Error("broken"))).toBe("broken");
  expect(messageOf("a text")).toBe("a text");
  expect(messageOf(undefined)).toBe("undefined");
  expect(messageOf(12)).toBe("12");
});
