// Device codes before a camera or in a picture: DataMatrix, QR and linear barcodes, read on this machine.
// An ES module without a build step; the browser's own reader where it knows DataMatrix, else zxing-wasm.
import { prepareZXingModule, readBarcodes } from "../vendor/zxing/reader/index.js";

const NATIVE = ["data_matrix", "qr_code", "code_128", "code_39", "ean_13", "ean_8", "itf"];
const FORMATS = ["DataMatrix", "QRCode", "Code128", "Code39", "EAN13", "EAN8", "UPCA", "UPCE", "ITF", "Aztec", "PDF417", "DataBar"];
// the reader is fetched from this server, never from the package's own host
const WASM = new URL("../vendor/zxing/reader/zxing_reader.wasm", import.meta.url).href;
const EDGES = [1000, 2400]; // as the server looks at a photo
const PAUSE = 120; // milliseconds between two looks: a phone stays cool and still answers at once
const FRAME = 1920;
const FORGET = 3000; // the same code counts as newly seen after so long out of sight

prepareZXingModule({ overrides: { locateFile: () => WASM } });

let native;
/** The browser's reader, or null where it has none or knows no DataMatrix. */
async function nativeReader() {
  if (native === undefined) {
    native = null;
    if ("BarcodeDetector" in globalThis) {
      const known = await globalThis.BarcodeDetector.getSupportedFormats().catch(() => []);
      if (known.includes("data_matrix") && known.includes("code_128")) {
        native = new globalThis.BarcodeDetector({ formats: NATIVE.filter((format) => known.includes(format)) });
      }
    }
  }
  return native;
}

/** Texts of a picture by zxing, as a scanner sends them: the symbology identifier in front (]d2: GS1 DataMatrix). */
async function zxing(picture, thorough) {
  const found = await readBarcodes(picture, { formats: FORMATS, textMode: "Plain", tryHarder: thorough, maxNumberOfSymbols: 20 });
  return found.filter((code) => code.isValid && code.text).map((code) => code.symbologyIdentifier + code.text);
}

/** One look at a picture or a frame, its longer edge no more than `edge` pixels: grain and blur vanish when smaller. */
function pixels(source, width, height, edge, canvas) {
  const shrink = Math.min(1, edge / Math.max(width, height));
  canvas.width = Math.round(width * shrink);
  canvas.height = Math.round(height * shrink);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** Every code of a picture file (Blob), each once; an empty list where there is none. Throws where it is no picture. */
export async function readImage(blob) {
  const bitmap = await createImageBitmap(blob).catch((error) => {
    throw new Error("这个文件不是能读取的图片", { cause: error });
  });
  const canvas = document.createElement("canvas");
  const found = new Set();
  for (const edge of EDGES) {
    for (const text of await zxing(pixels(bitmap, bitmap.width, bitmap.height, edge, canvas), true)) found.add(text);
    if (Math.max(bitmap.width, bitmap.height) <= edge) break;
  }
  bitmap.close();
  return [...found];
}

function refusal(error) {
  const words = {
    NotAllowedError: "没有使用相机的许可，请在浏览器的网站设置中允许后再试",
    NotFoundError: "这台设备没有相机",
    NotReadableError: "相机正被其他程序使用，请关闭后再试",
  };
  return new Error(words[error.name] || "相机打不开，请改用拍照或录入", { cause: error });
}

/** Whether a page may open the camera at all: browsers allow it over https and on this machine only. */
export function cameraAllowed() {
  return Boolean(globalThis.isSecureContext && navigator.mediaDevices && navigator.mediaDevices.getUserMedia);
}

/**
 * Shows the back camera in `video` and calls `onText(text)` for each code that comes into sight.
 * Ends with stop(), and by itself when the page is left or hidden. Throws an Error that says why in Chinese.
 */
export async function scan(video, onText) {
  if (!cameraAllowed()) throw new Error("浏览器只在 https 地址上开放相机，请改用拍照或录入");
  const scanner = new Scanner(video, onText);
  await scanner.open({ facingMode: { ideal: "environment" } });
  return scanner;
}

class Scanner {
  constructor(video, onText) {
    this.video = video;
    this.onText = onText;
    this.stream = null;
    this.devices = [];
    this.seen = new Map();
    this.canvas = document.createElement("canvas");
    this.leave = () => { if (document.hidden) this.stop(); };
    this.stop = this.stop.bind(this);
  }

  get cameras() { return this.devices.length; }

  get track() { return this.stream ? this.stream.getVideoTracks()[0] : null; }

  get hasTorch() {
    const track = this.track;
    return Boolean(track && track.getCapabilities && track.getCapabilities().torch);
  }

  async open(wanted) {
    this.close();
    try {
      const size = { width: { ideal: 1920 }, height: { ideal: 1080 } };
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { ...size, ...wanted } });
    } catch (error) {
      throw refusal(error);
    }
    this.video.srcObject = this.stream;
    this.video.muted = true;
    this.video.setAttribute("playsinline", "");
    await this.video.play();
    this.devices = (await navigator.mediaDevices.enumerateDevices()).filter((d) => d.kind === "videoinput");
    window.addEventListener("pagehide", this.stop);
    document.addEventListener("visibilitychange", this.leave);
    this.look(this.stream);
  }

  /** Looks at one frame after another until this stream is closed. */
  async look(stream) {
    while (this.stream === stream) {
      for (const text of await this.codes().catch(() => [])) {
        const before = this.seen.get(text) || 0;
        this.seen.set(text, Date.now());
        if (this.stream === stream && Date.now() - before > FORGET) this.onText(text);
      }
      await new Promise((done) => setTimeout(done, PAUSE));
    }
  }

  async codes() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width || !height) return [];
    const reader = await nativeReader();
    if (reader) return (await reader.detect(this.video)).map((code) => code.rawValue).filter(Boolean);
    return zxing(pixels(this.video, width, height, FRAME, this.canvas), false);
  }

  /** Light on or off; what the camera did in the end. */
  async torch(on) {
    if (!this.hasTorch) return false;
    await this.track.applyConstraints({ advanced: [{ torch: on }] });
    return on;
  }

  /** The next camera of the device. */
  async next() {
    if (this.devices.length < 2) return;
    const current = this.track && this.track.getSettings().deviceId;
    const at = this.devices.findIndex((device) => device.deviceId === current);
    await this.open({ deviceId: { exact: this.devices[(at + 1) % this.devices.length].deviceId } });
  }

  close() {
    if (this.stream) for (const track of this.stream.getTracks()) track.stop();
    this.stream = null;
    this.video.srcObject = null;
  }

  stop() {
    this.close();
    window.removeEventListener("pagehide", this.stop);
    document.removeEventListener("visibilitychange", this.leave);
  }
}
