// Files at the moment they are taken: looked at, measured, their digest over the untouched bytes.
import * as clock from "./clock.js";
import { sha256 } from "./vault.js";

const MEGABYTE = 1024 * 1024;
const KINDS = { photo: "照片", scan: "扫描件", audio: "录音", video: "录像", document: "文件" };

const suffix = (name) => (name.match(/\.[^.]+$/)?.[0] || "").toLowerCase();

/** What is wrong with a file before it is kept, in words; "" when nothing is. The visit is not touched by it. */
export async function wrong(file, rules, free) {
  const kind = rules.files[suffix(file.name)];
  if (!file.size) return `“${file.name}”是空的，请重新拍摄`;
  if (!kind) return `不接受“${suffix(file.name) || "无扩展名"}”类型的文件（苹果手机请在“设置-相机-格式”中改为“兼容性最佳”）`;
  const limit = rules.limits_mb[kind];
  if (file.size > limit * MEGABYTE) {
    return `${KINDS[kind]}${Math.floor(file.size / MEGABYTE)}兆字节，超过上限${limit}兆字节：没有保存，请缩短或者分段；检查的其他内容不受影响`;
  }
  if (free < file.size * 2) return "手机存储空间不足，没有保存这个文件；已有的内容都在。请先同步，或者清理手机后再拍";
  if (kind === "photo") {
    try {
      (await createImageBitmap(file)).close();
    } catch {
      return `“${file.name}”打不开，可能已损坏：没有保存，请重新拍摄；检查的其他内容不受影响`;
    }
  }
  return "";
}

/** The file as evidence: {digest, bytes, name, size, type}. */
export async function taken(file) {
  const bytes = await file.arrayBuffer();
  return { digest: await sha256(bytes), bytes, name: file.name, size: file.size, type: file.type };
}

const stamp = () => clock.now().toISOString().replace(/[-:T]/g, "").slice(0, 14);

/** A voice note: {stop() → Promise<File>}. Throws in words where there is no microphone. */
export async function listen() {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch {
    throw new Error("不能录音：没有麦克风，或者没有允许本页使用");
  }
  const type = ["audio/mp4", "audio/webm", "audio/ogg"].find((one) => MediaRecorder.isTypeSupported(one)) || "";
  const recorder = new MediaRecorder(stream, type ? { mimeType: type } : {});
  const parts = [];
  recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
  recorder.start();
  return {
    stop: () => new Promise((resolve) => {
      recorder.addEventListener("stop", () => {
        stream.getTracks().forEach((track) => track.stop());
        const name = { "audio/mp4": "m4a", "audio/ogg": "ogg" }[type] || "weba";
        resolve(new File(parts, `录音${stamp()}.${name}`, { type }));
      });
      recorder.stop();
    }),
  };
}
