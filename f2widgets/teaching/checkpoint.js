// A checkpoint: what is asked, a way to answer, the verdict, hints one by one.
function build(page) {
  const content = framed(page, [["Enter", "answer"], ["arrows", "move the cross in the image; with Shift by ten"]]);
  const task = make("p", { cls: "f2-task" });
  const answer = make("div", { cls: "f2-answer" });
  const verdict = make("div", { cls: "f2-verdict", role: "status", "aria-live": "polite" });
  const hints = make("ol", { cls: "f2-hints", "aria-label": "Hints" });
  const more = button("A hint", () => page.ask("hint"));
  const tries = make("span", { cls: "f2-tries" });
  content.append(task, answer, verdict, hints, make("div", { cls: "f2-row" }, more, tries));
  let drawn = false;

  page.on("task", (now) => {
    fill(task, now.task);
    if (!drawn) {
      drawn = true;
      fill(answer, asked[now.kind_of_answer](page, now));
    }
    verdict.className = `f2-verdict ${now.said ? (now.right ? "f2-right" : "f2-wrong") : ""}`;
    fill(verdict, now.said ? [make("strong", {}, now.right ? "✓ Solved. " : now.counts ? "Not yet. " : "Not tested. "), now.said] : null);
    fill(hints, now.hints.map((text) => make("li", {}, text)));
    hints.hidden = !now.hints.length;
    more.disabled = now.hints.length === now.levels;
    fill(more, now.hints.length === now.levels ? "No more hints" : `Hint ${now.hints.length + 1} of ${now.levels}`);
    fill(tries, now.tries ? `${now.tries} ${now.tries === 1 ? "try" : "tries"}` : "");
  });
}

const answered = (page, value) => page.ask("answer", { value });
const asked = {
  product: (page) => make("div", { cls: "f2-row" }, button("Test it again", () => page.ask("test"), { cls: "f2-button f2-main" })),

  choice(page, now) {
    const group = `f2-choice-${++labelled}`;
    const options = now.options.map((option) => {
      const tick = make("input", { type: "radio", name: group, value: option, on: { change: () => answered(page, option) } });
      return make("label", { cls: "f2-option" }, tick, make("span", {}, option));
    });
    return make("fieldset", {}, make("legend", { cls: "f2-hidden" }, now.task), options);
  },

  number(page, now) {
    const box = make("input", { type: "text", size: 18, spellcheck: "false", autocomplete: "off",
      placeholder: now.unit ? `number and unit` : "number", on: { keydown: (event) => { if (event.key === "Enter") answered(page, box.value); } } });
    return make("div", { cls: "f2-row" }, field(now.unit ? "Number and unit" : "Number", box),
      button("Answer", () => answered(page, box.value), { cls: "f2-button f2-main" }));
  },

  point(page, now) {
    const canvas = make("canvas"), cross = make("div", { cls: "f2-cross", hidden: true, "aria-hidden": "true" });
    const x = make("input", { type: "number", step: "any", size: 6 }), y = make("input", { type: "number", step: "any", size: 6 });
    const view = make("div", { cls: "f2-pointed", tabindex: "0", role: "application", "aria-label": "Image to point at: arrows move the cross, Enter answers" }, canvas, cross);
    let shape = [1, 1];
    const put = (px, py) => {
      x.value = Math.round(Math.min(shape[0] - 1, Math.max(0, px)));
      y.value = Math.round(Math.min(shape[1] - 1, Math.max(0, py)));
      cross.hidden = false;
      cross.style.left = `${100 * (Number(x.value) + 0.5) / shape[0]}%`;
      cross.style.top = `${100 * (1 - (Number(y.value) + 0.5) / shape[1])}%`;
    };
    const send = () => answered(page, [Number(x.value), Number(y.value)]);
    view.addEventListener("click", (event) => {
      const box = canvas.getBoundingClientRect();
      put((event.clientX - box.left) / box.width * shape[0] - 0.5, (1 - (event.clientY - box.top) / box.height) * shape[1] - 0.5);
      send();
    });
    view.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 10 : 1, moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
      const move = moves[event.key];
      if (move) put((x.value === "" ? shape[0] / 2 : Number(x.value)) + move[0], (y.value === "" ? shape[1] / 2 : Number(y.value)) + move[1]);
      else if (event.key === "Enter") send();
      else return;
      event.preventDefault();
    });
    for (const box of [x, y]) box.addEventListener("change", () => put(Number(x.value), Number(y.value)));
    page.call("picture", {}, true).then(([about, buffers]) => {
      if (!about) return;
      shape = [about.nx, about.ny];
      greyOn(canvas, bytesOf(buffers[0]), about.width, about.height);
    }).catch(() => {});
    return [view, make("div", { cls: "f2-row" }, field("x", x), field("y", y), button("Answer", send, { cls: "f2-button f2-main" }))];
  },
};
