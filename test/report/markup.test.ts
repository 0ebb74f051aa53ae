/** Parts of the HTML page: whatever a user's text holds, a browser reads back that text and no further element. */
import fc from "fast-check";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { classLabel, figureCell, hardest, panels, sortableTable } from "../../src/report/html/parts.js";
import { escapeText, type Markup, markup } from "../../src/report/markup.js";
import { describeWith } from "../journal/runs.js";

/** Text of the characters that end content, attributes and entities, and of others. */
const hostile = fc
  .array(fc.constantFrom("<", ">", "&", '"', "'", "</td>", "<script>", "&amp;", "&#60;", "a", " ", "ö", "空"))
  .map((parts) => `x${parts.join("")}x`);

function bodyOf(piece: Markup) {
  return parseHTML(`<html><body>${piece.text}</body></html>`).document.body;
}

describe("a template", () => {
  it("gives back every text, as content and in an attribute", () => {
    fc.assert(
      fc.property(hostile, hostile, (text, attribute) => {
        const body = bodyOf(markup`<p title="${attribute}">${text}</p>`);
        expect(body.querySelectorAll("*")).toHaveLength(1);
        expect(body.querySelector("p")!.textContent).toBe(text);
        expect(body.querySelector("p")!.getAttribute("title")).toBe(attribute);
      }),
    );
  });

  it("writes zero and the empty text, and nothing for what is absent", () => {
    expect(markup`[${0}|${""}|${undefined}|${false}|${[]}]`.text).toBe("[0||||]");
  });

  it("replaces the characters that XML forbids, and no others", () => {
    const allowed = "\t\n\r 空\u{1f600}";
    expect(escapeText(allowed)).toBe(allowed);
    expect(escapeText("a\0b\x1bc\ud800d\uffffe\u{1ffff}f\x7fg")).toBe(
      "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf\ufffdg",
    );
  });
});

describe("a table", () => {
  it("keeps hostile captions, heads, cells and sorting keys in their places", () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 5, maxLength: 5 }), (texts) => {
        const [caption, head, first, cell, key] = texts as [string, string, string, string, string];
        const columns = [{ head }, { head: "n", numeric: true }];
        const body = bodyOf(
          sortableTable(caption, columns, [[{ content: first }, { content: cell, sortBy: key }]]),
        );
        const textOf = (selector: string) => body.querySelector(selector)!.textContent;
        expect([textOf("caption"), textOf("thead button")]).toEqual([caption, head]);
        expect([textOf("tbody th"), textOf("tbody td.number")]).toEqual([first, cell]);
        expect(body.querySelector("tbody td")!.getAttribute("data-sort")).toBe(key);
        expect(body.querySelector("[role=region]")!.getAttribute("aria-label")).toBe(caption);
        expect(body.querySelector("script")).toBeNull();
      }),
      { numRuns: 40 },
    );
  });

  it("sorts a missing figure below zero, and has a bar as long as the figure", () => {
    const cells = [0, 0.25, 1, null, undefined].map(figureCell);
    expect(cells.map(({ sortBy }) => sortBy)).toEqual([0, 0.25, 1, -1, -1]);
    const bars = cells.map(({ content }) => bodyOf(markup`${content}`).querySelector(".bar")!);
    const shares = bars.map((bar) => Number(bar.getAttribute("style")!.split(":")[1]));
    expect(shares).toEqual([0, 0.25, 1, 0, 0]);
    expect(bars.map(({ textContent }) => textContent)).toEqual(["0.0000", "0.2500", "1.0000", "–", "–"]);
  });
});

describe("panels", () => {
  const panel = (eps: string) => ({ eps, name: `<${eps}>`, content: markup`<i>${eps}</i>` });

  it("first show the largest radius by value, whatever its notation and place", () => {
    const list = ["2/255", "0.05", "16/255", "4/255"].map(panel);
    expect(hardest(list).eps).toBe("16/255");
    const body = bodyOf(markup`${panels("p", "radius", list)}`);
    const options = [...body.querySelectorAll("option")];
    expect(options.map(({ textContent }) => textContent)).toEqual(list.map(({ name }) => name));
    expect(options.map((option) => option.hasAttribute("selected"))).toEqual([false, false, true, false]);
    expect(body.querySelectorAll(".panel[data-panel=p]")).toHaveLength(4);
  });
});

it("labels classes by escaped name, by number without names, and ignored pixels in black", () => {
  const run = describeWith({ model: { classNames: ["<b>", "road"] } });
  const [named, unnamed, ignored] = [0, 3, -1].map((label) => bodyOf(classLabel(run, label)));
  expect([named, unnamed, ignored].map((body) => body!.textContent)).toEqual(["<b>", "class 3", "ignored"]);
  expect(named!.querySelector("b")).toBeNull();
  expect(ignored!.querySelector("rect")!.getAttribute("fill")).toBe("rgb(0 0 0)");
});
