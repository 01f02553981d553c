// The hands on the image: pointer, wheel and keys.
const DRAWS = new Set(["box", "circle", "annulus", "line"]), CLICKS = new Set(["star", "point", "history"]);
const KEYS = [
  ["arrows", "move the pointer; with Shift by ten pixels"], ["Ctrl+arrows", "move the image"], ["+ −", "nearer, further"],
  ["0", "fit the whole image"], ["1", "one pixel on one of the screen"], ["n", "north up, or as the detector is"],
  ["[ ]", "stretch before, after"], ["{ }", "limits before, after"], ["c", "next colours"], ["i", "invert the colours"],
  ["< >", "darker, brighter"], ["( )", "less, more contrast"], ["r", "reset brightness and contrast"], ["v", "next plane"],
  ["d", "draw all flags, or none"], [", .", "image before, after"], ["b", "blink with the other image"], ["w", "before and after, with a slider"],
  ["; '", "move the slider"], ["Shift+1…9", "choose a tool"], ["Enter", "act at the pointer; of an area or a line first one end, then the other"],
  ["Escape", "let go"], ["s", "sources of the image's catalogue"], ["p", "profile of the star at the pointer"],
  ["k", "biography of the pixel at the pointer"], ["m", "marker at the pointer"], ["h", "histogram"], ["x", "delete the last region"], ["?", "these keys"]];

// The region between two places, as a tool draws it.
function regionBetween(tool, [x, y], [u, v]) {
  const apart = Math.hypot(u - x, v - y), round = (number) => Number(number.toFixed(2));
  if (tool === "line") return { shape: "line", x: round(x), y: round(y), x2: round(u), y2: round(v) };
  if (tool === "box") return { shape: "box", x: round((x + u) / 2), y: round((y + v) / 2), width: round(Math.abs(u - x)), height: round(Math.abs(v - y)), angle: 0 };
  if (tool === "circle") return { shape: "circle", x: round(x), y: round(y), radius: round(apart) };
  return { shape: "annulus", x: round(x), y: round(y), inner: round(0.6 * apart), outer: round(apart) };
}

function handsOn(over, view, app, act) {
  let drag = null;
  const at = (event) => {
    const ratio = window.devicePixelRatio || 1, box = over.getBoundingClientRect();
    return [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
  };

  over.addEventListener("contextmenu", (event) => event.preventDefault());
  over.addEventListener("wheel", (event) => {
    event.preventDefault();
    view.zoom(Math.exp(-Math.max(-240, Math.min(240, event.deltaY)) * 0.002), ...at(event));
  }, { passive: false });
  over.addEventListener("pointerdown", (event) => {
    over.focus({ preventScroll: true });
    over.setPointerCapture(event.pointerId);
    const [sx, sy] = at(event), tool = event.button === 2 ? "contrast" : event.button === 1 ? "pan" : app.tool;
    drag = { tool, sx, sy, from: view.toImage(sx, sy), moved: false };
    event.preventDefault();
  });
  over.addEventListener("pointermove", (event) => {
    const [sx, sy] = at(event), place = view.toImage(sx, sy);
    if (!drag) return act.cursor(Math.round(place[0]), Math.round(place[1]));
    const dx = sx - drag.sx, dy = sy - drag.sy;
    if (!drag.moved && Math.hypot(dx, dy) < 3) return undefined;
    drag.moved = true;
    if (drag.tool === "pan") view.pan(dx, dy);
    else if (drag.tool === "contrast") {
      view.rough(true);
      act.contrast(dx / over.width, dy / over.height);
    }
    else if (DRAWS.has(drag.tool)) return act.drawing(regionBetween(drag.tool, drag.from, place));
    [drag.sx, drag.sy] = [sx, sy];
    return undefined;
  });
  over.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const { tool, from, moved } = drag, place = view.toImage(...at(event));
    drag = null;
    view.rough(false);
    if (DRAWS.has(tool) && moved) act.drawn(regionBetween(tool, from, place));
    else if (CLICKS.has(tool) && !moved) act.clicked(tool, place);
    else if (!moved) act.cursor(Math.round(place[0]), Math.round(place[1]));
  });
  over.addEventListener("pointercancel", () => { drag = null; view.rough(false); act.drawing(null); });

  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  over.addEventListener("keydown", (event) => {
    if (event.key in steps) {
      const [u, v] = steps[event.key];
      if (event.ctrlKey || event.metaKey) view.pan(-u * over.width / 8, -v * over.height / 8);
      else act.step(u, v, event.shiftKey ? 10 : 1);
    } else if (event.shiftKey && /^Digit[1-9]$/.test(event.code)) act.tool(TOOLS[Number(event.code.slice(5)) - 1][0]);
    else if (event.ctrlKey || event.metaKey || event.altKey || !act.key(event.key)) return;
    event.preventDefault();
  });
}
