// What Python has measured, shown: tables of numbers, plots, the biography of a pixel.
const BLUE = "#0072b2", ORANGE = "#d55e00";

function numbersOf(caption, pairs) {
  const rows = pairs.map(([name, value]) => make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, value)));
  return make("table", { cls: "f2-numbers" }, make("caption", {}, caption), make("tbody", {}, rows));
}

function withUnit(value, unit) { return value === null ? "–" : unit ? `${short(value)} ${unit}` : short(value); }

function statisticsOf(name, found, unit) {
  return [numbersOf(name, [
    ["pixels", `${found.n.toLocaleString("en")} (${(100 * found.flagged).toFixed(1)} % left out)`],
    ["mean", withUnit(found.mean, unit)], ["median", withUnit(found.median, unit)],
    ["sigma, robust", `${short(found.sigma)}, ${short(found.robust_sigma)}`],
    ["range", `${short(found.minimum)} to ${short(found.maximum)}`],
    ["sum", found.sum_error === null ? short(found.sum) : `${short(found.sum)} ± ${short(found.sum_error)}`],
  ])];
}

function cutOf(name, found, unit) {
  const labels = { x: "pixels along the line", what: `Values along ${name}` };
  return [make("h4", {}, name), plotOf([{ x: found.distance, y: found.value, kind: "line", colour: BLUE }], labels),
    make("p", { cls: "f2-fine" }, `in ${unit || "units of the image"}, ${found.value.length} points`)];
}

function profileOf(found, unit, scale) {
  const labels = { x: "pixels from the centre", what: "Light of the star by distance from its centre" };
  const width = scale ? `${found.fwhm.toFixed(2)} px, ${(found.fwhm * scale).toFixed(2)}″` : `${found.fwhm.toFixed(2)} px`;
  return [
    numbersOf("Star", [["centre", `${found.x.toFixed(2)}, ${found.y.toFixed(2)}`], ["FWHM", width],
      ["Moffat beta", short(found.beta)], ["peak", withUnit(found.peak, unit)], ["background", withUnit(found.background, unit)],
      ["light", withUnit(found.flux, unit)], ["saturated", found.saturated ? "yes" : "no"]]),
    plotOf([{ x: found.radius, y: found.value, kind: "points", colour: BLUE }, { x: found.model_radius, y: found.model, kind: "line", colour: ORANGE }], labels)];
}

function histogramOf(name, found, unit) {
  const labels = { x: unit || "value", what: `Histogram of ${name}` };
  return [make("h4", {}, `Histogram of ${name}`), plotOf([{ x: found.edges, y: found.counts, kind: "steps", colour: BLUE }], labels),
    make("p", { cls: "f2-fine" }, `${found.below.toLocaleString("en")} pixels below, ${found.above.toLocaleString("en")} above`)];
}

function stagesOf(stages, caption) {
  const rows = stages.map((one) => make("tr", {}, make("th", { scope: "row" }, one.step),
    make("td", { cls: "f2-number" }, short(one.value)), make("td", { cls: "f2-number" }, one.sigma === null ? "" : short(one.sigma)),
    make("td", {}, one.unit), make("td", { cls: "f2-flags" }, one.flags.join(", ")), make("td", { cls: "f2-note-cell" }, one.note)));
  const heads = ["step", "value", "sigma", "unit", "flags", ""].map((text, k) => make("th", { scope: "col", cls: k === 1 || k === 2 ? "f2-number" : null }, text || make("span", { cls: "f2-hidden" }, "remarks")));
  return make("div", { cls: "f2-wide", tabindex: "0", role: "region", "aria-label": caption },
    make("table", { cls: "f2-life" }, make("caption", {}, caption), make("thead", {}, make("tr", {}, heads)), make("tbody", {}, rows)));
}

// The biography: the product's own lines, what each frame gave, and on request how that came about.
function biographyOf(found) {
  const parts = [stagesOf(found.stages, `${found.name}, pixel ${found.x}, ${found.y}`)];
  if (found.shares.length) parts.push(sharesOf(found));
  parts.push(found.problems.map((text) => make("p", { cls: "f2-problem" }, text)));
  if (!found.problems.length && !found.agrees) parts.push(make("p", { cls: "f2-problem" }, "The file holds another value: it was made by another version, or changed since."));
  return parts;
}

function sharesOf(found) {
  const under = make("div");
  const rows = found.shares.map((one) => {
    const open = button(one.frame, () => fill(under, one.stages.length ? stagesOf(one.stages, `${one.frame} at ${one.x.toFixed(2)}, ${one.y.toFixed(2)}`) : make("p", {}, "The pixel lies outside this frame.")), { cls: "f2-plain f2-link", title: "Show how it came about" });
    const weight = one.weight === null ? "" : `${(100 * one.weight).toFixed(1)} %`;
    return make("tr", { cls: one.used ? null : "f2-left-out" }, make("th", { scope: "row" }, open),
      make("td", { cls: "f2-number" }, `${one.x.toFixed(1)}, ${one.y.toFixed(1)}`), make("td", { cls: "f2-number" }, short(one.value)),
      make("td", { cls: "f2-number" }, one.sigma === null ? "" : short(one.sigma)), make("td", { cls: "f2-number" }, weight),
      make("td", {}, one.used ? one.flags.join(", ") : `left out: ${one.why}`));
  });
  const heads = ["frame", "place", "value", "sigma", "weight", "flags"].map((text, k) => make("th", { scope: "col", cls: k > 0 && k < 5 ? "f2-number" : null }, text));
  return [make("div", { cls: "f2-wide", tabindex: "0", role: "region", "aria-label": "What each frame gave" },
    make("table", { cls: "f2-life" }, make("caption", {}, "What each frame gave"), make("thead", {}, make("tr", {}, heads)), make("tbody", {}, rows))), under];
}
