// Pictures chosen, dropped or pasted: made small enough for a mail and put into the message itself.

const WIDEST = 1200; // pixels
const SMALL = 200_000; // bytes that need no second look
const MOST = 2_500_000; // of one picture, in the message
const KEPT_AS_THEY_ARE = new Set(["image/gif"]); // drawing one would stop its motion

export class NoPicture extends Error {}

export const picturesIn = (transfer) => [...(transfer?.files ?? [])].filter((file) => file.type.startsWith("image/"));

/** A file → { address (data:), width } in pixels; raises NoPicture when it is none, or too large to be a part of a mail. */
export async function takePicture(file) {
  const drawn = await draw(file);
  const isFine = file.size <= SMALL && drawn.naturalWidth <= WIDEST && /^image\/(?:png|jpeg)$/.test(file.type);
  const kept = isFine || KEPT_AS_THEY_ARE.has(file.type) ? file : await scaled(drawn, file.type);
  URL.revokeObjectURL(drawn.src);
  if (kept.size > MOST) throw new NoPicture();
  return { address: await dataAddress(kept), width: Math.min(drawn.naturalWidth || 600, 600) };
}

function draw(file) {
  const image = new Image();
  image.src = URL.createObjectURL(file);
  return image.decode().then(
    () => image,
    () => {
      URL.revokeObjectURL(image.src);
      throw new NoPicture();
    },
  );
}

/** At most WIDEST pixels wide; a photo as JPEG, anything with see-through parts or flat colours as PNG, whichever is smaller of the two. */
async function scaled(image, type) {
  const share = Math.min(1, WIDEST / (image.naturalWidth || WIDEST));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round((image.naturalWidth || WIDEST) * share));
  canvas.height = Math.max(1, Math.round((image.naturalHeight || WIDEST) * share));
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const png = type === "image/jpeg" ? null : await written(canvas, "image/png");
  if (png && (png.size <= SMALL || isSeeThrough(context, canvas))) return png;
  const jpeg = await written(canvas, "image/jpeg", 0.85);
  return png && png.size < jpeg.size ? png : jpeg;
}

function isSeeThrough(context, { width, height }) {
  const { data } = context.getImageData(0, 0, width, height);
  for (let at = 3; at < data.length; at += 4) if (data[at] < 250) return true;
  return false;
}

const written = (canvas, type, quality) => new Promise((resolve) => canvas.toBlob(resolve, type, quality));

function dataAddress(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(new NoPicture()));
    reader.readAsDataURL(blob);
  });
}

/** The <img> of a picture: the width as an attribute, which Outlook on Windows reads, and as a style for all others. */
export function pictureElement({ address, width, alt }) {
  const image = document.createElement("img");
  image.setAttribute("src", address);
  resize(image, width);
  image.alt = alt;
  return image;
}

export function resize(image, width) {
  image.setAttribute("width", width);
  image.removeAttribute("height");
  image.style.width = `${width}px`;
  image.style.maxWidth = "100%";
  image.style.height = "auto";
}
