// Choose files: folder, pattern, facets with counts, groups, ticks.
const FACET_TITLES = { tags: "Tags", exposure_time: "Exposure time, s", filter_name: "Filter", object: "Object", night: "Night" };
const BY = [["", "nothing"], ["night", "night"], ["object", "object"], ["filter_name", "filter"], ["exposure_time", "exposure time"],
  ["tags", "tags"], ["night,object", "night and object"], ["object,filter_name,exposure_time", "object, filter and exposure time"]];

function build(page) {
  const content = framed(page, [
    ["↑ ↓ Page Home End", "another row"], ["Enter, Ctrl+Space", "pick the row; one more, or one less"], ["Shift+↑ ↓", "pick several"],
    ["Ctrl+A", "pick all that are shown"], ["Space", "include the file, or leave it out"], ["l", "look at the picked files"], ["/", "to the folder"]]);
  let picks = {}, picked = [], groups = [];

  // Where to look.
  const list = make("datalist", { id: `f2-folders-${Math.random().toString(36).slice(2)}` });
  let recent = [];
  const folder = make("input", { type: "text", cls: "f2-wide f2-mono", spellcheck: "false", autocomplete: "off", list: list.id,
    on: { input: () => complete(folder.value), change: () => begin() } });
  const complete = settled(async (text) => {
    const found = await page.ask("complete", { text });
    if (found && text === folder.value) offered([...found, ...recent]);
  }, 80);
  const offered = (names) => fill(list, [...new Set(names)].map((name) => make("option", { value: name })));
  const recurse = make("input", { type: "checkbox", on: { change: () => begin() } });
  const pattern = make("input", { type: "text", size: 12, spellcheck: "false", cls: "f2-mono", on: { change: () => begin() } });
  const begin = () => page.ask("begin", { folder: folder.value, recurse: recurse.checked, pattern: pattern.value });

  // The list.
  const table = tableOf({ label: "Files", ticks: true, sort: (column, down) => page.ask("sort_by", { column, down }), height: 470, empty: "no FITS files here",
    select: (ids) => { picked = ids.map(Number); page.ask("pick", { rows: picked }); },
    tick: async (id, on) => { const left = await page.ask("include", { rows: [Number(id)], on }); if (left !== undefined) counted(left); } });
  const count = make("output", { cls: "f2-count" });
  let total = 0, unreadable = 0;
  function counted(left) {
    fill(count, `${left} of ${total} files`, unreadable ? `, ${unreadable} cannot be used` : "");
  }

  // Facets: the values of each, with how many files have it.
  const facets = make("div", { cls: "f2-facets", role: "group", "aria-label": "Only files with" });
  const clear = button("Clear", () => narrow({}), { "aria-label": "Clear all picked values" });
  const opened = new Set(["tags", "exposure_time", "filter_name", "object", "night"]);
  async function narrow(wanted) {
    const found = await page.ask("pick_values", { picks: wanted });
    if (found) left(found);
  }
  function facet(name, counts) {
    const mine = new Set(picks[name] || []);
    const boxes = counts.map(([value, number]) => make("label", {},
      make("input", { type: "checkbox", checked: mine.has(value), "data-value": `${name}=${value}`, on: { change: (event) => {
        if (event.target.checked) mine.add(value); else mine.delete(value);
        narrow({ ...picks, [name]: [...mine] });
      } } }), make("span", { cls: "f2-value", title: value }, value), make("span", { cls: "f2-number" }, String(number))));
    const all = make("details", { open: opened.has(name), on: { toggle: () => { if (all.open) opened.add(name); else opened.delete(name); } } },
      make("summary", {}, FACET_TITLES[name], mine.size ? make("span", { cls: "f2-number" }, ` ${mine.size} picked`) : null),
      make("div", { cls: "f2-values" }, boxes));
    return all;
  }
  function left(found) {
    const at = document.activeElement && facets.contains(document.activeElement) ? document.activeElement.dataset.value : null;
    const places = [...facets.querySelectorAll(".f2-values")].map((one) => one.scrollTop);
    picks = found.picks;
    total = found.total;
    unreadable = found.unreadable;
    clear.disabled = !Object.values(picks).some((some) => some.length);
    fill(facets, Object.entries(found.facets).map(([name, counts]) => facet(name, counts)));
    facets.querySelectorAll(".f2-values").forEach((one, k) => { one.scrollTop = places[k] || 0; });
    if (at) [...facets.querySelectorAll("input")].find((box) => box.dataset.value === at)?.focus();
    table.only(found.shown ? found.shown.map(String) : null);
    counted(found.count);
    grouped(found);
  }

  // Groups: a row for each, whose files are picked with it.
  const by = choice(BY, "", async (value) => {
    const found = await page.ask("group", { by: value ? value.split(",") : [] });
    if (found) left(found);
  });
  const bundle = tableOf({ label: "Groups", height: 150, select: (ids) => {
    picked = ids.flatMap((id) => groups[Number(id)].rows);
    table.selected(picked.map(String));
    page.ask("pick", { rows: picked });
  } });
  bundle.element.hidden = true;
  function grouped(found) {
    groups = found.groups;
    by.value = found.by.join(",");
    bundle.element.hidden = !groups.length;
    bundle.columns([...found.by.map((key) => ({ key, title: key })), { key: "files", title: "files", numeric: true }]);
    bundle.rows(groups.map((group, k) => ({ id: String(k), cells: { files: group.rows.length, ...Object.fromEntries(found.by.map((key, i) => [key, group.values[i]])) } })));
    bundle.selected([]);
  }

  // What comes from Python.
  page.on("place", (now) => {
    if (document.activeElement !== folder) folder.value = now.folder;
    recurse.checked = now.recurse;
    pattern.value = now.pattern;
    recent = now.recent;
    offered(recent);
  });
  page.on("rows", (sent) => showRows(page, table, sent));
  page.on("left", left);
  page.on("picked", ({ rows }) => { picked = rows; table.selected(rows.map(String)); });

  content.append(
    make("div", { cls: "f2-row" }, field("Folder", folder), list, field("folders inside", recurse), field("Names", pattern), button("Look again", begin)),
    readingOf(page),
    make("div", { cls: "f2-row" }, count, field("Group by", by), make("span", { cls: "f2-space" }), clear,
      button("Look", () => page.ask("inspect", { rows: picked }), { "aria-label": "Look at the picked files", title: "show the picked files in the image inspector (l)" }), button("Take these files", () => page.ask("take"), { cls: "f2-button f2-main" })),
    make("div", { cls: "f2-sides" }, facets, make("div", { cls: "f2-side" }, bundle.element, table.element)));
  content.addEventListener("keydown", (event) => {
    if (["INPUT", "SELECT"].includes(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") folder.focus();
    else if (event.key === "l") page.ask("inspect", { rows: picked });
    else return;
    event.preventDefault();
  });
}
