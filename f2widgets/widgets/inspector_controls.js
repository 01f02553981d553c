// The controls of the inspector: what is shown and how, tools, flags, the pointer's readout.
const TOOLS = [
  ["pan", "Pan", "drag to move the image"], ["contrast", "Contrast", "drag for brightness and contrast"],
  ["box", "Box", "statistics of a box"], ["circle", "Circle", "statistics of a circle"], ["annulus", "Ring", "statistics of an annulus"],
  ["line", "Cut", "values along a line"], ["star", "Star", "profile of a star"], ["point", "Marker", "set a marker"],
  ["history", "History", "the biography of a pixel"]];
// Colours of flags, as the quick pictures have them (Okabe and Ito); others share the last.
const FLAG_COLOURS = { unlit: "#bbbbbb", no_data: "#dddddd", object: "#f0e442", nonlinear: "#e69f00", probe: "#009e73", persistence: "#56b4e9", cosmic: "#0072b2", saturated: "#d55e00", bad: "#cc79a7" };

function pressed(element, on) { element.setAttribute("aria-pressed", String(on)); }

// act: what the controls do; gives the rows, and update(app) which makes them say how things are.
function controlsOf(act) {
  const image = make("select", { on: { change: () => act.image(Number(image.value)) } });
  const plane = make("select", { on: { change: () => act.look({ plane: plane.value }) } });
  const stretch = make("select", { on: { change: () => act.look({ stretch: stretch.value }) } });
  const method = make("select", { on: { change: () => act.look({ method: method.value, low: null, high: null }) } });
  const colours = make("select", { on: { change: () => act.look({ colours: colours.value }) } });
  const bound = () => {
    const [low, high] = [Number(lowest.value), Number(highest.value)];
    if (lowest.value !== "" && highest.value !== "" && low < high) act.look({ low, high });
    else act.refused("The limits rise from black to white: give two numbers.");
  };
  const lowest = make("input", { type: "number", step: "any", cls: "f2-limit", on: { change: bound } });
  const highest = make("input", { type: "number", step: "any", cls: "f2-limit", on: { change: bound } });
  const reverse = button("Invert", () => act.key("i"), { title: "i" });
  const north = button("North up", () => act.key("n"), { title: "n" });
  const fit = button("Fit", () => act.key("0"), { title: "0" });
  const actual = button("1:1", () => act.key("1"), { title: "1" });
  const nearer = button("+", () => act.key("+"), { "aria-label": "Nearer", title: "+" });
  const further = button("−", () => act.key("-"), { "aria-label": "Further", title: "−" });
  const blink = button("Blink", () => act.key("b"), { title: "b" });
  const compare = button("Before/after", () => act.key("w"), { title: "w" });
  const other = make("select", { on: { change: () => act.other(Number(other.value)) } });
  const link = choice([["wcs", "by sky"], ["pixel", "by pixel"]], "wcs", (value) => act.look({ link: value }));
  const slider = make("input", { type: "range", min: 0, max: 1000, value: 500, "aria-label": "Before and after", on: { input: () => act.wipe(slider.value / 1000) } });
  const tools = TOOLS.map(([name, text, help], k) => button(text, () => act.tool(name), { title: `${help} (Shift+${k + 1})`, "data-tool": name }));
  const several = make("span", { cls: "f2-row f2-several" }, field("with", other), field("linked", link), blink, compare, slider);
  const rows = [
    make("div", { cls: "f2-row" }, field("Image", image), field("Plane", plane), several),
    make("div", { cls: "f2-row" }, field("Stretch", stretch), field("Limits", method), field("from", lowest), field("to", highest), field("Colours", colours), reverse),
    make("div", { cls: "f2-row" }, make("div", { cls: "f2-tools", role: "toolbar", "aria-label": "What dragging and clicking does" }, tools),
      make("span", { cls: "f2-space" }), further, nearer, fit, actual, north)];

  const options = (select, names, value) => {
    const text = names.join("\n") + value;
    if (select.dataset.holds === text) return;
    select.dataset.holds = text;
    fill(select, names.map((name, k) => {
      const [key, words] = Array.isArray(name) ? name : [name, name];
      return make("option", { value: key, selected: String(key) === String(value) }, words);
    }));
  };
  function update(app) {
    const numbered = app.names.map((name, k) => [k, name]);
    options(image, numbered, app.view.image);
    options(other, numbered, app.other);
    options(plane, app.planes, app.view.plane);
    options(stretch, app.stretches, app.view.stretch);
    options(method, app.view.low === null ? app.methods : [...app.methods, "by hand"], app.view.low === null ? app.view.method : "by hand");
    options(colours, app.colourNames, app.view.colours);
    several.hidden = app.names.length < 2;
    link.value = app.view.link;
    if (document.activeElement !== lowest) lowest.value = Number(app.limits[0].toPrecision(6));
    if (document.activeElement !== highest) highest.value = Number(app.limits[1].toPrecision(6));
    pressed(reverse, app.view.reverse);
    pressed(north, app.view.north);
    pressed(blink, app.blinking);
    pressed(compare, app.wipe !== null);
    slider.hidden = app.wipe === null;
    if (app.wipe !== null) slider.value = Math.round(1000 * app.wipe);
    north.disabled = !app.sky;
    north.title = app.sky ? "n" : "the image has no sky coordinates";
    for (const one of tools) pressed(one, one.dataset.tool === app.tool);
  }
  return { rows, update };
}

