// The files of the workspace with their descriptors: filter, columns, ticks, headers and their differences.
const HEADER = ["extension", "keyword", "value", "comment"];

function build(page) {
  const content = framed(page, [
    ["/", "to the condition"], ["↑ ↓ Page Home End", "another row"], ["Ctrl+Space", "pick the row, or no longer"],
    ["Shift+↑ ↓", "pick several"], ["Ctrl+A", "pick all that are shown"], ["Space", "include the file, or leave it out"],
    ["Enter or h", "header of the row"], ["d", "difference of two picked headers"], ["l", "look at the picked files"], ["Esc", "close the header"]]);
  let shown = [], columns = [], picked = [];

  // The condition, what is wrong with it, and what each part of it removes.
  const condition = make("input", { type: "text", cls: "f2-mono f2-wide", spellcheck: "false", autocomplete: "off",
    placeholder: 'exposure_time > 60s and filter_name == "Y" and not DARK', on: { input: () => refilter() } });
  const count = make("output", { cls: "f2-count" });
  const wrong = make("pre", { cls: "f2-caret", role: "alert", hidden: true });
  const removals = make("div", { cls: "f2-removals" });
  wrong.id = `f2-wrong-${Math.random().toString(36).slice(2)}`;
  const refilter = latest(async () => {
    const found = await page.ask("try_filter", { expression: condition.value });
    if (found) filtered(found);
  });

  function filtered(found) {
    const error = found.error;
    condition.setAttribute("aria-invalid", String(Boolean(error)));
    if (error) condition.setAttribute("aria-describedby", wrong.id);
    else condition.removeAttribute("aria-describedby");
    wrong.hidden = !error;
    fill(wrong, error ? `${error.column === null ? "" : `${condition.value}\n${" ".repeat(error.column)}^ `}${error.reason}` : null);
    removals.classList.toggle("f2-stale", Boolean(error));
    if (error) return fill(count, "not understood; the table is as it was");
    shown = found.shown;
    table.only(found.matched === found.total || shown.length === found.total ? null : shown.map(String));
    const lacking = Object.entries(found.undecided).map(([name, number]) => `${number} without ${name}`);
    fill(count, `${found.matched} of ${found.total} files`, lacking.length ? ` (left out undecided: ${lacking.join(", ")})` : "");
    fill(removals, found.removals.length ? removed(found.removals, found.total) : null);
  }

  function removed(list, total) {
    const head = ["condition", "removes alone", "removes here", "undecided", "left"].map((text, k) => make("th", { scope: "col", cls: k ? "f2-number" : null }, text));
    const rows = list.map(([text, column, alone, here, undecided, left]) => make("tr", {},
      make("th", { scope: "row" }, button(text, () => { condition.focus(); condition.setSelectionRange(column, column + text.length); },
        { cls: "f2-plain f2-mono", title: "Show where it stands" })),
      [alone, here, undecided, left].map((number) => make("td", { cls: "f2-number" }, String(number)))));
    return make("table", { cls: "f2-small" }, make("caption", {}, `What each condition removes of ${total} files`), make("thead", {}, make("tr", {}, head)), make("tbody", {}, rows));
  }

  // The table.
  const table = tableOf({ label: "Files", ticks: true, sort: (column, down) => page.ask("sort_by", { column, down }), height: 340, empty: "no files: choose a folder, or change the condition",
    select: (ids) => { marked(ids.map(Number)); page.ask("pick", { rows: picked }); },
    tick: (id, on) => page.ask("include", { rows: [Number(id)], on }),
    activate: (id) => showHeader(Number(id)) });
  const header = button("Header", () => showHeader(picked[0]));
  const compare = button("Difference", () => showDifference());
  const look = button("Look", () => page.ask("inspect", { rows: picked }), { "aria-label": "Look at the picked files" });
  function marked(places) {
    picked = places;
    look.disabled = !picked.length;
    look.title = look.disabled ? "Pick one file or several" : "show the picked files in the image inspector (l)";
    header.disabled = picked.length !== 1;
    header.title = header.disabled ? "Pick one file" : "";
    compare.disabled = picked.length !== 2;
    compare.title = compare.disabled ? "Pick two files" : "";
  }
  marked([]);

  // The columns to choose from.
  const offer = make("div", { cls: "f2-offer" });
  const search = make("input", { type: "search", placeholder: "find a descriptor", "aria-label": "Find a descriptor", on: { input: () => narrow() } });
  const chooser = make("details", { cls: "f2-chooser" }, make("summary", {}, "Columns"), search, offer);
  const boxes = new Map();
  function narrow() {
    const text = search.value.toLowerCase();
    for (const [name, box] of boxes) box.parentElement.hidden = !name.includes(text);
  }
  page.on("offered", ({ descriptors }) => {
    boxes.clear();
    fill(offer, descriptors.map(({ name, unit }) => {
      const box = make("input", { type: "checkbox", on: { change: () => {
        const names = box.checked ? [...columns, name] : columns.filter((one) => one !== name);
        page.ask("set_columns", { names });
      } } });
      boxes.set(name, box);
      return make("label", {}, box, ` ${name}`, unit ? make("span", { cls: "f2-unit" }, ` ${unit}`) : null);
    }));
  });

  // The pane with a header or with a difference.
  const pane = make("section", { cls: "f2-pane", hidden: true });
  const words = make("input", { type: "search", placeholder: "keyword, value or comment", "aria-label": "Search the header", on: { input: settled(() => sought(), 60) } });
  const title = make("h4"), hits = make("output");
  const cards = tableOf({ label: "Cards", height: 300, several: false, empty: "no such card" });
  let all = [];
  const close = () => { pane.hidden = true; table.focus(); };
  pane.append(make("div", { cls: "f2-row" }, title, words, hits, make("span", { cls: "f2-space" }), button("Close", close)), cards.element);
  function sought() {
    const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const left = all.filter((row) => asked.every((word) => row.text.includes(word)));
    cards.rows(left);
    fill(hits, asked.length ? `${left.length} of ${all.length}` : `${all.length} cards`);
  }
  function open(name, keys, list) {
    fill(title, name);
    cards.columns(keys.map((key) => ({ key, title: key, cls: ["value", "comment"].includes(key) ? "" : "f2-mono" })));
    all = list.map((cells, k) => ({ id: String(k), text: cells.slice(1).join(" ").toLowerCase(), cells: Object.fromEntries(keys.map((key, i) => [key, cells[i]])) }));
    words.value = "";
    pane.hidden = false;
    sought();
    words.focus();
  }
  async function showHeader(row) {
    if (row === undefined) return;
    const found = await page.ask("header", { row });
    if (found) open(found.name, HEADER, found.rows);
  }
  async function showDifference() {
    if (picked.length !== 2) return;
    const found = await page.ask("difference", { one: picked[0], other: picked[1] });
    if (!found) return;
    const names = found.names[0] === found.names[1] ? found.names.map((name, k) => `${name} (${k + 1})`) : found.names;
    open(`${found.names.join(" and ")}: ${found.rows.length} cards differ`, ["extension", "keyword", "change", ...names], found.rows);
  }

  // What comes from Python.
  page.on("rows", (sent) => {
    columns = sent.shown_columns;
    for (const [name, box] of boxes) box.checked = columns.includes(name);
    pane.hidden = true;
    showRows(page, table, sent);
  });
  page.on("filtered", (found) => {
    if (document.activeElement !== condition) condition.value = found.expression;
    filtered(found);
  });
  page.on("picked", ({ rows }) => { marked(rows); table.selected(rows.map(String)); });

  const overwrite = make("input", { type: "checkbox" });
  const file = make("input", { type: "text", size: 18, placeholder: "f2_table.csv", spellcheck: "false" });
  content.append(
    make("div", { cls: "f2-row" }, field("Condition", condition), count, button("Take these files", () => page.ask("take"), { cls: "f2-button f2-main" })),
    readingOf(page), wrong, removals,
    make("div", { cls: "f2-row" }, chooser, header, compare, look, make("span", { cls: "f2-space" }),
      field("CSV", file), field("overwrite", overwrite), button("Write", () => page.ask("write_csv", { path: file.value, overwrite: overwrite.checked }))),
    table.element, pane);
  content.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !pane.hidden) close();
    else if (["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
    else if (event.key === "/") condition.focus();
    else if (event.key === "h") showHeader(picked[0]);
    else if (event.key === "d") showDifference();
    else if (event.key === "l") page.ask("inspect", { rows: picked });
    else return;
    event.preventDefault();
  });
}
