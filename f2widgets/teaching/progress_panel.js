// Progress: what is solved, taking the file away and bringing it back.
function build(page) {
  const content = framed(page);
  const name = make("input", { type: "text", size: 20, spellcheck: "false", on: { change: () => page.ask("call_me", { student: name.value }) } });
  const bar = make("progress", { max: 1, value: 0, "aria-label": "Part of the exercises that is solved" });
  const count = make("span"), problem = make("p", { cls: "f2-problem", role: "alert" });
  const table = tableOf({ label: "Exercises", several: false, height: 200, empty: "no exercise of this notebook has been tried yet" });
  table.columns([{ key: "name", title: "Exercise" }, { key: "title", title: "What it is about" }, { key: "state", title: "State" },
    { key: "tries", title: "Tries", numeric: true }, { key: "hints", title: "Hints", numeric: true }]);
  const picker = make("input", { type: "file", accept: ".json,application/json", hidden: true, "aria-label": "File of progress",
    on: { change: async () => { if (picker.files.length) page.ask("restore", { text: await picker.files[0].text() }); picker.value = ""; } } });
  content.append(
    make("div", { cls: "f2-row" }, field("Your name", name), bar, count, make("span", { cls: "f2-space" }),
      button("Download", download), button("Bring back a file …", () => picker.click()), picker),
    problem, table.element);

  async function download() {
    const file = await page.ask("file");
    if (!file) return;
    const link = make("a", { href: URL.createObjectURL(new Blob([file.text], { type: "application/json" })), download: file.name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  page.on("progress", (now) => {
    name.value = now.student;
    bar.value = now.total ? now.solved / now.total : 0;
    fill(count, `${now.solved} of ${now.total} solved`);
    fill(problem, now.problem);
    problem.hidden = !now.problem;
    table.rows(now.rows);
  });
}
