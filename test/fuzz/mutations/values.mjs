/** Values at which readers go wrong. */

/** Whole numbers around the limits of types, and small ones. */
export const integers = [
  ...[0n, -1n, 1n, 2n, 3n, 5n, 16n, 100n, 127n, 128n, 255n, 256n, 1000n, 32768n, 65535n, 65536n, 1000000n],
  ...[2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 40n, 2n ** 53n, 2n ** 62n, 2n ** 63n - 1n],
  ...[-2n, -100n, -(2n ** 31n), -(2n ** 53n), -(2n ** 63n)],
];

/** The same as numbers of JavaScript, and others. */
export const numbers = [...integers.map(Number), 0.5, -0.5, 1e-300, 1e300, 5e-324, -0, Number.MAX_VALUE];

/** Numbers of which arithmetic goes wrong. */
export const floats = [0, -0, 1, -1, 1e-45, 1e30, -1e30, 3.4e38, Number.NaN, Infinity, -Infinity];

/** Texts of which names, paths and messages go wrong. */
export const texts = [
  ...[
    "",
    " ",
    ".",
    "..",
    "/",
    "\0",
    "a\0b",
    "\n",
    "\r\n\t",
    "\u001b[2J\u001b[31m",
    "\u202e",
    "\ufeff",
    "\ud800",
  ],
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "null", "NaN", "-1", "1e999", "0x10"],
  ...[
    "../outside/secret.bin",
    "/etc/passwd",
    "/dev/zero",
    "/dev/random",
    "/proc/self/environ",
    "file:///etc/passwd",
  ],
  ...[
    "C:\\secret.bin",
    "\\\\host\\share",
    "https://example.invalid/x",
    "$(touch ran)",
    "`touch ran`",
    "%s%n",
    "{{7*7}}",
  ],
  ...[
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "é".repeat(300),
    "a".repeat(100_000),
  ],
];
