// Small plots: lines, points and steps over two axes.

// series: [{x, y, kind: "line" | "points" | "steps", colour}]; labels: {x, y, what}
function plotOf(series, labels, size = [300, 150]) {
  const ratio = window.devicePixelRatio || 1, [width, height] = size;
  const canvas = make("canvas", { cls: "f2-plot", role: "img", "aria-label": labels.what, style: { width: `${width}px`, height: `${height}px` } });
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const ctx = canvas.getContext("2d");
  const xs = rangeOf(series.flatMap((one) => one.x)), ys = rangeOf(series.flatMap((one) => one.y), 0.06);
  const left = 52, right = 8, top = 8, bottom = 32;
  const px = (x) => left + ((x - xs[0]) / (xs[1] - xs[0])) * (width - left - right);
  const py = (y) => height - bottom - ((y - ys[0]) / (ys[1] - ys[0])) * (height - top - bottom);
  // Drawn once it is on the page: only then its colours are known.
  requestAnimationFrame(() => {
    const style = getComputedStyle(canvas), text = style.color, line = style.getPropertyValue("--f2-line") || "#999";
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.font = "11px system-ui, sans-serif";
    axes(ctx, { xs, ys, px, py, left, right, top, bottom, width, height, text, line, labels });
    ctx.beginPath();
    ctx.rect(left, top, width - left - right, height - top - bottom);
    ctx.clip();
    for (const one of series) curve(ctx, one, px, py);
  });
  return canvas;
}

function rangeOf(values, margin = 0) {
  let low = Infinity, high = -Infinity;
  for (const one of values) if (one !== null && Number.isFinite(one)) { low = Math.min(low, one); high = Math.max(high, one); }
  if (low > high) return [0, 1];
  const room = (high - low) * margin || (high > low ? 0 : Math.abs(low) * 0.05 || 0.5);
  return [low - room, high + room];
}

function ticksOf([low, high], most) {
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough), out = [];
  for (let at = Math.ceil(low / step) * step; at <= high + 1e-9 * step; at += step) out.push(Math.abs(at) < 1e-9 * step ? 0 : at);
  return out;
}

function short(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1e6 || (size && size < 1e-3)) return value.toExponential(size >= 1e6 ? 3 : 2).replace("-", "−");
  return value.toLocaleString("en", { maximumFractionDigits: size >= 1000 ? 1 : size >= 1 ? 2 : 4 }).replace("-", "−");
}

function axes(ctx, { xs, ys, px, py, left, right, top, bottom, width, height, text, line, labels }) {
  ctx.strokeStyle = line;
  ctx.lineWidth = 1;
  ctx.strokeRect(left + 0.5, top + 0.5, width - left - right - 1, height - top - bottom - 1);
  ctx.fillStyle = text;
  ctx.textBaseline = "top";
  ctx.textAlign = "center";
  for (const at of ticksOf(xs, 5)) {
    ctx.fillRect(Math.round(px(at)), height - bottom, 1, 3);
    ctx.fillText(tickText(at), px(at), height - bottom + 4);
  }
  ctx.fillText(labels.x, (left + width - right) / 2, height - 13);
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  for (const at of ticksOf(ys, 4)) {
    ctx.fillRect(left - 3, Math.round(py(at)), 3, 1);
    ctx.fillText(tickText(at), left - 5, py(at));
  }
}

function tickText(value) {
  const size = Math.abs(value);
  if (size >= 1e5) return value.toExponential(1).replace("+", "").replace("-", "−");
  return String(Number(value.toPrecision(4))).replace("-", "−");
}

function curve(ctx, { x, y, kind, colour }, px, py) {
  ctx.strokeStyle = ctx.fillStyle = colour;
  ctx.lineWidth = 1.5;
  if (kind === "points") {
    ctx.globalAlpha = 0.55;
    for (let k = 0; k < x.length; k++) if (y[k] !== null) ctx.fillRect(px(x[k]) - 1, py(y[k]) - 1, 2, 2);
    ctx.globalAlpha = 1;
    return;
  }
  ctx.beginPath();
  let pen = false;
  for (let k = 0; k < y.length; k++) {
    if (y[k] === null) { pen = false; continue; }
    if (pen) ctx.lineTo(px(x[k]), py(y[k]));
    else ctx.moveTo(px(x[k]), py(y[k]));
    if (kind === "steps") ctx.lineTo(px(x[k + 1]), py(y[k]));
    pen = true;
  }
  ctx.stroke();
}
