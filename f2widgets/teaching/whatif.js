// What if: controls of a step, two pictures under a slider, and the numbers that change.
function build(page) {
  const content = framed(page, [["arrows", "on the slider: more of the one or the other picture"]]);
  const summary = make("p", { cls: "f2-task" }), form = make("div", { cls: "f2-controls" }), time = make("span");
  const before = make("canvas", { "aria-hidden": "true" }), after = make("canvas", { "aria-hidden": "true" });
  const line = make("div", { cls: "f2-edge", "aria-hidden": "true" });
  const pair = make("div", { cls: "f2-pair", role: "img", "aria-label": "The piece before and after the change" }, before, after, line);
  const slider = make("input", { type: "range", min: 0, max: 100, value: 50, "aria-label": "Before on the left, after on the right", on: { input: slide } });
  const marks = make("input", { type: "checkbox", on: { change: () => { chosen = true; draw(); } } });
  const table = tableOf({ label: "Numbers before and after", several: false, height: 260 });
  const changed = (text, row) => row.cells.before === row.cells.after ? text : make("strong", {}, text);
  table.columns([{ key: "number", title: "Number", show: changed }, { key: "before", title: "Before", numeric: true },
    { key: "after", title: "After", numeric: true, show: changed }]);
  let shown = null, chosen = false, controls = new Map();
  content.append(summary, form, make("div", { cls: "f2-whatif" },
    make("div", { cls: "f2-pictures" }, pair, make("div", { cls: "f2-row f2-slide" }, make("span", {}, "before"), slider, make("span", {}, "after")),
      make("div", { cls: "f2-row" }, field("colour flagged pixels", marks), button("Reset", () => page.ask("reset")), time)),
    make("div", { cls: "f2-numbers" }, table.element)));

  function slide() {
    const part = Number(slider.value);
    after.style.clipPath = `inset(0 0 0 ${part}%)`;
    line.style.left = `${part}%`;
  }

  function draw() {
    const { content: now, buffers } = shown, [nx, ny] = now.shape;
    [before, after].forEach((canvas, k) => {
      greyOn(canvas, bytesOf(buffers[k]), nx, ny);
      if (marks.checked) tint(canvas, bytesOf(buffers[k + 2]), nx, ny);
    });
    slide();
  }

  function tint(canvas, flagged, nx, ny) {
    const pen = canvas.getContext("2d");
    pen.fillStyle = "rgba(230, 159, 0, 0.75)";
    for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++) if (flagged[(ny - 1 - y) * nx + x]) pen.fillRect(x, y, 1, 1);
  }

  page.on("tried", (now, buffers) => {
    shown = { content: now, buffers };
    fill(summary, `${now.summary} Shown: ${now.frame}.`);
    if (!controls.size) {
      for (const param of now.params) controls.set(param.name, controlOf(param, (value) => page.ask("set", { parameter: param.name, value })));
      fill(form, [...controls.values()].map((one) => one.element));
    }
    for (const param of now.params) controls.get(param.name).show(param.value);
    if (!chosen) marks.checked = now.flags;
    fill(time, now.seconds ? `${Math.round(1000 * now.seconds)} ms` : "as by default");
    table.rows(now.rows);
    draw();
  });
}

// A control for a parameter: {element, show(value)}.
function controlOf(param, change) {
  const name = param.unit ? `${param.name}, ${param.unit}` : param.name, help = { title: `${param.help} (${param.kind})` };
  if (param.choices.length) {
    const box = choice(param.choices, param.value, change, help);
    return { element: field(name, box, param.help), show: (value) => { box.value = value; } };
  }
  if (param.type === "bool") {
    const box = make("input", { type: "checkbox", ...help, on: { change: () => change(box.checked) } });
    return { element: field(name, box, param.help), show: (value) => { box.checked = value; } };
  }
  const step = param.type === "int" ? 1 : "any";
  const box = make("input", { type: "number", step, min: param.low, max: param.high, size: 6, ...help, on: { change: () => change(box.value) } });
  if (param.low === null || param.high === null || param.type === "str") return { element: field(name, box, param.help), show: (value) => { box.value = value; } };
  const fine = param.type === "int" ? 1 : (param.high - param.low) / 200;
  const slide = make("input", { type: "range", min: param.low, max: param.high, step: fine, "aria-label": `${name}, slider`, ...help,
    on: { input: () => { box.value = slide.value; }, change: () => change(slide.value) } });
  return { element: make("span", { cls: "f2-field" }, field(name, box, param.help), slide), show: (value) => { box.value = value; slide.value = value; } };
}
