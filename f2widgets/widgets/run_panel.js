// The reduction: jobs, a form for every step, progress with pictures, what was measured, the log.
function build(page) {
  const content = framed(page, [["Ctrl Enter", "run"], ["Escape", "cancel the run"], ["Enter in a field", "take the value"]]);
  const overwrite = make("input", { type: "checkbox" });
  const plan = button("Plan", () => page.ask("plan"));
  const run = button("Run", () => start(null), { cls: "f2-button f2-main" });
  const cancel = button("Cancel", () => page.ask("cancel"), { disabled: true, title: "Nothing is going on." });
  const clear = button("Clear kept frames", () => page.ask("clear_kept"));
  const recipe = make("select", { on: { change: () => page.ask("choose_recipe", { name: recipe.value || null }) } });
  const bar = make("progress", { max: 1, value: 0, cls: "f2-whole", "aria-label": "Whole run" });
  const left = make("span", { role: "status", "aria-live": "off", cls: "f2-left" });
  const settings = make("input", { type: "text", spellcheck: "false", size: 24, placeholder: "f2_settings.toml" });
  const load = button("Load", () => page.ask("load_settings", { path: settings.value }), { "aria-label": "Load settings" });
  const save = button("Save", () => page.ask("save_settings", { path: settings.value, overwrite: overwrite.checked }), { "aria-label": "Save settings" });
  const jobs = make("ol", { cls: "f2-jobs", "aria-label": "Jobs" });
  const steps = make("ol", { cls: "f2-steps", "aria-label": "Steps" });
  const frame = make("select", { on: { change: () => show(frame.value) } });
  const frameField = field("Pictures of", frame);
  const quality = tableOf({ label: "Measured of each frame", several: false, height: 240, empty: "measured during the run" });
  const log = make("pre", { cls: "f2-log", tabindex: "0", role: "log", "aria-label": "Log", "aria-live": "off" });
  const views = new Map();
  let now = { jobs: [], form: [], starts: {} }, going = false;

  const start = (step) => page.ask("run", { start: step, overwrite: step ? true : overwrite.checked });
  const show = (name) => { for (const view of views.values()) view.blank(); page.ask("show_frame", { frame: name }); };

  content.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !run.disabled) start(null);
    else if (event.key === "Escape" && going) page.ask("cancel");
    else return;
    event.preventDefault();
  });

  content.append(
    make("div", { cls: "f2-row" }, plan, run, cancel, field("Recipe", recipe), field("Overwrite", overwrite),
      make("span", { cls: "f2-space" }), clear),
    make("div", { cls: "f2-row" }, bar, left), jobs,
    make("div", { cls: "f2-row" }, make("h4", { cls: "f2-title" }, "Steps"), frameField, make("span", { cls: "f2-space" }),
      field("Settings file", settings, "what is set here, for f2 reduce --settings as well"), load, save), steps,
    make("details", { cls: "f2-quality" }, make("summary", {}, "Measured of each frame"), quality.element),
    make("details", { cls: "f2-logs" }, make("summary", {}, "Log"), log));

  page.on("plan", (told) => {
    now = told;
    fill(recipe, [["", "the one that fits"], ...told.recipes.map(([name, text]) => [name, `${name}: ${text}`])].map(
      ([key, text]) => make("option", { value: key, selected: key === told.recipe }, text)));
    fill(jobs, told.jobs.length ? told.jobs.map(jobOf) : make("li", { cls: "f2-empty" }, told.picked ? `${told.picked} files are picked: press Plan.` : "No files are picked."));
    drawSteps(told.form);
    fill(frame, told.frames.map((name) => make("option", { value: name }, name)));
    frameField.hidden = !told.frames.length;
    allow();
  });

  page.on("progress", (told) => {
    going = told.running;
    bar.value = told.part;
    fill(left, told.steps.length ? `${Math.round(100 * told.part)} %, ${told.seconds} s${going ? `, about ${Math.ceil(told.left)} s left` : ""}` : "");
    told.steps.forEach((step, k) => { const view = views.get(k - 1); if (view) view.progress(step); });
    if (told.shown) frame.value = told.shown;
    const end = log.scrollTop + log.clientHeight > log.scrollHeight - 8;
    fill(log, told.log.join("\n"));
    if (end) log.scrollTop = log.scrollHeight;
    allow();
  });

  page.on("quality", (told) => {
    quality.columns(told.columns);
    quality.rows(told.rows.map((cells) => ({ id: cells.frame, cells })));
  });

  page.on("picture", (told, buffers) => { const view = views.get(told.index); if (view) view.picture(told, buffers[0]); });

  function able(control, can, reason) {
    control.disabled = !can;
    control.title = can ? "" : reason;
  }

  function allow() {
    able(cancel, going, "Nothing is going on.");
    able(plan, !going && now.picked > 0, going ? "A reduction is going on." : "No files are picked.");
    able(run, !going && now.picked > 0, going ? "A reduction is going on." : "No files are picked.");
    able(clear, !going, "A reduction is going on.");
    able(load, !going, "A reduction is going on.");
    able(recipe, !going, "A reduction is going on.");
    for (const view of views.values()) view.allow();
  }

  function jobOf(job, number) {
    const state = { ready: "ready", waits: "waits for what the jobs before it make", runs: "runs", done: "done", failed: "failed", stopped: "stopped" }[job.state];
    const takes = job.memory === null ? null : `about ${job.memory} MB, ${job.seconds} s`;
    const shown = number === now.shown;
    const head = make("div", { cls: "f2-row" },
      button(job.recipe || "?", () => page.ask("show_job", { number }), { "aria-pressed": String(shown), title: job.summary, "aria-label": `Steps of ${job.recipe}` }),
      make("span", {}, job.summary), make("span", {}, job.files === 1 ? `1 file, ${job.first}` : `${job.files} files from ${job.first} on`),
      make("span", {}, job.product ? `→ ${job.product}` : null), make("span", {}, takes), make("strong", { cls: "f2-state" }, state),
      job.made.length ? button("Look", () => page.ask("inspect", { number }), { "aria-label": `Look at ${job.made.join(" and ")}`, title: "show it in the image inspector" }) : null);
    const table = job.calibrations.length ? make("table", { cls: "f2-cals" }, make("caption", { cls: "f2-hidden" }, "Calibrations"),
      make("thead", {}, make("tr", {}, ["frames", "needs", "file", "age", "from"].map((text) => make("th", { scope: "col" }, text)))),
      make("tbody", {}, job.calibrations.map((row) => make("tr", {}, row.map((text) => make("td", {}, text)))))) : null;
    return make("li", { cls: `f2-job f2-${job.state}` }, head, shown ? table : null,
      shown && job.notes.length ? make("ul", { cls: "f2-notes" }, job.notes.map((text) => make("li", {}, text))) : null);
  }

  function drawSteps(form) {
    const open = new Set([...views.values()].filter((view) => view.open()).map((view) => view.index));
    const focused = page.root.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const old = new Map(views);
    views.clear();
    fill(steps, form.map((step) => {
      const view = stepOf(step, open.has(step.index), old.get(step.index));
      views.set(step.index, view);
      return view.element;
    }));
    const again = focused && [...steps.querySelectorAll("[data-key]")].find((one) => one.dataset.key === focused);
    if (again) again.focus();
  }

  function stepOf(step, isOpen, before) {
    const same = before && before.step === step.step;
    const canvas = same ? before.canvas : make("canvas", { cls: "f2-thumb", width: 1, height: 1, role: "img", "aria-label": `No picture yet after ${step.step}`, hidden: true });
    const part = make("progress", { max: 1, value: 0, "aria-label": `Progress of ${step.step}` });
    const state = make("span", { cls: "f2-state" });
    const from = button("From here", () => start(step.step), { "aria-label": `Run again from ${step.step}`, "data-key": `from ${step.index}` });
    const changed = step.params.filter((one) => one.origin === "you").length;
    const out = make("input", { type: "checkbox", checked: step.left_out, disabled: step.needed, "data-key": `out ${step.index}`,
      title: step.needed ? "What comes after it needs what it makes." : "", on: { change: () => page.ask("leave_out", { step: step.step, out: out.checked }) } });
    const keep = make("input", { type: "checkbox", checked: step.keep, "data-key": `keep ${step.index}`, on: { change: () => page.ask("keep_after", { step: step.step, keep: keep.checked }) } });
    const details = make("details", { open: isOpen },
      make("summary", { "data-key": `step ${step.index}` }, make("strong", {}, step.step), ` ${step.verb === step.step ? "" : step.verb} `,
        step.left_out ? make("em", {}, "left out") : null, changed ? make("em", {}, `${changed} set by you`) : null),
      make("p", { cls: "f2-summary" }, step.summary),
      make("div", { cls: "f2-row" }, field("Leave out", out), field("Keep the frames", keep)),
      step.again ? make("p", {}, "As set for the first step of this name.") : null,
      !step.again && !step.params.length ? make("p", {}, "There is nothing to set.") : null,
      step.params.map((param) => controlOf(step, param)));
    let last = same ? before.last() : null;
    const view = {
      index: step.index, step: step.step, canvas, last: () => last, open: () => details.open,
      element: make("li", { cls: "f2-step", "data-step": step.step }, canvas, make("div", { cls: "f2-body" }, details),
        make("span", { cls: "f2-row f2-far" }, part, state, from)),
      blank() { canvas.hidden = true; },
      allow() {
        const reason = now.starts[step.step];
        from.style.visibility = step.again ? "hidden" : "";
        able(from, !going && reason === "", going ? "A reduction is going on." : reason || "Plan first.");
      },
      progress(told) {
        last = told;
        part.value = told.part;
        const words = { waits: "", skipped: step.left_out ? "left out" : "done before", runs: told.frames > 1 ? `frame ${told.frame} of ${told.frames}` : "at work", done: `${told.seconds.toFixed(2)} s`, failed: "failed", stopped: "stopped" };
        fill(state, words[told.state] + (told.kept ? ", kept" : ""));
        view.element.dataset.state = told.state;
      },
      picture(told, bytes) {
        draw(canvas, told, bytes);
        canvas.setAttribute("aria-label", `${told.frame} after ${step.step}, black ${told.low.toPrecision(3)}, white ${told.high.toPrecision(3)}`);
        canvas.title = canvas.getAttribute("aria-label");
        canvas.hidden = false;
      },
    };
    if (last) view.progress(last);
    view.allow();
    return view;
  }

  // The first row of a picture is the lowest.
  function draw(canvas, told, bytes) {
    const grey = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    canvas.width = told.width;
    canvas.height = told.height;
    const image = new ImageData(told.width, told.height);
    for (let y = 0; y < told.height; y++) for (let x = 0; x < told.width; x++) {
      const value = grey[y * told.width + x], at = 4 * ((told.height - 1 - y) * told.width + x);
      image.data[at] = image.data[at + 1] = image.data[at + 2] = value;
      image.data[at + 3] = 255;
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  function controlOf(step, param) {
    const key = `${step.step}:${param.name}`;
    const shown = param.value === null ? "None" : String(param.value);
    const give = (value) => page.call("set_parameter", { step: step.step, parameter: param.name, value })
      .then(() => control.removeAttribute("aria-invalid"), () => control.setAttribute("aria-invalid", "true"));
    const words = { "data-key": key, "aria-describedby": `${page.first}-${key}` };
    let control;
    if (param.type === "bool") control = make("input", { type: "checkbox", checked: param.value, ...words, on: { change: () => give(control.checked) } });
    else if (param.choices.length) control = choice(param.choices.map(String).concat(param.optional ? ["None"] : []), shown, give, words);
    else control = make("input", { type: "text", inputmode: param.type === "str" ? null : "decimal", size: 9, value: shown, ...words, on: { change: () => give(control.value.trim()) } });
    const origin = { default: "default", recipe: "set by the recipe", you: "set by you" }[param.origin];
    return make("div", { cls: `f2-param f2-by-${param.origin}` },
      field(param.name, control), make("span", {}, param.unit), make("span", { cls: "f2-origin" }, origin),
      param.origin === "you" ? button("Reset", () => page.ask("reset_parameter", { step: step.step, parameter: param.name }), { "aria-label": `Reset ${key}`, "data-key": `reset ${key}` }) : null,
      make("span", { cls: "f2-kind", id: `${page.first}-${key}` }, `${param.help} (${param.kind})`));
  }
}
