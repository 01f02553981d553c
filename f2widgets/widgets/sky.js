// Pixels to the sky and back, by a tangential projection (Calabretta & Greisen 2002, section 5.1.3).

// numbers: {crval: degrees, crpix: 0-based, cd: four degrees per pixel, by rows}; null without coordinates.
function skyOf(numbers) {
  if (!numbers) return null;
  const rad = Math.PI / 180, [ra0, dec0] = numbers.crval.map((x) => x * rad), [x0, y0] = numbers.crpix;
  const [a, b, c, d] = numbers.cd, det = a * d - b * c;
  const sin0 = Math.sin(dec0), cos0 = Math.cos(dec0);
  return {
    cd: numbers.cd,
    scale: 3600 * Math.sqrt(Math.abs(det)), // arcsec per pixel
    toSky(x, y) {
      const xi = (a * (x - x0) + b * (y - y0)) * rad, eta = (c * (x - x0) + d * (y - y0)) * rad;
      const below = cos0 - eta * sin0;
      const ra = (ra0 + Math.atan2(xi, below)) / rad, dec = Math.atan2(sin0 + eta * cos0, Math.hypot(xi, below)) / rad;
      return [((ra % 360) + 360) % 360, dec];
    },
    toPixel(ra, dec) {
      const turn = ra * rad - ra0, sin = Math.sin(dec * rad), cos = Math.cos(dec * rad);
      const below = sin * sin0 + cos * cos0 * Math.cos(turn);
      if (below <= 0) return [NaN, NaN]; // the other side of the sky
      const xi = cos * Math.sin(turn) / below / rad, eta = (sin * cos0 - cos * sin0 * Math.cos(turn)) / below / rad;
      return [x0 + (d * xi - b * eta) / det, y0 + (a * eta - c * xi) / det];
    },
  };
}

// An angle as 12:34:56.78; the last place is rounded before it is split, so that no 60 appears.
function sexagesimal(value, decimals, signed) {
  const unit = 10 ** decimals, total = Math.round(Math.abs(value) * 3600 * unit);
  const seconds = (total % (60 * unit)) / unit, minutes = Math.floor(total / (60 * unit)) % 60, whole = Math.floor(total / (3600 * unit));
  const two = (number) => String(number).padStart(2, "0");
  const sign = signed ? (value < 0 ? "−" : "+") : "";
  return `${sign}${two(whole)}:${two(minutes)}:${seconds.toFixed(decimals).padStart(decimals ? decimals + 3 : 2, "0")}`;
}

function raText(degrees) { return sexagesimal((((degrees / 15) % 24) + 24) % 24, 3, false); }
function decText(degrees) { return sexagesimal(degrees, 2, true); }

// The affine map (six numbers: x' = m0 x + m2 y + m4, y' = m1 x + m3 y + m5) from one image's pixels to another's,
// exact at a place and its surroundings; null where one has no coordinates.
function between(from, to, x, y) {
  if (!from || !to) return null;
  const step = 100, at = (u, v) => to.toPixel(...from.toSky(u, v));
  const o = at(x, y), p = at(x + step, y), q = at(x, y + step);
  const m = [(p[0] - o[0]) / step, (p[1] - o[1]) / step, (q[0] - o[0]) / step, (q[1] - o[1]) / step];
  return [...m, o[0] - m[0] * x - m[2] * y, o[1] - m[1] * x - m[3] * y];
}
