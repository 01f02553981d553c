// The whole folder: plan, look at the graph, run, look at a product.
function build(page) {
  const content = framed(page, [["↑ ↓ Page Home End", "another job"], ["Enter", "look at its product"]]);
  const folder = make("span", { cls: "f2-mono" }), found = make("output", { cls: "f2-count" });
  const overwrite = make("input", { type: "checkbox" });
  const plan = button("Plan", () => page.ask("plan"));
  const run = button("Do all jobs", () => page.ask("run", { overwrite: overwrite.checked }), { cls: "f2-button f2-main", disabled: true, title: "Plan first" });
  let can = 0, going = false;
  const allow = () => {
    plan.disabled = going;
    run.disabled = going || !can;
    run.title = can ? "" : "There is nothing to do: plan first";
  };
  const progress = workOf(page, "Jobs done", (done, total, doing) => (total ? `${done} of ${total} jobs` : `${doing} …`), (on) => { going = on; allow(); });
  // An image runs no scripts, whatever a header holds.
  const drawing = make("img", { alt: "", hidden: true, style: { maxWidth: "100%", background: "#fff" } });
  const table = tableOf({ label: "Jobs", several: false, height: 260, empty: "nothing planned yet", activate: (id) => page.ask("look", { job: Number(id) }) });
  const look = button("Look at the product", () => { const [id] = table.picked(); if (id !== undefined) page.ask("look", { job: Number(id) }); });
  const amiss = make("ul"), missing = make("div", { cls: "f2-missing", hidden: true }, make("h4", {}, "What is missing or left out"), amiss);

  page.on("graph", (sent) => {
    fill(folder, sent.folder);
    fill(found, sent.found);
    can = sent.can || 0;
    allow();
    drawing.hidden = !sent.drawing;
    if (sent.drawing) {
      drawing.src = `data:image/svg+xml;base64,${sent.drawing}`;
      drawing.alt = sent.alt;
      const made = unpacked(sent);
      const picked = table.picked();
      table.columns(made.columns);
      table.rows(made.rows);
      table.selected(picked);
    }
    missing.hidden = !sent.amiss.length;
    fill(amiss, sent.amiss.map((text) => make("li", { cls: "f2-words" }, text)));
  });

  content.append(
    make("div", { cls: "f2-row" }, make("span", {}, "Folder: ", folder), plan, run, field("overwrite", overwrite, "Replace products that were made from something else"), found),
    progress,
    make("div", { style: { overflowX: "auto" }, tabindex: "0", role: "group", "aria-label": "The graph of the jobs" }, drawing),
    table.element, make("div", { cls: "f2-row" }, look), missing);
}
