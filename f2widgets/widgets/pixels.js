// An image as 16-bit codes: what they mean, smaller copies of it, and the table from code to colour.
const CODES = 65536, MISSING = 0xffa38f7d; // slate, as the quick pictures have it; bytes are A B G R

// meaning: {bin, shape, middle, soft, low, high, limits} from Python; bytes: a DataView.
function pixelsOf(meaning, bytes) {
  const [ny, nx] = meaning.shape;
  const levels = [{ data: words(bytes), nx, ny }];
  let values = null, counts = null;
  return {
    ...meaning,
    nx, ny,
    code: (x, y) => (x >= 0 && y >= 0 && x < nx && y < ny ? levels[0].data[y * nx + x] : 0),
    // The value behind each code; NaN for 0, which is no value.
    values() {
      if (values) return values;
      values = new Float64Array(CODES);
      const step = (meaning.high - meaning.low) / (CODES - 2);
      for (let code = 1; code < CODES; code++) values[code] = meaning.middle + meaning.soft * Math.sinh(meaning.low + (code - 1) * step);
      values[0] = NaN;
      return values;
    },
    // How many pixels have a code, for the histogram stretch; some of them tell as much as all.
    counts() {
      if (counts) return counts;
      counts = new Uint32Array(CODES);
      const data = levels[0].data, step = Math.max(1, Math.floor(data.length / 500000));
      for (let i = 0; i < data.length; i += step) counts[data[i]]++;
      return counts;
    },
    // A copy, smaller by 2 to the power of `depth`; made once.
    level(depth) {
      while (levels.length <= depth && levels[levels.length - 1].nx > 1) levels.push(halved(levels[levels.length - 1]));
      return levels[Math.min(depth, levels.length - 1)];
    },
    deepest: () => Math.floor(Math.log2(Math.max(1, Math.min(nx, ny)))),
  };
}

function words(bytes) {
  if (bytes instanceof ArrayBuffer) return new Uint16Array(bytes);
  const { buffer, byteOffset, byteLength } = bytes;
  return byteOffset % 2 ? new Uint16Array(buffer.slice(byteOffset, byteOffset + byteLength)) : new Uint16Array(buffer, byteOffset, byteLength / 2);
}

// Means of 2 x 2 codes that have a value.
function halved({ data, nx, ny }) {
  const mx = Math.max(1, nx >> 1), my = Math.max(1, ny >> 1), out = new Uint16Array(mx * my);
  for (let y = 0; y < my; y++) {
    const a = 2 * y * nx, b = Math.min(2 * y + 1, ny - 1) * nx;
    for (let x = 0, to = y * mx; x < mx; x++, to++) {
      const i = 2 * x, p = data[a + i], q = data[a + i + 1], r = data[b + i], s = data[b + i + 1];
      const known = (p > 0) + (q > 0) + (r > 0) + (s > 0);
      out[to] = known === 4 ? (p + q + r + s) >> 2 : known ? (p + q + r + s) / known : 0;
    }
  }
  return { data: out, nx: mx, ny: my };
}

// Flags of 2 x 2 pixels joined: lone bad pixels must not vanish.
function joined({ data, nx, ny }) {
  const mx = Math.max(1, nx >> 1), my = Math.max(1, ny >> 1), out = new Uint16Array(mx * my);
  for (let y = 0; y < my; y++) {
    const a = 2 * y * nx, b = Math.min(2 * y + 1, ny - 1) * nx;
    for (let x = 0, to = y * mx; x < mx; x++, to++) out[to] = data[a + 2 * x] | data[a + 2 * x + 1] | data[b + 2 * x] | data[b + 2 * x + 1];
  }
  return { data: out, nx: mx, ny: my };
}

function flagsOf(shape, bytes) {
  const [ny, nx] = shape, levels = [{ data: words(bytes), nx, ny }];
  return {
    nx, ny, bin: 1,
    level(depth) {
      while (levels.length <= depth && levels[levels.length - 1].nx > 1) levels.push(joined(levels[levels.length - 1]));
      return levels[Math.min(depth, levels.length - 1)];
    },
    deepest: () => Math.floor(Math.log2(Math.max(1, Math.min(nx, ny)))),
  };
}

// Brightness, 0 to 1, of the part t of the range; the same formulas as in Python.
const STRETCH = {
  linear: (t) => t,
  sqrt: Math.sqrt,
  log: (t) => Math.log1p(1000 * t) / Math.log1p(1000),
  asinh: (t) => Math.asinh(t / 0.1) / Math.asinh(10),
};

// The brightness of every code, before contrast. how: {low, high, stretch}
function lightsOf(pixels, how) {
  const lights = new Float32Array(CODES), values = pixels.values(), span = 1 / (how.high - how.low), bend = STRETCH[how.stretch];
  if (how.stretch === "histogram") return ranked(pixels, how);
  for (let code = 1; code < CODES; code++) {
    const t = (values[code] - how.low) * span;
    lights[code] = t <= 0 ? 0 : t >= 1 ? 1 : bend(t);
  }
  return lights;
}

// The colour (A B G R) of every code, into `table`. how: {contrast, bias, reverse}, colours: 768 bytes.
function lookup(lights, how, colours, table) {
  const palette = new Uint32Array(256), { contrast, bias } = how;
  for (let i = 0; i < 256; i++) {
    const j = 3 * (how.reverse ? 255 - i : i);
    palette[i] = 0xff000000 | (colours[j + 2] << 16) | (colours[j + 1] << 8) | colours[j];
  }
  table[0] = MISSING;
  for (let code = 1; code < CODES; code++) {
    const light = (lights[code] - bias) * contrast + 0.5;
    table[code] = palette[light <= 0 ? 0 : light >= 1 ? 255 : (light * 255 + 0.5) | 0];
  }
  return table;
}

// The part of the pixels within the limits that are no brighter, by code.
function ranked(pixels, how) {
  const values = pixels.values(), counts = pixels.counts(), out = new Float32Array(CODES);
  let sum = 0;
  for (let code = 1; code < CODES; code++) if (values[code] > how.low && values[code] < how.high) out[code] = sum += counts[code];
  for (let code = 1; code < CODES; code++) out[code] = values[code] >= how.high ? 1 : sum ? out[code] / sum : 0;
  return out;
}
