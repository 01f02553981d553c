// One canvas that shows an image: zoom, pan, orientation, and what lies where.
//
// `moved` is called when places have moved on the canvas. A place on the canvas, in device pixels, is m · (x, y) + t for the pixel (x, y) of the reference image.

function imageView(canvas, moved) {
  const ctx = canvas.getContext("2d", { alpha: false });
  const view = { m: [1, 0, 0, -1], t: [0, 0], north: false };
  const tiles = new Map(); // what was drawn last of each layer, to be moved rather than made again
  const draw = coalesced(paint);
  let layers = () => [], shape = [1, 1], sky = null, fresh = true, rough = false, still = false;

  function basis(north) {
    if (!north || !sky) return [1, 0, 0, -1];
    const [a, b, c, d] = sky.cd, scale = Math.sqrt(Math.abs(a * d - b * c));
    return [-a / scale, -c / scale, -b / scale, -d / scale]; // east to the left, north up
  }

  const scaleOf = () => Math.sqrt(Math.abs(view.m[0] * view.m[3] - view.m[1] * view.m[2]));
  const toScreen = (x, y) => [view.m[0] * x + view.m[2] * y + view.t[0], view.m[1] * x + view.m[3] * y + view.t[1]];
  function toImage(sx, sy) {
    const [a, b, c, d] = view.m, det = a * d - b * c, u = sx - view.t[0], v = sy - view.t[1];
    return [(d * u - c * v) / det, (a * v - b * u) / det];
  }

  function place(scale, x, y, sx = canvas.width / 2, sy = canvas.height / 2) {
    view.m = basis(view.north).map((one) => one * scale);
    view.t = [sx - view.m[0] * x - view.m[2] * y, sy - view.m[1] * x - view.m[3] * y];
    refresh();
  }

  function fit() {
    const [ny, nx] = shape, [a, b, c, d] = basis(view.north).map(Math.abs);
    const scale = 0.98 * Math.min(canvas.width / (a * nx + c * ny), canvas.height / (b * nx + d * ny));
    fresh = true;
    place(scale > 0 && Number.isFinite(scale) ? scale : 1, (nx - 1) / 2, (ny - 1) / 2);
    fresh = true;
  }

  function zoom(factor, sx = canvas.width / 2, sy = canvas.height / 2) {
    const scale = Math.min(96, Math.max(0.02, scaleOf() * factor)), [x, y] = toImage(sx, sy);
    fresh = false;
    place(scale, x, y, sx, sy);
  }

  function refresh() {
    canvas.dataset.view = JSON.stringify([...view.m, ...view.t]);
    still = false;
    draw();
  }

  function resize() {
    const ratio = window.devicePixelRatio || 1, box = canvas.getBoundingClientRect();
    const width = Math.max(1, Math.round(box.width * ratio)), height = Math.max(1, Math.round(box.height * ratio));
    if (width === canvas.width && height === canvas.height) return;
    const [x, y] = toImage(canvas.width / 2, canvas.height / 2);
    canvas.width = width;
    canvas.height = height;
    if (fresh) fit();
    else place(scaleOf(), x, y);
  }

  // The rectangle of a source's pixels in sight, for a source of which one pixel covers `size` image pixels.
  function inSight(m, t, size, nx, ny) {
    const det = m[0] * m[3] - m[1] * m[2], xs = [], ys = [];
    for (const [sx, sy] of [[0, 0], [canvas.width, 0], [0, canvas.height], [canvas.width, canvas.height]]) {
      const u = sx - t[0], v = sy - t[1];
      xs.push(((m[3] * u - m[2] * v) / det + 0.5) / size);
      ys.push(((m[0] * v - m[1] * u) / det + 0.5) / size);
    }
    const low = (all) => Math.max(0, Math.floor(Math.min(...all))), high = (all, most) => Math.min(most, Math.ceil(Math.max(...all)));
    return [low(xs), low(ys), high(xs, nx), high(ys, ny)];
  }

  // layer: {key, source, table(code) or Uint32Array, map: affine to the reference or null, alpha, clip: [from, to]}
  function paintLayer(layer) {
    const map = layer.map || [1, 0, 0, 1, 0, 0], { source } = layer;
    const m = [
      view.m[0] * map[0] + view.m[2] * map[1], view.m[1] * map[0] + view.m[3] * map[1],
      view.m[0] * map[2] + view.m[2] * map[3], view.m[1] * map[2] + view.m[3] * map[3]];
    const t = toScreen(map[4], map[5]);
    const scale = Math.sqrt(Math.abs(m[0] * m[3] - m[1] * m[2]));
    let depth = Math.min(source.deepest(), Math.max(0, Math.floor(-Math.log2(scale * source.bin))));
    let level = source.level(depth), seen = inSight(m, t, source.bin * 2 ** depth, level.nx, level.ny);
    // Between two pictures of the screen there is time for so many pixels; the rest comes when the hand rests.
    if (rough && depth < source.deepest() && (seen[2] - seen[0]) * (seen[3] - seen[1]) > 400000) {
      level = source.level(++depth);
      seen = inSight(m, t, source.bin * 2 ** depth, level.nx, level.ny);
    }
    const size = source.bin * 2 ** depth;
    if (seen[2] <= seen[0] || seen[3] <= seen[1]) return;
    const tile = tileOf(layer, level, depth, seen);
    ctx.save();
    if (layer.clip) {
      ctx.beginPath();
      ctx.rect(layer.clip[0] * canvas.width, 0, (layer.clip[1] - layer.clip[0]) * canvas.width, canvas.height);
      ctx.clip();
    }
    ctx.globalAlpha = layer.alpha === undefined ? 1 : layer.alpha;
    ctx.setTransform(m[0], m[1], m[2], m[3], t[0], t[1]);
    ctx.imageSmoothingEnabled = scale * size < 0.99;
    ctx.drawImage(tile.canvas, 0, 0, tile.nx, tile.ny, tile.x * size - 0.5, tile.y * size - 0.5, tile.nx * size, tile.ny * size);
    ctx.restore();
  }

  // The coloured pixels in sight and some around them; taken from the last time where they are in it.
  function tileOf(layer, level, depth, [x0, y0, x1, y1]) {
    const last = tiles.get(layer.key);
    const same = last && last.source === layer.source && last.table === layer.table && last.depth === depth;
    if (same && last.x <= x0 && last.y <= y0 && last.x + last.nx >= x1 && last.y + last.ny >= y1) return last;
    // While something moves there is room around what is seen; a new table is wanted at once.
    const room = same ? 0.15 : 0, rx = Math.ceil(room * (x1 - x0)), ry = Math.ceil(room * (y1 - y0));
    const x = Math.max(0, x0 - rx), y = Math.max(0, y0 - ry);
    const nx = Math.min(level.nx, x1 + rx) - x, ny = Math.min(level.ny, y1 + ry) - y;
    const mine = last ? last.canvas : document.createElement("canvas");
    if (mine.width < nx || mine.height < ny) {
      mine.width = Math.max(mine.width, nx);
      mine.height = Math.max(mine.height, ny);
    }
    const image = last && last.image && last.image.width === nx && last.image.height === ny ? last.image : new ImageData(nx, ny);
    const out = new Uint32Array(image.data.buffer), { data } = level, { table } = layer;
    for (let row = 0, to = 0; row < ny; row++) {
      let from = (y + row) * level.nx + x;
      for (const end = to + nx; to < end;) out[to++] = table[data[from++]];
    }
    mine.getContext("2d").putImageData(image, 0, 0);
    const tile = { canvas: mine, image, source: layer.source, table, depth, x, y, nx, ny };
    tiles.set(layer.key, tile);
    return tile;
  }

  function paint() {
    const began = performance.now();
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.globalAlpha = 1;
    ctx.fillStyle = "#20262d";
    ctx.fillRect(0, 0, canvas.width, canvas.height);
    const every = layers(), keys = new Set(every.map((layer) => layer.key));
    for (const key of tiles.keys()) if (!keys.has(key)) tiles.delete(key);
    for (const layer of every) paintLayer(layer);
    canvas.dataset.painted = String(Number(canvas.dataset.painted || 0) + 1);
    canvas.dataset.layers = String(every.length);
    canvas.dataset.took = (performance.now() - began).toFixed(2);
    if (!still) moved();
    still = true;
  }

  const sized = new ResizeObserver(resize);
  sized.observe(canvas);
  return {
    toScreen, toImage, zoom, fit, draw, paint, resize, scale: scaleOf,
    layers(give) { layers = give; },
    rough(on) { // while colours change with every move
      if (rough && !on) draw();
      rough = on;
    },
    image(newShape, newSky) {
      const first = shape[0] === 1 && shape[1] === 1;
      shape = newShape;
      sky = newSky;
      if (first || fresh) fit();
    },
    north(on) {
      if (view.north === on) return;
      const [x, y] = toImage(canvas.width / 2, canvas.height / 2), scale = scaleOf(), whole = fresh;
      view.north = on;
      if (whole) fit();
      else place(scale, x, y);
    },
    actual(sx, sy) { zoom(1 / scaleOf(), sx, sy); },
    pan(dx, dy) {
      view.t = [view.t[0] + dx, view.t[1] + dy];
      fresh = false;
      refresh();
    },
    show(x, y) { // bring a place into sight
      const [sx, sy] = toScreen(x, y), edge = 20;
      const dx = Math.min(0, canvas.width - edge - sx) + Math.max(0, edge - sx), dy = Math.min(0, canvas.height - edge - sy) + Math.max(0, edge - sy);
      if (dx || dy) this.pan(dx, dy);
    },
    centre(x, y) { place(scaleOf(), x, y); },
    where() { // zoom in points of the screen for a pixel, and the pixel in the middle; null while all of the image is shown
      if (fresh) return { zoom: null, centre: null };
      const ratio = window.devicePixelRatio || 1, middle = toImage(canvas.width / 2, canvas.height / 2);
      return { zoom: Number((scaleOf() / ratio).toPrecision(4)), centre: middle.map((one) => Number(one.toFixed(1))) };
    },
    go(zoomed, middle) {
      if (zoomed === null && middle === null) return fit();
      const [x, y] = middle || toImage(canvas.width / 2, canvas.height / 2);
      fresh = false;
      return place(zoomed === null ? scaleOf() : zoomed * (window.devicePixelRatio || 1), x, y);
    },
    end() {
      sized.disconnect();
      draw.stop();
      tiles.clear();
    },
  };
}
