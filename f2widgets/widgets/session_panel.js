// The session: folders, what was done, saving, and the memory of the kernel.
function build(page) {
  const content = framed(page);
  const folder = make("input", { type: "text", spellcheck: "false", size: 36, on: { change: () => page.ask("set_folder", { folder: folder.value }) } });
  const out = make("input", { type: "text", spellcheck: "false", size: 36, on: { change: () => page.ask("set_out", { folder: out.value }) } });
  const done = make("span");
  const restore = button("Restore the last session", () => page.ask("restore"));
  const overwrite = make("input", { type: "checkbox" });
  const write = (form) => button(`Export ${form}`, () => page.ask("export", { form, overwrite: overwrite.checked }));
  const bar = make("meter", { min: 0, max: 1, value: 0, "aria-label": "Memory of the kernel" });
  const memory = make("span", { cls: "f2-memory" });
  content.append(
    make("div", { cls: "f2-row" }, field("Raw frames", folder), field("Products", out), restore),
    make("div", { cls: "f2-row" }, done, write("script"), write("notebook"), field("overwrite", overwrite),
      button("Save", () => page.ask("save")), make("span", { cls: "f2-space" }), bar, memory));
  page.on("session", (now) => {
    folder.value = now.folder;
    out.value = now.out;
    restore.hidden = !now.kept;
    fill(done, now.deeds.length ? `${now.deeds.length} done, last: ${now.deeds[now.deeds.length - 1]}` : "nothing done yet");
  });
  const look = async () => {
    const now = await page.ask("memory");
    if (!now) return;
    bar.hidden = !now.limit;
    if (now.limit) bar.value = Math.min(1, now.held / now.limit);
    const of = now.limit ? ` of ${Math.round(now.limit / 1e6)} MB` : "";
    fill(memory, `memory ${Math.round(now.held / 1e6)} MB${of}`);
  };
  const timer = setInterval(look, 5000);
  page.ending(() => clearInterval(timer));
  look();
}
