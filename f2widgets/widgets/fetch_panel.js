// The archive: ask, tick, fetch, cancel.
function build(page) {
  const content = framed(page, [["↑ ↓ Page Home End", "another row"], ["Space", "fetch the file, or not"], ["Enter in the first field", "ask the archive"]]);
  const megabytes = (bytes) => bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;

  // What to ask for.
  const query = make("input", { type: "text", cls: "f2-wide f2-mono", spellcheck: "false", placeholder: "example1, GS-2013B-Q-15, S20131121S0075-083",
    on: { keydown: (event) => { if (event.key === "Enter") ask(); } } });
  const calibrations = make("input", { type: "checkbox" });
  const ask = () => page.ask("ask", { query: query.value, calibrations: calibrations.checked });
  const askButton = button("Ask the archive", ask);
  const server = make("span", { cls: "f2-mono" });

  // What there is.
  let rows = [], going = false, last = { files: 0, of: 0, bytes: 0 };
  const table = tableOf({ label: "Files in the archive", ticks: true, height: 320, empty: "nothing asked for yet",
    tick: async (id, on) => { const now = await page.ask("tick", { rows: [Number(id)], on }); if (now) counted(now); } });
  const count = make("output", { cls: "f2-count" });
  function counted(now) {
    last = now;
    fill(count, `${now.files} of ${now.of} files, ${megabytes(now.bytes)}`);
    fetchButton.disabled = !now.files || going;
    fetchButton.title = now.files ? "" : "No file is ticked";
  }
  const every = async (on) => {
    const now = await page.ask("tick", { rows: rows.map((row) => Number(row.id)), on });
    if (!now) return;
    for (const row of rows) row.ticked = on && !row.reason;
    table.rows(rows);
    counted(now);
  };

  // Where to, and how far it is.
  const out = make("input", { type: "text", cls: "f2-wide f2-mono", spellcheck: "false" });
  const unpack = make("input", { type: "checkbox" });
  const fetchButton = button("Fetch", () => page.ask("fetch", { out: out.value, unpack: unpack.checked }), { cls: "f2-button f2-main", disabled: true });
  const progress = workOf(page, "Bytes fetched", (done, total, doing) => (total ? `${megabytes(done)} of ${megabytes(total)}` : `${doing} …`), (on) => {
    going = on;
    askButton.disabled = going;
    counted(last);
  });

  // What comes from Python.
  page.on("place", (now) => {
    if (document.activeElement !== query && now.query) query.value = now.query;
    calibrations.checked = now.calibrations;
    unpack.checked = now.unpack;
    if (document.activeElement !== out) out.value = now.out;
    fill(server, now.server);
  });
  page.on("rows", (sent) => {
    const made = unpacked(sent, sent.ticked);
    rows = made.rows;
    table.columns(sent.columns); // why a file cannot be had is its state
    table.rows(rows);
    counted(sent.count);
  });
  page.on("states", ({ states }) => {
    for (const row of rows) if (states[row.id] !== undefined) row.cells.state = states[row.id];
    table.rows(rows);
  });

  content.append(
    make("div", { cls: "f2-row" }, field("Frames", query, "Examples, programmes, observations, data labels or files"), field("with calibrations", calibrations), askButton),
    make("div", { cls: "f2-row" }, count, button("All", () => every(true), { "aria-label": "Tick all files" }), button("None", () => every(false), { "aria-label": "Tick no file" }),
      make("span", { cls: "f2-space" }), server),
    table.element,
    make("div", { cls: "f2-row" }, field("Folder", out), field("unpack", unpack), fetchButton, button("Look at these files", () => page.ask("use"))),
    progress);
}
