/** `seawall demo` as a process: the shipped sample is attacked and drawn. */
import { join } from "node:path";
import sharp from "sharp";
import { expect, it } from "vitest";
import { folderWith, seawall } from "./program.js";

it("attacks the sample that ships and draws a picture of it", async () => {
  const cwd = await folderWith({});
  const { code, stdout, stderr } = await seawall(["demo", "--steps", "3"], { cwd });
  expect([code, stdout]).toEqual([0, ""]);
  expect(stderr).toMatch(/ε = \d+\/\d+ +consistency +consistency mIoU\nclean +1\.0000/);
  expect(stderr).toContain("picture: seawall-demo/demo.png");
  const { width, height } = await sharp(join(cwd, "seawall-demo/demo.png")).metadata();
  expect(width).toBeGreaterThan(1000);
  expect(height).toBeGreaterThan(600);
});
