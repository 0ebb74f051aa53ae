/** The report's program: sorting tables, choosing panels, enlarging images, and stepping through an attack. */
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  document.documentElement.classList.add("js");

  const sortKey = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.sort ?? cell.textContent;
    return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
  };
  /** Numbers by value, everything else as text. */
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
  const sort = (head) => {
    const table = head.closest("table");
    const descending = head.ariaSort === "ascending" || (!head.ariaSort && head.classList.contains("number"));
    for (const other of all("thead th", table)) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const rows = [...table.tBodies[0].rows].sort((a, b) => {
      const order = compare(sortKey(a, head.cellIndex), sortKey(b, head.cellIndex));
      return descending ? -order : order;
    });
    table.tBodies[0].append(...rows);
  };
  for (const head of all("table.sortable thead th"))
    head.querySelector("button").addEventListener("click", () => sort(head));

  for (const choice of all("select[data-panels]")) {
    const panels = all(`[data-panel="${choice.dataset.panels}"]`);
    const show = () => {
      for (const [i, panel] of panels.entries()) panel.hidden = i !== Number(choice.value);
    };
    choice.addEventListener("change", show);
    show();
  }

  // Enlarged images: the dialog shows copies of the cards that are visible, one at a time.
  const dialog = document.querySelector("dialog");
  let cards = [];
  let shown = 0;
  const look = (i) => {
    shown = (i + cards.length) % cards.length;
    const card = cards[shown].cloneNode(true);
    const [tiles, caption] = [card.querySelector(".tiles"), document.createElement("p")];
    caption.append(...card.querySelector("figcaption").childNodes);
    dialog.querySelector("div").replaceChildren(caption, tiles);
  };
  for (const button of all("[data-open]")) {
    button.addEventListener("click", () => {
      const card = button.closest(".card");
      cards = all(".card").filter((other) => other.offsetParent !== null);
      look(cards.indexOf(card));
      dialog.showModal();
    });
  }
  for (const button of all("[data-step]", dialog))
    button.addEventListener("click", () => look(shown + Number(button.dataset.step)));
  dialog.addEventListener("keydown", ({ key }) => {
    if (key === "ArrowLeft" || key === "ArrowRight") look(shown + (key === "ArrowLeft" ? -1 : 1));
  });

  /** Adds a vertical line to a chart; returns a function that moves it to a pass. */
  const cursorIn = (svg) => {
    const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
    const { width, height } = svg.viewBox.baseVal;
    const [from, to, left, right] = svg.dataset.x.split(" ").map(Number);
    line.classList.add("cursor");
    line.setAttribute("y1", 20);
    line.setAttribute("y2", height - 44);
    svg.append(line);
    return (pass) => {
      const x = Math.min(width, left + ((pass - from) / (to - from)) * (right - left));
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
    };
  };
  const digits = (value, more = 1) => (value === null ? "–" : (value * more).toPrecision(4));
  for (const trace of all(".trace")) {
    const data = JSON.parse(trace.querySelector("script").textContent);
    const [slider, output] = [trace.querySelector("input"), trace.querySelector("output")];
    const frames = all("[data-pass]", trace);
    const caption = trace.querySelector("[data-frame]");
    const cursors = all("svg[data-x]", trace).map(cursorIn);
    const show = () => {
      const pass = Number(slider.value);
      const frame = frames.findLast((picture) => Number(picture.dataset.pass) <= pass);
      for (const picture of frames) picture.hidden = picture !== frame;
      for (const move of cursors) move(pass);
      if (frame) caption.textContent = `prediction at pass ${frame.dataset.pass}`;
      const text = [
        `step ${data.step[pass]}`,
        `radius ${data.stages[data.stage[pass]]}`,
        `loss ${digits(data.objective[pass])}`,
        `correct ${((100 * data.correct[pass]) / Math.max(1, data.valid)).toFixed(1)} %`,
        `step size ${data.stepSize[pass] === null ? "–" : `${digits(data.stepSize[pass], 255)}/255`}`,
      ].join(" · ");
      output.textContent = text;
      slider.setAttribute("aria-valuetext", `pass ${pass}, ${text}`);
    };
    slider.addEventListener("input", show);
    show();
  }
})();
