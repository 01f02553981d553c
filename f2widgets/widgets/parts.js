// What the panels' scripts share: elements made from text, calls to Python, the frame around a panel.

// Make an element. Strings become text, never markup, so that a header value shows as it was typed.
// Attributes: class, on (listeners by event), style, properties such as value, anything else as attribute.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (["value", "checked", "disabled", "selected", "tabIndex"].includes(name)) element[name] = value;
    else if (name === "style") Object.assign(element.style, value);
    else element.setAttribute(name === "cls" ? "class" : name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// Put children in place of those there are.
function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function button(text, press, attributes = {}) {
  return make("button", { type: "button", cls: "f2-button", ...attributes, on: { click: press, ...(attributes.on || {}) } }, text);
}

let labelled = 0;
// A control with its label; help is read out with it.
function field(text, control, help = "") {
  control.id = control.id || `f2-field-${++labelled}-${Math.random().toString(36).slice(2, 8)}`;
  const parts = [make("label", { for: control.id, title: help || null }, text), control];
  return make("span", { cls: "f2-field" }, parts);
}

function choice(options, value, change, attributes = {}) {
  const made = options.map((one) => {
    const [key, text] = Array.isArray(one) ? one : [one, String(one)];
    return make("option", { value: key, selected: key === value }, text);
  });
  return make("select", { ...attributes, on: { change: (event) => change(event.target.value), ...(attributes.on || {}) } }, made);
}

// Wait until nothing has happened for a moment.
function settled(work, milliseconds) {
  let timer = null;
  return (...words) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...words), milliseconds);
  };
}

// Ask one question at a time; what was changed meanwhile is asked once the answer is there.
function latest(ask) {
  let busy = false, again = false;
  const go = async () => {
    again = busy;
    if (busy) return;
    busy = true;
    try { await ask(); } finally { busy = false; }
    if (again) go();
  };
  return go;
}

// Draw once per picture of the screen, however often it is asked for.
function coalesced(draw) {
  let asked = 0;
  const later = () => { if (!asked) asked = requestAnimationFrame(() => { asked = 0; draw(); }); };
  later.stop = () => { cancelAnimationFrame(asked); asked = 0; };
  return later;
}

// Seconds without an answer after which the panel says that Python is busy.
const PATIENCE = 2;

// The page's side of a panel: `page.call(name, arguments)` promises what the Python method returns (bytes in
// `buffers` of the result's second place), `page.on(kind, listener)` hears messages {kind: …} from Python with
// their buffers, `page.state(name)` reads a trait and `page.watch(name, listener)` hears of its changes.
function pageOf(model, root) {
  const waiting = new Map(), listeners = new Map(), endings = [];
  let number = 0, busy = null, lost = false;
  const said = (content, buffers) => {
    if (lost) page.busy(""); // it is there again
    lost = false;
    if (content.answer !== undefined) {
      const asked = waiting.get(content.answer);
      if (!asked) return;
      waiting.delete(content.answer);
      notice();
      if (content.error === undefined) asked.resolve(asked.whole ? [content.value, buffers] : content.value);
      else asked.reject(new Error(content.error));
    } else for (const listener of listeners.get(content.kind) || []) listener(content, buffers);
  };
  const notice = () => {
    clearTimeout(busy);
    if (lost) return;
    if (!waiting.size) page.busy("");
    else busy = setTimeout(() => page.busy("waiting for Python …"), 1000 * PATIENCE);
  };
  // Told by the notebook when the kernel was restarted, or cannot be reached.
  const gone = () => {
    lost = true;
    clearTimeout(busy);
    waiting.clear();
    page.busy("Python was restarted or cannot be reached: run the cell again.");
  };
  const page = {
    model, root, busy: () => {},
    // Numbers of several views of one model must not meet: each view has its own thousands.
    first: Math.floor(Math.random() * 1e6) * 1000,
    call(name, args = {}, whole = false) {
      const mine = page.first + ++number;
      return new Promise((resolve, reject) => {
        waiting.set(mine, { resolve, reject, whole });
        notice();
        model.send({ call: name, arguments: args, number: mine });
      });
    },
    // A call whose error is shown at the foot of the panel anyway.
    ask(name, args = {}) { return page.call(name, args).catch(() => undefined); },
    on(kind, listener) { listeners.set(kind, [...(listeners.get(kind) || []), listener]); },
    state: (name) => model.get(name),
    watch(name, listener) {
      const heard = () => listener(model.get(name));
      model.on(`change:${name}`, heard);
      endings.push(() => model.off(`change:${name}`, heard));
    },
    ending(work) { endings.push(work); },
    ready() { model.send({ ready: true }); },
    end() { clearTimeout(busy); model.off("msg:custom", said); model.off("comm_live_update", gone); for (const work of endings) work(); },
  };
  model.on("msg:custom", said);
  model.on("comm_live_update", gone);
  return page;
}

