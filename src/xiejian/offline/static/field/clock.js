// The phone's clock. It is never put right here: the server sees by how much it is off, and says so.
// In the demo the office lives on a day of the past, and so does the phone.
const ZONE = "Asia/Shanghai";
const day = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE });
let demoDay = null;

export function useDemoDay(on) {
  demoDay = on || null;
}

/** This moment. */
export function now() {
  const moment = new Date();
  if (!demoDay) return moment;
  const behind = Date.parse(`${day.format(moment)}T00:00:00Z`) - Date.parse(`${demoDay}T00:00:00Z`);
  return new Date(moment.getTime() - behind);
}

/** The office's date as YYYY-MM-DD. */
export const today = () => day.format(now());

/** A moment as people read it: 3-5 14:02. */
export function spoken(iso) {
  if (!iso) return "";
  const parts = new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit" });
  return parts.format(new Date(iso));
}
