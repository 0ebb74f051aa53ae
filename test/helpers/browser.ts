/** Chromium for tests of pages, where there is one. */
import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

const browserFile = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (file) => existsSync(file),
);
export const hasBrowser = browserFile !== undefined;

const args = ["--no-sandbox", "--headless", "--disable-background-networking"];

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: browserFile!, args });
}

/** Chromium's driver of a graphics card that the processor plays. */
const softwareGpu = "/usr/lib/chromium/vk_swiftshader_icd.json";
export const hasGpuBrowser = hasBrowser && existsSync(softwareGpu);

/** A browser with WebGPU on any machine. It is slow: for tiny graphs. */
export function openGpuBrowser(): Promise<Browser> {
  const gpu = ["--enable-unsafe-webgpu", "--enable-features=Vulkan", "--use-webgpu-adapter=swiftshader"];
  const env = { ...process.env, VK_ICD_FILENAMES: softwareGpu };
  return chromium.launch({ executablePath: browserFile!, args: [...args, ...gpu], env });
}

/** A page at a width; whatever it says or loads from elsewhere than the `allowed` addresses is a fault. */
export async function openPage(
  browser: Browser,
  address: string,
  width: number,
  allowed: readonly string[] = [],
): Promise<{ page: Page; faults: string[] }> {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  const faults: string[] = [];
  page.on("console", (message) => faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("request", (request) => {
    const known = [address.replace(/#.*/, ""), "data:", ...allowed].some((start) =>
      request.url().startsWith(start),
    );
    if (!known) faults.push(request.url());
  });
  await page.goto(address);
  return { page, faults };
}

/** What stands beside the page at its width, unless it can be scrolled to. */
export function strayElements(page: Page): Promise<string[]> {
  return page.evaluate(`[...document.querySelectorAll("main *")]
    .filter((e) => e.offsetParent !== null && !e.closest(".scroll, svg, pre"))
    .filter((e) => e.getBoundingClientRect().left < 0 || e.getBoundingClientRect().right > innerWidth)
    .map((e) => e.outerHTML.slice(0, 80))`);
}
