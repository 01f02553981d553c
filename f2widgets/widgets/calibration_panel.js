// Calibrations: what frames get and why, near misses, pins, what is missing, the content of the databases.
const COLUMNS = ["frame", "needs", "file", "age", "found in", "state"];
const HELD = ["file", "kind", "properties", "taken", "age", "state", "trouble", "folder"];

function build(page) {
  const content = framed(page, [["↑ ↓ Page Home End", "another row"], ["Enter", "why this file, or why none"],
    ["Ctrl+Space", "pick the row, or no longer"], ["Esc", "close the explanation"]]);
  let pins = {};

  // Ages are shown in words and sorted by their days.
  const rowsOf = (keys, list, ages) => list.map((cells, k) => ({
    id: String(k), name: cells[0], sortBy: { age: ages[k] }, cells: Object.fromEntries(keys.map((key, i) => [key, cells[i]])) }));
  const columnsOf = (keys, more = {}) => keys.map((key) => ({ key, title: key, ...(more[key] || {}) }));
  const mark = { fits: "✓ fits", "with a note": "✓ with a note", pinned: "✓ pinned", missing: "✗ missing", "does not fit": "✗ does not fit",
    present: "✓ present", changed: "✗ changed" };
  const shown = (text) => make("span", { cls: /missing|changed|not fit/.test(text) ? "f2-bad" : null }, mark[text] || text);

  // What the frames get.
  const spared = make("p", { hidden: true });
  const matches = tableOf({ label: "Calibrations of the frames", height: 260, several: false, empty: "no frames that need calibrations",
    select: (ids) => ids.length && explain(Number(ids[0])), activate: (id) => explain(Number(id)) });
  matches.columns(columnsOf(COLUMNS, { state: { show: shown } }));

  // Why: the explanation of one row, with what else would fit and what does not.
  const pane = make("section", { cls: "f2-pane", hidden: true, "aria-live": "polite", "aria-label": "Why" });
  const force = make("input", { type: "checkbox" });
  const use = (kind, path) => page.ask("pin", { kind, file: path, force: force.checked });
  async function explain(row) {
    const found = await page.ask("why", { row });
    if (!found) return;
    const candidate = (one) => make("tr", {}, make("th", { scope: "row" }, one.file),
      make("td", {}, one.failures.length ? one.failures.map(([key, is, needed], k) => [k ? make("br") : null,
        needed ? [make("strong", {}, key), ` is ${is}, needed ${needed}`] : is]) : "would fit as well"),
      make("td", {}, one.age), make("td", {}, button("Pin", () => use(found.kind, one.path), { "aria-label": `Use ${one.file} as ${found.kind}` })));
    const list = [...found.others, ...found.misses];
    fill(pane, make("div", { cls: "f2-row" }, make("h4", {}, `${found.frame}: ${found.kind}`), make("span", { cls: "f2-space" }),
        list.length ? field("although it does not agree", force) : null, button("Close", close)),
      make("p", { cls: "f2-words" }, found.text),
      list.length ? make("table", { cls: "f2-small" }, make("caption", {}, "Other calibrations of this kind"),
        make("thead", {}, make("tr", {}, ["file", "what speaks against it", "taken", "pin"].map((text) => make("th", { scope: "col" }, text)))),
        make("tbody", {}, list.map(candidate))) : null);
    pane.hidden = false;
  }
  function close() {
    pane.hidden = true;
    matches.focus();
  }

  const pinned = make("div", { cls: "f2-row" });
  const missing = make("div", { cls: "f2-missing" });

  // The databases.
  const remove = button("Remove", async () => { await page.ask("remove", { rows: table.picked().map(Number) }); }, { disabled: true, title: "Pick some" });
  let holds = [];
  const pin = button("Pin", () => { const cells = holds[Number(table.picked()[0])]; page.ask("pin", { kind: cells[1], file: `${cells[7]}/${cells[0]}`, force: force.checked }); });
  const picked = (ids) => {
    remove.disabled = !ids.length;
    remove.title = ids.length ? "The files stay on disk" : "Pick some";
    pin.disabled = ids.length !== 1;
    pin.title = pin.disabled ? "Pick one" : "Use it for all frames";
  };
  const table = tableOf({ label: "Calibrations in the database", height: 200, empty: "no calibrations yet", select: picked });
  const file = make("input", { type: "text", cls: "f2-wide f2-mono", spellcheck: "false", placeholder: "a processed calibration, or a folder of them",
    on: { keydown: (event) => { if (event.key === "Enter") add(); } } });
  const add = async () => { if (await page.ask("add", { file: file.value }) !== undefined) file.value = ""; };
  const where = make("p", { cls: "f2-words" });

  page.on("matches", (sent) => {
    spared.hidden = !sent.spared;
    fill(spared, sent.spared || null);
    matches.rows(rowsOf(COLUMNS, sent.rows, sent.ages));
    matches.selected([]);
    pane.hidden = true;
  });
  page.on("missing", (sent) => fill(missing, sent.rows.length ? [make("h4", {}, "Missing"), make("ul", {}, sent.rows.map((one, k) => make("li", {},
    make("span", {}, one.text), " ", button("Plan it", () => page.ask("plan", { row: k }), { disabled: !one.can, "aria-label": `Plan the ${one.kind}`,
      title: one.can ? "Select these raw frames and this recipe" : "The raw frames are not at hand" }))))] : null));
  page.on("held", (sent) => {
    const troubled = sent.rows.some((cells) => cells[6]);
    table.columns(columnsOf(troubled ? HELD : HELD.filter((key) => key !== "trouble"), { state: { show: shown }, trouble: { cls: "f2-reason" } }));
    holds = sent.rows;
    table.rows(rowsOf(HELD, sent.rows, sent.ages));
    table.selected([]);
    picked([]);
  });
  page.on("place", (sent) => {
    pins = sent.pins;
    fill(where, `Searched: ${sent.databases.join(", ")}`);
    fill(pinned, Object.entries(pins).map(([kind, path]) => make("span", { cls: "f2-pin" }, `${kind} pinned: `, make("span", { cls: "f2-mono" }, path), " ",
      button("Unpin", () => page.ask("unpin", { kind }), { "aria-label": `Unpin the ${kind}` }))));
  });

  content.append(spared, matches.element, pinned, pane, missing,
    make("h4", {}, "In the database"), where, table.element,
    make("div", { cls: "f2-row" }, field("File", file), button("Add", add), remove, pin,
      button("Verify checksums", () => page.ask("verify")), button("Look again", () => page.ask("refresh"))));
  content.addEventListener("keydown", (event) => { if (event.key === "Escape" && !pane.hidden) close(); });
}
