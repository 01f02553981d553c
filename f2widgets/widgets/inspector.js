// The image inspector: what is shown, and what Python is asked for.
function build(page) {
  const content = framed(page, KEYS);
  const base = make("canvas", { cls: "f2-base" }), over = make("canvas", { cls: "f2-over", tabindex: "0", role: "application", "aria-label": "Image; press ? for the keys" });
  const wait = make("div", { cls: "f2-wait" }), told = make("p", { cls: "f2-told" });
  const bar = make("canvas", { role: "img", "aria-label": "Scale of the colours" }), darkest = make("span"), brightest = make("span");
  const results = make("div", { cls: "f2-results", "aria-live": "polite" }), below = make("div", { cls: "f2-below f2-results", "aria-live": "polite" }), list = make("div", { cls: "f2-list" });
  const app = {
    names: [], planes: ["SCI"], colourNames: [], stretches: [], methods: [], flags: [], view: page.state("view"), other: 1, tool: "pan",
    blinking: false, flipped: false, wipe: null, sky: null, limits: [0, 1], inImage: 0, cursor: null, regions: page.state("_regions") || [],
    drawn: null, anchor: null, sources: new Float32Array(0), contrast: 1, bias: 0.5 };
  const pictures = new Map(), palettes = new Map(), tables = new Map(), coming = new Set();
  const view = imageView(base, () => overlay()), marks = marksOver(over, view), readout = readoutOf();
  let ended = false, blinker = null, inked = null, owed = false;

  // What there is to see.
  const best = (k, plane) => pictures.get(k) && pictures.get(k).planes.get(plane);
  function keep(about, buffers) {
    const k = about.image, picture = pictures.get(k) || { planes: new Map(), flags: null };
    if (!picture.facts) Object.assign(picture, { facts: about, sky: null });
    pictures.set(k, picture);
    const there = picture.planes.get(about.pixels.plane);
    if (!there || there.bin > about.pixels.bin) picture.planes.set(about.pixels.plane, pixelsOf(about.pixels, buffers[buffers.length - 1]));
  }
  // Fetch an image's facts with a small copy of the plane, then the whole plane.
  async function fetchPlane(k, plane) {
    const key = `${k}/${plane}`;
    if (coming.has(key) || k < 0 || k >= app.names.length) return;
    coming.add(key);
    try {
      if (!best(k, plane)) {
        const [about, buffers] = await page.call("look_into", { image: k, plane }, true);
        if (ended) return;
        keep(about, buffers);
        refresh();
      }
      const now = best(k, plane);
      if (now && !now.more) {
        const [meaning, buffers] = await page.call("pixels", { image: k, plane }, true);
        if (ended) return;
        const picture = pictures.get(k);
        picture.planes.set(plane, pixelsOf(meaning, buffers[0]));
        Object.assign(picture.facts, meaning.more);
        picture.sky = skyOf(meaning.more.wcs);
        refresh();
      }
    } catch (error) {
      fill(wait, k === app.view.image ? "This image cannot be shown." : null);
    } finally {
      coming.delete(key);
    }
  }
  async function fetchFlags(k) {
    const picture = pictures.get(k), key = `${k}/flags`;
    if (!picture || picture.flags || coming.has(key)) return;
    coming.add(key);
    try {
      const [, buffers] = await page.call("mask", { image: k }, true);
      picture.flags = flagsOf(picture.facts.shape, buffers[0]);
      if (!ended) view.draw();
    } catch (error) { /* told at the foot of the panel */ } finally { coming.delete(key); }
  }

  // How it is shown.
  function limitsOf(pixels) { return app.view.low === null || app.view.low === undefined ? pixels.limits[app.view.method] || Object.values(pixels.limits)[0] : [app.view.low, app.view.high]; }
  function tableOfCodes(k, pixels) {
    const [low, high] = limitsOf(pixels), { stretch, colours, reverse } = app.view, { contrast, bias } = app;
    const key = `${k}/${pixels.plane}/${pixels.bin}`, bent = `${low} ${high} ${stretch}`, how = `${bent} ${colours} ${reverse} ${contrast} ${bias}`;
    const last = tables.get(key) || {};
    if (last.how === how) return last.table;
    const lights = last.bent === bent ? last.lights : lightsOf(pixels, { low, high, stretch });
    // Two tables in turn: a change is known by its table, and nothing is left behind to be cleared away.
    const table = lookup(lights, { contrast, bias, reverse }, palettes.get(colours), last.spare || new Uint32Array(CODES));
    tables.set(key, { how, bent, lights, table, spare: last.table });
    return table;
  }
  function layer(k, clip, key) {
    const plane = app.view.plane, pixels = best(k, plane) || best(k, "SCI");
    if (!pixels) return null;
    return { key, source: pixels, table: tableOfCodes(k, pixels), clip, map: k === app.view.image ? null : mapTo(k) };
  }
  function mapTo(k) { // from image k's pixels to those of the image that is shown
    const shown = pictures.get(app.view.image), other = pictures.get(k);
    if (app.view.link !== "wcs" || !shown || !other) return null;
    const [ny, nx] = other.facts.shape;
    return between(other.sky, shown.sky, nx / 2, ny / 2);
  }
  function inks() { // the colour of every combination of flags, for those that are drawn
    if (inked && inked.overlay === app.view.overlay) return inked.table;
    const table = new Uint32Array(65536), order = Object.keys(FLAG_COLOURS);
    const drawn = app.flags.filter(([bit]) => app.view.overlay & bit).sort((a, b) => order.indexOf(a[1]) - order.indexOf(b[1]));
    for (const [bit, name] of drawn) {
      const rgb = parseInt((FLAG_COLOURS[name] || "#cc79a7").slice(1), 16);
      const ink = (0xff000000 | ((rgb & 255) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
      for (let mask = 0; mask < 65536; mask++) if (mask & bit) table[mask] = ink;
    }
    inked = { overlay: app.view.overlay, table };
    return table;
  }
  view.layers(() => {
    const shown = app.view.image, both = app.wipe !== null && best(app.other, app.view.plane);
    const every = both ? [layer(shown, [0, app.wipe], "a"), layer(app.other, [app.wipe, 1], "b")] : [layer(app.flipped ? app.other : shown, null, app.flipped ? "b" : "a")];
    const picture = pictures.get(shown);
    if (app.view.overlay && picture && picture.flags) every.push({ key: "flags", source: picture.flags, table: inks(), alpha: 0.75 });
    return every.filter(Boolean);
  });

  function overlay() {
    if (over.width !== base.width || over.height !== base.height) { over.width = base.width; over.height = base.height; }
    marks.paint({ ...app, chosen: -1 });
    placed();
  }
  // Python knows how the image is looked at, once the hand rests.
  const placed = settled(() => { if (!ended && app.names.length) tellView({ ...view.where(), contrast: app.contrast, bias: app.bias }); }, 150);
  function tellView(changes) {
    const differs = Object.entries(changes).some(([name, value]) => JSON.stringify(value) !== JSON.stringify(app.view[name]));
    if (!differs) return;
    viewed(changes);
  }
  // What Python has set of that.
  function heeded(changes) {
    for (const name of ["contrast", "bias"]) if (name in changes) app[name] = changes[name];
    if (Number.isInteger(changes.other) && changes.other < app.names.length) app.other = changes.other;
    if ("zoom" in changes || "centre" in changes) view.go(app.view.zoom, app.view.centre);
    if ("wipe" in changes && app.names.length > 1) app.wipe = changes.wipe;
    if ("blink" in changes && changes.blink !== app.blinking) blinking(changes.blink);
  }
  function refresh() { // make everything say how things are
    const picture = pictures.get(app.view.image), pixels = best(app.view.image, app.view.plane);
    if (picture) {
      const { facts } = picture;
      Object.assign(app, { sky: picture.sky, planes: facts.planes, inImage: facts.flags });
      fill(told, facts.told ? `${facts.name}: ${facts.told}` : facts.name);
      view.image(facts.shape, picture.sky);
      const known = [...new Set([...facts.tables, app.catalogue])].filter(Boolean); // a file's table stays on offer while it is shown
      fill(sourceChoice, make("option", { value: "" }, "none"), known.map((name) => make("option", { value: name, selected: name === app.catalogue }, name.split("/").pop())));
      sourceChoice.disabled = !known.length;
      sourceChoice.title = known.length ? "" : "This file has no table of sources.";
    }
    if (pixels) app.limits = limitsOf(pixels);
    fill(wait, app.names.length ? (pixels ? null : "reading …") : "nothing to look at yet: ImageInspector(\"file.fits\"), or name a file below");
    over.dataset.tool = app.tool;
    view.north(Boolean(app.view.north) && Boolean(app.sky));
    controls.update(app);
    switches.update(app);
    paintBar();
    view.draw();
    shade();
  }
  function paintBar() {
    const colours = palettes.get(app.view.colours), ctx = bar.getContext("2d");
    bar.width = 256;
    bar.height = 1;
    if (!colours) return;
    const image = ctx.createImageData(256, 1);
    for (let k = 0; k < 256; k++) {
      const light = Math.min(1, Math.max(0, (k / 255 - app.bias) * app.contrast + 0.5)), i = 3 * Math.round(255 * (app.view.reverse ? 1 - light : light));
      image.data.set([colours[i], colours[i + 1], colours[i + 2], 255], 4 * k);
    }
    ctx.putImageData(image, 0, 0);
    const unit = unitOf();
    for (const [place, text] of [[darkest, short(app.limits[0])], [brightest, `${short(app.limits[1])}${unit ? ` ${unit}` : ""}`]]) {
      if (place.textContent !== text) fill(place, text);
    }
  }
  function unitOf() {
    const picture = pictures.get(app.view.image), unit = picture ? picture.facts.unit : "";
    return { SCI: unit, noise: unit, VAR: unit && `${unit}²`, EXPMAP: "s" }[app.view.plane] || "";
  }
  const push = settled(() => { owed = false; page.model.save_changes(); }, 60);
  function viewed(changes) { // until it is sent, what comes back of an earlier view is out of date
    owed = true;
    app.view = { ...app.view, ...changes };
    page.model.set("view", app.view);
    push();
  }
  function look(changes) {
    viewed(changes);
    applied(changes);
  }
  function applied(changes) {
    const { image, plane } = app.view;
    if (!best(image, plane) || !best(image, plane).more) fetchPlane(image, plane);
    if (app.view.overlay) fetchFlags(image);
    if (app.wipe !== null || app.blinking || app.flipped) fetchPlane(app.other, plane);
    if ("image" in changes && app.sources.length) page.ask("sources_again");
    refresh();
  }

  // What is measured.
  function put(where, parts, name) {
    const box = make("section", { "aria-label": name }), close = button("×", () => box.remove(), { cls: "f2-plain", "aria-label": `Close: ${name}`, style: { float: "right" } });
    box.append(close, ...parts.flat(Infinity).filter(Boolean));
    where.prepend(box);
    while (where.children.length > 4) where.lastChild.remove();
  }
  const nameOf = (region, k) => `${k + 1} ${region.label || region.shape}`;
  async function measure(region, k) {
    const { image, plane } = app.view, name = nameOf(region, k), question = region.shape === "line" ? "cut" : "statistics";
    if (region.shape === "point") return;
    const found = await page.ask(question, { image, region, plane });
    if (found) put(results, question === "cut" ? cutOf(name, found, unitOf()) : statisticsOf(name, found, unitOf()), name);
  }
  async function count(region, name) {
    const { image, plane } = app.view, found = await page.ask("count", { image, plane, region });
    if (found) put(results, histogramOf(name, found, unitOf()), name);
  }
  async function star(x, y) {
    const found = await page.ask("profile", { image: app.view.image, x, y });
    if (found) put(results, profileOf(found, unitOf(), app.sky && app.sky.scale), "Star");
  }
  async function history(x, y) {
    fill(wait, "following the pixel …");
    const found = await page.ask("biography", { image: app.view.image, x: Math.round(x), y: Math.round(y) });
    fill(wait);
    if (found) put(below, biographyOf(found), "Biography of a pixel");
  }
  function setRegions(regions) {
    app.regions = regions;
    listRegions();
    shade();
    page.ask("set_regions", { regions });
  }
  function listRegions() {
    fill(list, app.regions.map((region, k) => make("div", { cls: "f2-item" }, make("span", {}, `${nameOf(region, k)} at ${short(region.x)}, ${short(region.y)}`),
      region.shape === "point" ? null : button("measure", () => measure(region, k), { cls: "f2-plain f2-link", "aria-label": `Measure ${nameOf(region, k)}` }),
      region.shape === "point" || region.shape === "line" ? null : button("histogram", () => count(region, nameOf(region, k)), { cls: "f2-plain f2-link", "aria-label": `Histogram of ${nameOf(region, k)}` }),
      button("×", () => setRegions(app.regions.filter((one) => one !== region)), { cls: "f2-plain", "aria-label": `Delete ${nameOf(region, k)}` }))));
  }

  // What hands do.
  const rest = settled(async () => {
    const picture = pictures.get(app.view.image);
    if (!picture || !app.cursor || ended) return;
    const [x, y] = app.cursor, [ny, nx] = picture.facts.shape;
    if (x < 0 || y < 0 || x >= nx || y >= ny) return;
    const found = await page.ask("pixel", { image: app.view.image, x, y });
    if (found && app.cursor && app.cursor[0] === x && app.cursor[1] === y) readout.exact(found, picture.facts.unit);
    page.model.set("cursor", { x, y });
    push();
  }, 120);
  const next = (all, value, by = 1) => all[(all.indexOf(value) + by + all.length) % all.length];
  const cursorOr = () => app.cursor || view.toImage(base.width / 2, base.height / 2).map(Math.round);
  const compared = () => tellView({ other: app.names.length > 1 ? app.other : null, blink: app.blinking, wipe: app.wipe });
  function blinking(on) {
    clearInterval(blinker);
    Object.assign(app, { blinking: on && app.names.length > 1, flipped: false, wipe: on ? null : app.wipe });
    if (app.blinking) {
      fetchPlane(app.other, app.view.plane);
      blinker = setInterval(() => { app.flipped = !app.flipped && Boolean(best(app.other, app.view.plane)); view.draw(); }, 600);
    }
    compared();
    refresh();
  }
  const act = {
    look, refused: (text) => fill(wait, text),
    image(k) {
      if (k === app.view.image || k < 0 || k >= app.names.length) return;
      const middle = view.toImage(base.width / 2, base.height / 2), was = app.view.image, map = pictures.get(k) ? mapTo(k) : null;
      if (app.other === k) app.other = was;
      look({ image: k, ...(pictures.get(k) && !pictures.get(k).facts.planes.includes(app.view.plane) ? { plane: "SCI" } : {}) });
      if (map) { // the same place on the sky stays in the middle
        const det = map[0] * map[3] - map[1] * map[2], u = middle[0] - map[4], v = middle[1] - map[5];
        view.centre((map[3] * u - map[2] * v) / det, (map[0] * v - map[1] * u) / det);
      }
    },
    other(k) { app.other = k; compared(); if (app.blinking || app.wipe !== null) fetchPlane(k, app.view.plane); refresh(); },
    wipe(part) { app.wipe = Math.min(1, Math.max(0, part)); compared(); view.draw(); shade(); },
    tool(name) { Object.assign(app, { tool: name, anchor: null, drawn: null }); refresh(); },
    contrast(dx, dy) {
      app.bias = Math.min(1.5, Math.max(-0.5, app.bias - dx));
      app.contrast = Math.min(20, Math.max(0.1, app.contrast * Math.exp(-3 * dy)));
      paintBar();
      view.draw();
      placed();
    },
    cursor(x, y) {
      app.cursor = [x, y];
      const picture = pictures.get(app.view.image), pixels = best(app.view.image, app.view.plane);
      if (pixels) {
        const code = pixels.code(Math.floor(x / pixels.bin), Math.floor(y / pixels.bin));
        readout.quick(x, y, picture.sky, code ? pixels.values()[code] : null, unitOf());
      }
      if (app.anchor && DRAWS.has(app.tool)) app.drawn = regionBetween(app.tool, app.anchor, app.cursor);
      shade();
      rest();
    },
    step(u, v, by) {
      const [x, y] = cursorOr(), [ox, oy] = view.toScreen(x, y), there = view.toImage(ox + u * view.scale(), oy + v * view.scale());
      const dx = there[0] - x, dy = there[1] - y, along = Math.abs(dx) > Math.abs(dy);
      act.cursor(x + (along ? by * Math.sign(dx) : 0), y + (along ? 0 : by * Math.sign(dy)));
      view.show(...app.cursor);
    },
    drawing(region) { app.drawn = region; shade(); },
    drawn(region) {
      Object.assign(app, { drawn: null, anchor: null });
      setRegions([...app.regions, region]);
      measure(region, app.regions.length - 1);
    },
    clicked(tool, [x, y]) {
      if (tool === "star") star(x, y);
      else if (tool === "history") history(x, y);
      else setRegions([...app.regions, { shape: "point", x: Number(x.toFixed(2)), y: Number(y.toFixed(2)) }]);
    },
    enter() {
      const at = cursorOr();
      if (CLICKS.has(app.tool)) act.clicked(app.tool, at);
      else if (DRAWS.has(app.tool) && app.anchor) act.drawn(regionBetween(app.tool, app.anchor, at));
      else if (DRAWS.has(app.tool)) app.anchor = at;
    },
    sources(name) { page.ask("show_sources", { table: name || null }); },
    key(key) {
      const now = app.view, turn = (name, all, by) => look({ [name]: next(all, now[name], by), ...(name === "method" ? { low: null, high: null } : {}) });
      const there = app.flags.filter(([bit]) => app.inImage & bit).reduce((sum, [bit]) => sum | bit, 0);
      const keys = {
        "+": () => view.zoom(1.25), "=": () => view.zoom(1.25), "-": () => view.zoom(0.8), 0: () => view.fit(), 1: () => view.actual(),
        n: () => app.sky && look({ north: !now.north }), i: () => look({ reverse: !now.reverse }), c: () => turn("colours", app.colourNames, 1),
        "[": () => turn("stretch", app.stretches, -1), "]": () => turn("stretch", app.stretches, 1), "{": () => turn("method", app.methods, -1), "}": () => turn("method", app.methods, 1),
        "<": () => act.contrast(-0.05, 0), ">": () => act.contrast(0.05, 0), "(": () => act.contrast(0, 0.08), ")": () => act.contrast(0, -0.08),
        r: () => { Object.assign(app, { contrast: 1, bias: 0.5 }); paintBar(); view.draw(); placed(); }, v: () => turn("plane", app.planes, 1), d: () => look({ overlay: now.overlay ? 0 : there }),
        ",": () => act.image((now.image - 1 + app.names.length) % app.names.length), ".": () => act.image((now.image + 1) % app.names.length), b: () => blinking(!app.blinking),
        w: () => { if (app.names.length < 2) return; clearInterval(blinker); Object.assign(app, { blinking: false, flipped: false, wipe: app.wipe === null ? 0.5 : null }); compared(); fetchPlane(app.other, now.plane); refresh(); },
        ";": () => app.wipe !== null && (act.wipe(app.wipe - 0.05), controls.update(app)), "'": () => app.wipe !== null && (act.wipe(app.wipe + 0.05), controls.update(app)),
        Enter: () => act.enter(), Escape: () => { Object.assign(app, { anchor: null, drawn: null }); blinking(false); shade(); },
        s: () => act.sources(app.sources.length ? "" : (pictures.get(now.image) || { facts: { tables: [""] } }).facts.tables[0] || ""),
        p: () => star(...cursorOr()), k: () => history(...cursorOr()), m: () => act.clicked("point", cursorOr()), h: () => count(null, "the image"),
        x: () => setRegions(app.regions.slice(0, -1)), "?": () => content.parentElement.querySelector(".f2-header button").click() };
      if (!(key in keys)) return false;
      keys[key]();
      return true;
    },
  };
  const shade = coalesced(overlay);
  const controls = controlsOf(act), switches = flagSwitches(act);
  const sourceChoice = make("select", { on: { change: () => act.sources(sourceChoice.value) } });
  const file = make("input", { type: "text", spellcheck: "false", size: 24, placeholder: "regions.reg" });
  const table = make("input", { type: "text", spellcheck: "false", size: 24, placeholder: "stars.fits, .ecsv or .csv",
    on: { keydown: (event) => { if (event.key === "Enter") showTable(); } } });
  const showTable = () => (table.value.trim() ? act.sources(table.value.trim()) : act.refused("Name the file of a table of sources."));
  const system = choice([["image", "in pixels"], ["fk5", "on the sky"]], "image", () => {}, { "aria-label": "How places are written" });
  const download = () => {
    const whole = document.createElement("canvas");
    [whole.width, whole.height] = [base.width, base.height];
    for (const one of [base, over]) whole.getContext("2d").drawImage(one, 0, 0);
    const link = make("a", { href: whole.toDataURL("image/png"), download: `${(app.names[app.view.image] || "image").replace(/[^\w.-]+/g, "_")}.png` });
    link.click();
  };
  const catalogues = make("div", { cls: "f2-row" }, field("Sources", sourceChoice), field("Table of sources", table, "with columns x and y in pixels, or ra and dec in degrees"),
    button("Show", showTable, { "aria-label": "Show the sources of the table" }));
  const opened = (add) => page.ask("open_file", { path: image.value, add });
  const image = make("input", { type: "text", cls: "f2-wide", spellcheck: "false", placeholder: "S20131121S0075_image.fits",
    on: { keydown: (event) => { if (event.key === "Enter") opened(event.ctrlKey || event.metaKey); } } });
  const open = make("div", { cls: "f2-row" }, field("File", image, "in the folder of products or of raw frames, or anywhere"),
    button("Open", () => opened(false), { title: "look at this file (Enter)" }), button("Add", () => opened(true), { title: "look at this file as well (Ctrl+Enter)", "aria-label": "Add the file to those shown" }));
  const files = make("div", { cls: "f2-row" }, field("Region file", file), system,
    button("Load", () => page.ask("load_regions", { path: file.value }), { "aria-label": "Load regions" }),
    button("Save", () => page.ask("save_regions", { path: file.value, system: system.value }), { "aria-label": "Save regions" }),
    make("span", { cls: "f2-space" }), button("Histogram", () => act.key("h"), { title: "h" }), button("PNG", download, { title: "download what is seen" }));
  const side = make("div", { cls: "f2-side", tabindex: "0", role: "region", "aria-label": "Readout and measurements" }, readout.element, switches.element, list, results);
  const stage = make("div", { cls: "f2-stage" }, base, over, wait);
  content.append(...controls.rows, make("div", { cls: "f2-look" }, make("div", {}, stage, make("div", { cls: "f2-bar" }, darkest, bar, brightest), told), side), open, catalogues, files, below);
  handsOn(over, view, app, act);

  page.on("images", (now, buffers) => {
    pictures.clear();
    tables.clear();
    Object.assign(app, { names: now.names, colourNames: now.colours, flags: now.flags, stretches: now.stretches, methods: now.methods, view: page.state("view") });
    const bytes = new Uint8Array(buffers[0].buffer || buffers[0], buffers[0].byteOffset || 0);
    now.colours.forEach((name, k) => palettes.set(name, bytes.slice(768 * k, 768 * (k + 1))));
    if (app.other >= app.names.length || app.other === app.view.image) app.other = app.names.length > 1 ? Number(app.view.image === 0) : 0;
    if (now.first) keep(now.first, buffers);
    if (now.first && !now.first.planes.includes(app.view.plane)) app.view = { ...app.view, plane: "SCI" };
    refresh();
    heeded(app.view);
    if (now.first) fetchPlane(app.view.image, app.view.plane);
    if (app.view.overlay) fetchFlags(app.view.image);
  });
  page.on("sources", (now, buffers) => {
    const one = buffers[0];
    app.sources = one && now.count ? new Float32Array(one.buffer ? one.buffer.slice(one.byteOffset, one.byteOffset + one.byteLength) : one) : new Float32Array(0);
    app.catalogue = now.name;
    refresh();
  });
  page.watch("view", (now) => {
    if (JSON.stringify(now) === JSON.stringify(app.view)) return;
    if (owed) { page.model.set("view", app.view); return; } // the hand has gone on meanwhile
    const changes = Object.fromEntries(Object.entries(now).filter(([name, value]) => value !== app.view[name]));
    app.view = now;
    heeded(changes);
    applied(changes);
  });
  page.watch("_regions", (now) => { app.regions = now || []; listRegions(); shade(); });
  page.ending(() => { ended = true; clearInterval(blinker); view.end(); shade.stop(); });
  listRegions();
}