// A switch for each flag that is in the image; its colour is that of its pixels.
function flagSwitches(act) {
  const box = make("fieldset", { cls: "f2-flag-switches" });
  let held = "";
  function update(app) {
    const there = app.flags.filter(([bit]) => app.inImage & bit), text = JSON.stringify([there, app.view.overlay]);
    box.hidden = !there.length;
    if (text === held) return;
    held = text;
    const all = there.reduce((sum, [bit]) => sum | bit, 0);
    fill(box, make("legend", {}, "Flags drawn over the image (d)"), there.map(([bit, name, meaning]) => {
      const tick = make("input", { type: "checkbox", checked: Boolean(app.view.overlay & bit), on: { change: () => act.look({ overlay: app.view.overlay ^ bit }) } });
      return make("label", { cls: "f2-flag", title: meaning }, tick, make("span", { cls: "f2-swatch", style: { background: FLAG_COLOURS[name] || "#cc79a7" } }), name);
    }), there.length > 1 ? button(app.view.overlay ? "none" : "all", () => act.look({ overlay: app.view.overlay ? 0 : all }), { cls: "f2-plain f2-link" }) : null);
  }
  return { element: box, update };
}

// What lies under the pointer.
function readoutOf() {
  const cells = {};
  const rows = [["place", "x, y"], ["ra", "RA"], ["dec", "Dec"], ["value", "value"], ["snr", "S/N"], ["flags", "flags"], ["more", "planes"]].map(([key, text]) => {
    cells[key] = make("dd", { "data-is": key });
    return [make("dt", {}, text), cells[key]];
  });
  const set = (key, text) => { if (cells[key].textContent !== text) cells[key].textContent = text; };
  return {
    element: make("dl", { cls: "f2-readout" }, rows),
    quick(x, y, sky, value, unit) { // as the pointer moves; only what the page knows by itself
      set("place", `${x}, ${y}`);
      const at = sky ? sky.toSky(x, y) : null;
      set("ra", at ? raText(at[0]) : "–");
      set("dec", at ? decText(at[1]) : "–");
      set("value", value === null ? "no value" : `≈ ${withUnit(value, unit)}`);
      for (const key of ["snr", "flags", "more"]) set(key, "");
    },
    exact(found, unit) { // when it rests; from Python
      set("place", `${found.x}, ${found.y}`);
      if (found.ra !== null) { set("ra", raText(found.ra)); set("dec", decText(found.dec)); }
      const sigma = found.sigma === null ? "" : ` ± ${short(found.sigma)}`;
      set("value", found.value === null ? "no value" : `${short(found.value)}${sigma}${unit ? ` ${unit}` : ""}`);
      set("snr", found.snr === null ? "–" : found.snr.toFixed(1));
      set("flags", found.flags.join(", ") || "none");
      set("more", Object.entries(found.planes).map(([name, value]) => `${name} ${short(value)}`).join(", "));
    },
  };
}
