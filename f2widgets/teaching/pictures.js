// Grey pictures made of bytes: the first row is the lowest, as in the sky.

function greyOn(canvas, bytes, width, height) {
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  const words = new Uint32Array(image.data.buffer);
  for (let y = 0; y < height; y++) {
    const from = (height - 1 - y) * width, to = y * width;
    for (let x = 0; x < width; x++) words[to + x] = 0xff000000 | bytes[from + x] * 0x010101;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

const bytesOf = (buffer) => new Uint8Array(buffer.buffer || buffer, buffer.byteOffset || 0, buffer.byteLength);
