/** Outcomes of soundness checks as a list, for the report and for the page that attacks. */
import { isRaised, type Soundness } from "../../journal/index.js";
import { type Markup, markup } from "../markup.js";

/** How a status is marked, and called. */
export const statusWords: Readonly<Record<Soundness["status"], readonly [mark: string, word: string]>> = {
  pass: ["✓", "passed"],
  warn: ["!", "warning"],
  fail: ["✗", "failed"],
  skip: ["–", "skipped"],
};

/** Outcomes of checks as a list. */
export function soundnessList(outcomes: readonly Soundness[]): Markup {
  return markup`<ul class="checks">${outcomes.map(outcome)}</ul>`;
}

/** The outcome of a check. A warning or failure says what it means and what to do. */
function outcome({ check, status, detail, means, remedy }: Soundness): Markup {
  const [mark, word] = statusWords[status];
  const advised = isRaised({ status }) && means !== undefined;
  return markup`<li class="${status}"><span class="mark" aria-hidden="true">${mark}</span><b>${check}</b> <span class="word">${word}</span><p>${detail}</p>${
    advised && markup`<p><b>Means:</b> ${means}. <b>Do:</b> ${remedy}.</p>`
  }</li>`;
}
