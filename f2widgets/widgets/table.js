// A table that stays quick with ten thousand rows: a real <table> of which only the rows in sight are made.
//
// `tableOf({label, columns, height, ticks, several, select, tick, sort, activate})`
//   columns: [{key, title, numeric, cls, show}]; rows: [{id, cells: {key: value}, reason, ticked, sortBy}]; a reason
//   greys the row, `sortBy` has values by key that sort otherwise than they show.
//   select(ids), tick(id, on), activate(id) and sort(key, down) are told of what the user does.
// Gives {element, columns(list), rows(list), only(ids or null): the rows to show, selected(ids), picked(): ids as
// shown, order(): ids as shown, sort(key, down), focus()}.
const ROW = 24; // height of a row in px; the style sheet says the same
// Made once: comparing by `localeCompare` with options takes ten times as long.
const WORDS = new Intl.Collator(undefined, { numeric: true });

// Rows of a table from what Python sends: lists of cells in the order of the columns, reasons by place; the place
// of a row, as text, is its id. Where a row has a reason, a column tells it.
function unpacked({ columns, rows, reasons }, ticked = null) {
  const on = ticked && new Set(ticked);
  const made = rows.map((cells, place) => {
    const row = { id: String(place), name: cells[0], reason: reasons[place] || null, ticked: !on || on.has(place), cells: {} };
    columns.forEach((column, k) => { row.cells[column.key] = cells[k]; });
    row.cells.problem = row.reason;
    return row;
  });
  const problem = { key: "problem", title: "problem", cls: "f2-reason" };
  return { rows: made, columns: Object.keys(reasons).length ? [...columns, problem] : columns };
}

// Show the rows that Python sends, in its order; the rest is asked for once the first ones are on the screen.
function showRows(page, table, sent) {
  const made = unpacked(sent, sent.ticked);
  table.columns(made.columns);
  table.rows(made.rows);
  if (sent.order) table.sort(...sent.order);
  if (sent.more) requestAnimationFrame(() => setTimeout(() => page.ask("rest")));
}

// How far the reading of headers is.
function readingOf(page) {
  return workOf(page, "Headers read", (done, total) => (total ? `${done} of ${total} headers` : `looking …${done ? ` ${done} files` : ""}`));
}

