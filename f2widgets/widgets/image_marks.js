// What is drawn over an image: regions, sources, the pointer, compass and scale bar.
const INK = "#ffb000", INK2 = "#ffffff", SOURCE = "#66e0ff"; // told apart by all eyes, on dark and on bright

function marksOver(canvas, view) {
  const ctx = canvas.getContext("2d");
  const ratio = () => window.devicePixelRatio || 1;

  // Lines get a dark rim, to be seen on any colour.
  function stroke(path, colour, width = 1.5, dash = []) {
    ctx.setLineDash([]);
    ctx.strokeStyle = "rgba(0,0,0,0.65)";
    ctx.lineWidth = (width + 2) * ratio();
    ctx.stroke(path);
    ctx.setLineDash(dash.map((one) => one * ratio()));
    ctx.strokeStyle = colour;
    ctx.lineWidth = width * ratio();
    ctx.stroke(path);
    ctx.setLineDash([]);
  }

  function words(text, x, y, colour, align = "left") {
    ctx.font = `${12 * ratio()}px system-ui, sans-serif`;
    ctx.textAlign = align;
    ctx.textBaseline = "middle";
    ctx.lineJoin = "round";
    ctx.strokeStyle = "rgba(0,0,0,0.75)";
    ctx.lineWidth = 3 * ratio();
    ctx.strokeText(text, x, y);
    ctx.fillStyle = colour;
    ctx.fillText(text, x, y);
  }

  function circle(path, x, y, radius) {
    const [sx, sy] = view.toScreen(x, y), r = Math.max(radius * view.scale(), 1);
    path.moveTo(sx + r, sy);
    path.arc(sx, sy, r, 0, 2 * Math.PI);
  }

  function outline(region) {
    const path = new Path2D(), r = ratio(), [sx, sy] = view.toScreen(region.x, region.y);
    if (region.shape === "circle") circle(path, region.x, region.y, region.radius);
    else if (region.shape === "annulus") {
      circle(path, region.x, region.y, region.inner);
      circle(path, region.x, region.y, region.outer);
    } else if (region.shape === "box") {
      const turn = ((region.angle || 0) * Math.PI) / 180, c = Math.cos(turn), s = Math.sin(turn), w = region.width / 2, h = region.height / 2;
      [[-w, -h], [w, -h], [w, h], [-w, h]].forEach(([u, v], k) => {
        const at = view.toScreen(region.x + u * c - v * s, region.y + u * s + v * c);
        if (k) path.lineTo(...at);
        else path.moveTo(...at);
      });
      path.closePath();
    } else if (region.shape === "line") {
      path.moveTo(sx, sy);
      path.lineTo(...view.toScreen(region.x2, region.y2));
    } else for (const [u, v] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      path.moveTo(sx + 3 * u * r, sy + 3 * v * r);
      path.lineTo(sx + 9 * u * r, sy + 9 * v * r);
    }
    return path;
  }

  function drawSources(places) {
    const path = new Path2D(), radius = Math.max(6 * ratio(), 5 * view.scale());
    for (let k = 0; k < places.length; k += 2) {
      const [sx, sy] = view.toScreen(places[k], places[k + 1]);
      if (!(sx > -radius && sy > -radius && sx < canvas.width + radius && sy < canvas.height + radius)) continue;
      path.moveTo(sx + radius, sy);
      path.arc(sx, sy, radius, 0, 2 * Math.PI);
    }
    stroke(path, SOURCE, 1.2);
  }

  function drawCompass(sky) {
    const det = sky.cd[0] * sky.cd[3] - sky.cd[1] * sky.cd[2], r = ratio(), ox = canvas.width - 46 * r, oy = 46 * r;
    const [zx, zy] = view.toScreen(0, 0);
    for (const [name, xi, eta] of [["N", 0, 1], ["E", 1, 0]]) {
      const [sx, sy] = view.toScreen((sky.cd[3] * xi - sky.cd[1] * eta) / det, (sky.cd[0] * eta - sky.cd[2] * xi) / det);
      const length = Math.hypot(sx - zx, sy - zy), u = (sx - zx) / length, v = (sy - zy) / length, tip = 26 * r;
      const path = new Path2D();
      path.moveTo(ox, oy);
      path.lineTo(ox + tip * u, oy + tip * v);
      for (const side of [1, -1]) {
        path.moveTo(ox + tip * u, oy + tip * v);
        path.lineTo(ox + (tip - 6 * r) * u + side * 4 * r * v, oy + (tip - 6 * r) * v - side * 4 * r * u);
      }
      stroke(path, INK);
      words(name, ox + (tip + 9 * r) * u, oy + (tip + 9 * r) * v, INK, "center");
    }
  }

  function drawBar(sky) {
    const r = ratio(), unit = sky ? sky.scale : 1, most = 0.28 * canvas.width / view.scale() * unit;
    const tens = [1, 2, 5].flatMap((one) => [-2, -1, 0, 1, 2, 3, 4].map((power) => one * 10 ** power));
    const steps = sky ? [...tens.filter((one) => one <= 20), 30, 60, 120, 300, 600, 1800, 3600] : tens;
    const length = Math.max(...steps.filter((one) => one <= most), 0.01), wide = length / unit * view.scale();
    const x = 16 * r, y = canvas.height - 18 * r, path = new Path2D();
    path.moveTo(x, y - 4 * r);
    path.lineTo(x, y + 4 * r);
    path.moveTo(x, y);
    path.lineTo(x + wide, y);
    path.moveTo(x + wide, y - 4 * r);
    path.lineTo(x + wide, y + 4 * r);
    stroke(path, INK);
    const text = !sky ? `${length} px` : length >= 60 ? `${length / 60}′` : `${length}″`;
    words(text, x + wide / 2, y - 11 * r, INK, "center");
  }

  // now: {regions, chosen, drawn (one being drawn), sources: Float32Array, cursor: [x, y] or null, sky, wipe}
  function paint(now) {
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, canvas.width, canvas.height);
    if (now.sources.length) drawSources(now.sources);
    now.regions.forEach((region, k) => {
      stroke(outline(region), k === now.chosen ? INK2 : INK, k === now.chosen ? 2 : 1.5);
      const [sx, sy] = view.toScreen(region.x, region.y);
      words(region.label ? `${k + 1} ${region.label}` : String(k + 1), sx + 10 * ratio(), sy - 10 * ratio(), INK2);
    });
    if (now.drawn) stroke(outline(now.drawn), INK2, 1.5, [4, 3]);
    if (now.cursor) {
      const [x, y] = now.cursor, half = 0.5, path = new Path2D();
      const corners = [[-half, -half], [half, -half], [half, half], [-half, half]].map(([u, v]) => view.toScreen(x + u, y + v));
      if (view.scale() > 3) corners.forEach((at, k) => (k ? path.lineTo(...at) : path.moveTo(...at)));
      path.closePath();
      const [sx, sy] = view.toScreen(x, y), gap = Math.max(5 * ratio(), 0.8 * view.scale()), arm = gap + 9 * ratio();
      for (const [u, v] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        path.moveTo(sx + gap * u, sy + gap * v);
        path.lineTo(sx + arm * u, sy + arm * v);
      }
      stroke(path, INK2, 1.2);
    }
    if (now.wipe !== null) {
      const path = new Path2D(), x = now.wipe * canvas.width;
      path.moveTo(x, 0);
      path.lineTo(x, canvas.height);
      stroke(path, INK2, 1);
    }
    if (now.sky) drawCompass(now.sky);
    drawBar(now.sky);
  }

  return { paint };
}