// The frame around a panel: its name, the code behind it, help, and a line for messages.
function framed(page, help = []) {
  const content = make("div", { cls: "f2-content" });
  const code = make("div", { cls: "f2-code", hidden: true });
  const keys = make("div", { cls: "f2-help", hidden: true });
  const line = make("div", { cls: "f2-message", role: "status", "aria-live": "polite" });
  const waits = make("span", { cls: "f2-waits", role: "status" });
  const toggle = (element, press, show) => {
    element.hidden = !show;
    press.setAttribute("aria-expanded", String(show));
  };
  const showCode = button("Show the code", async () => {
    if (!code.hidden) return toggle(code, showCode, false);
    const lines = await page.ask("show_code");
    if (!lines) return;
    fill(code, codeBlock("Python", lines.python), codeBlock("Shell", lines.shell));
    toggle(code, showCode, true);
  }, { "aria-expanded": "false" });
  const showHelp = button("Keys", () => toggle(keys, showHelp, keys.hidden), { "aria-expanded": "false" });
  fill(keys, make("dl", {}, help.map(([key, text]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, text)])));
  const tell = (message) => {
    const text = message && message.text;
    line.className = `f2-message ${text ? `f2-${message.kind}` : ""}`;
    line.setAttribute("role", message && message.kind === "error" ? "alert" : "status");
    fill(line, text ? [make("span", {}, text), button("×", () => page.ask("dismiss"), { "aria-label": "Dismiss the message", cls: "f2-plain" })] : null);
  };
  page.busy = (text) => fill(waits, text || null);
  page.watch("message", tell);
  const title = page.state("_title");
  page.root.append(make("section", { cls: "f2-panel", "aria-label": title, "data-lm-suppress-shortcuts": "true" },
    make("header", { cls: "f2-header" }, make("h3", {}, title), waits, make("span", { cls: "f2-space" }),
      help.length ? showHelp : null, showCode),
    keys, code, content, line));
  tell(page.state("message"));
  // Keys that are meant for the panel must not reach the notebook.
  for (const event of ["keydown", "keyup", "keypress"]) content.parentElement.addEventListener(event, (e) => e.stopPropagation());
  return content;
}

// A row that tells how far a deed in the background is, with a button to stop it; hidden while there is none.
// `words(done, total, doing)` says how far; `changed(going)` hears when one begins and when it is over.
function workOf(page, label, words, changed = () => {}) {
  const bar = make("progress", { "aria-label": label, max: 1 }), far = make("span");
  const row = make("div", { cls: "f2-row", hidden: true, role: "status" }, bar, far, button("Cancel", () => page.ask("cancel")));
  page.on("going", ({ doing, done, total }) => {
    row.hidden = done === null;
    if (total) { bar.max = total; bar.value = done; } else bar.removeAttribute("value");
    fill(far, row.hidden ? null : words(done, total, doing));
    changed(!row.hidden);
  });
  return row;
}

function codeBlock(name, text) {
  if (!text) return make("p", {}, `There is nothing to do again yet in ${name}.`);
  const copy = button("Copy", () => navigator.clipboard && navigator.clipboard.writeText(text), { "aria-label": `Copy the ${name} code` });
  return make("figure", {}, make("figcaption", {}, name, copy), make("pre", { tabindex: "0" }, make("code", {}, text)));
}