function tableOf(options) {
  const { label, height = 320, ticks = false, several = true } = options;
  let columns = [], rows = [], shown = [], picked = new Set(), active = 0, anchor = 0;
  let sorted = null, down = false, kept = null;
  const head = make("thead"), body = make("tbody");
  const table = make("table", { cls: "f2-table", role: "grid", "aria-label": label, "aria-multiselectable": String(several) }, head, body);
  const box = make("div", { cls: "f2-scroll", tabindex: "0", role: "group", "aria-label": `${label}, rows`, style: { maxHeight: `${height}px` } }, table);
  const draw = coalesced(paint);
  const prefix = `f2-row-${Math.random().toString(36).slice(2)}-`;

  function value(row, column, from = row.cells) {
    const found = from[column.key];
    return found === undefined || found === null ? "" : found;
  }

  function compare(column) {
    return (a, b) => {
      const [x, y] = [a, b].map((row) => value(row, column, row.sortBy && column.key in row.sortBy ? row.sortBy : row.cells));
      if (x === "" || y === "") return (x === "") - (y === ""); // what a file does not tell comes last
      const order = typeof x === "number" && typeof y === "number" ? x - y : WORDS.compare(x, y);
      return down ? -order : order;
    };
  }

  function arrange() {
    const column = columns.find((one) => one.key === sorted);
    const left = kept ? rows.filter((row) => kept.has(row.id)) : rows;
    shown = column ? [...left].sort(compare(column)) : left;
    active = Math.min(active, Math.max(0, shown.length - 1));
    table.setAttribute("aria-rowcount", String(shown.length + 1));
    draw();
  }

  function heads() {
    const cells = columns.map((column) => {
      const is = column.key === sorted;
      const press = () => {
        down = is ? !down : false;
        sorted = column.key;
        heads();
        arrange();
        if (options.sort) options.sort(sorted, down);
      };
      return make("th", { scope: "col", "aria-sort": is ? (down ? "descending" : "ascending") : "none", cls: column.numeric ? "f2-number" : null },
        button([column.title || column.key, make("span", { "aria-hidden": "true" }, is ? (down ? " ▾" : " ▴") : "")], press, { cls: "f2-sort", title: column.help || null }));
    });
    const tick = ticks ? make("th", { scope: "col" }, make("span", { cls: "f2-hidden" }, "Include")) : null;
    fill(head, make("tr", { "aria-rowindex": "1" }, tick, cells));
  }

  function rowOf(row, index) {
    const is = picked.has(row.id);
    const tick = ticks ? make("td", {}, make("input", {
      type: "checkbox", checked: row.ticked !== false, tabIndex: -1, "aria-label": `Include ${row.name || row.id}`,
      on: { change: (event) => { row.ticked = event.target.checked; if (options.tick) options.tick(row.id, row.ticked); }, click: (event) => event.stopPropagation() } })) : null;
    const cells = columns.map((column) => {
      const text = value(row, column);
      return make("td", { cls: [column.numeric ? "f2-number" : "", column.cls || ""].join(" ").trim() || null, title: String(text).length > 24 ? String(text) : null }, column.show ? column.show(text, row) : String(text));
    });
    return make("tr", {
      id: `${prefix}${index}`, "aria-rowindex": String(index + 2), "aria-selected": String(is), "data-id": row.id, title: row.reason || null,
      cls: [is ? "f2-picked" : "", index === active ? "f2-active" : "", row.reason ? "f2-refused" : ""].join(" ").trim() || null,
      on: { click: (event) => press(index, event), dblclick: () => options.activate && options.activate(row.id) },
    }, tick, cells);
  }

  function paint() {
    const first = Math.max(0, Math.floor(box.scrollTop / ROW) - 8);
    const last = Math.min(shown.length, first + Math.ceil(height / ROW) + 16);
    const wide = columns.length + (ticks ? 1 : 0);
    const gap = (count) => count > 0 ? make("tr", { "aria-hidden": "true", cls: "f2-gap" }, make("td", { colspan: wide, style: { height: `${count * ROW}px` } })) : null;
    fill(body, gap(first), shown.slice(first, last).map((row, k) => rowOf(row, first + k)), gap(shown.length - last));
    // The row that keys act on is read out, though the focus stays on the box.
    if (active >= first && active < last) box.setAttribute("aria-activedescendant", `${prefix}${active}`);
    else box.removeAttribute("aria-activedescendant");
    if (!shown.length) fill(body, make("tr", {}, make("td", { colspan: Math.max(1, wide), cls: "f2-empty" }, options.empty || "nothing here")));
  }

  function tell() {
    draw();
    if (options.select) options.select(shown.filter((row) => picked.has(row.id)).map((row) => row.id));
  }

  function press(index, event) {
    const id = shown[index].id;
    if (event.shiftKey && several) {
      const [a, b] = [Math.min(anchor, index), Math.max(anchor, index)];
      if (!event.ctrlKey && !event.metaKey) picked = new Set();
      for (const row of shown.slice(a, b + 1)) picked.add(row.id);
    } else if ((event.ctrlKey || event.metaKey) && several) {
      if (!picked.delete(id)) picked.add(id);
      anchor = index;
    } else {
      picked = new Set([id]);
      anchor = index;
    }
    active = index;
    tell();
  }

  function go(index, event) {
    active = Math.max(0, Math.min(shown.length - 1, index));
    if (active * ROW < box.scrollTop) box.scrollTop = active * ROW;
    if ((active + 3) * ROW > box.scrollTop + box.clientHeight) box.scrollTop = (active + 3) * ROW - box.clientHeight;
    if (event.shiftKey) press(active, event);
    else draw();
  }

  box.addEventListener("scroll", draw);
  box.addEventListener("keydown", (event) => {
    if (event.target !== box || !shown.length) return;
    const page = Math.max(1, Math.floor(box.clientHeight / ROW) - 2);
    const steps = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: shown.length - 1 };
    if (event.key in steps) go(steps[event.key], event);
    else if (event.key === " " && ticks && options.tick && !event.ctrlKey) {
      const row = shown[active];
      row.ticked = row.ticked === false;
      options.tick(row.id, row.ticked);
      draw();
    } else if (event.key === " ") press(active, { ctrlKey: several, shiftKey: false });
    else if (event.key === "Enter" && options.activate) options.activate(shown[active].id);
    else if (event.key === "Enter") press(active, event);
    else if (event.key === "a" && (event.ctrlKey || event.metaKey) && several) {
      picked = new Set(shown.map((row) => row.id));
      tell();
    } else return;
    event.preventDefault();
  });

  return {
    element: box,
    columns(list) { columns = list; heads(); arrange(); },
    rows(list) { rows = list; arrange(); },
    only(ids) { kept = ids && new Set(ids); arrange(); },
    selected(ids) { picked = new Set(ids); draw(); },
    picked: () => shown.filter((row) => picked.has(row.id)).map((row) => row.id),
    order: () => shown.map((row) => row.id),
    sort(key, descending = false) { sorted = key; down = descending; heads(); arrange(); },
    focus() { box.focus(); },
  };
}
