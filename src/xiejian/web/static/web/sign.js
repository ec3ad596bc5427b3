// A pad to sign on, by mouse, finger or pen. Plain script: new window.SigningPad(canvas, {onChange}).
// strokes: [[[x, y, milliseconds, pressure], …], …] with x and y in parts of the pad's width, so that a
// signature drawn on a phone is the same on any screen. The picture is a PNG of WIDTH × WIDTH/3 pixels.
(() => {
  "use strict";

  const WIDTH = 900, RATIO = 3, THICKEST = 0.0075, THINNEST = 0.0035, PLACES = 4;

  class SigningPad {
    constructor(canvas, { onChange } = {}) {
      this.canvas = canvas;
      this.strokes = [];
      this.began = 0;
      this.onChange = onChange || (() => {});
      canvas.classList.add("sign-pad"); // touch-action: none, so that a finger draws and does not scroll
      canvas.width = WIDTH;
      canvas.height = WIDTH / RATIO;
      canvas.addEventListener("pointerdown", (event) => this.down(event));
      canvas.addEventListener("pointermove", (event) => this.move(event));
      for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => this.up(event));
      this.draw();
    }

    point(event) {
      const box = this.canvas.getBoundingClientRect();
      const part = (value) => Number((value / box.width).toFixed(PLACES));
      // a mouse and most fingers have no pressure: half is what the standard gives them
      const pressure = Number((event.pressure || 0.5).toFixed(2));
      return [part(event.clientX - box.left), part(event.clientY - box.top), Math.round(performance.now() - this.began), pressure];
    }

    down(event) {
      if (event.button > 0 || this.pointer !== undefined) return;
      event.preventDefault();
      if (!this.strokes.length) this.began = performance.now();
      this.pointer = event.pointerId;
      this.canvas.setPointerCapture(event.pointerId);
      this.strokes.push([this.point(event)]);
      this.draw();
    }

    move(event) {
      if (event.pointerId !== this.pointer) return;
      const stroke = this.strokes.at(-1);
      const between = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
      for (const one of between.length ? between : [event]) stroke.push(this.point(one));
      this.draw();
    }

    up(event) {
      if (event.pointerId !== this.pointer) return;
      this.pointer = undefined;
      this.onChange(this);
    }

    draw() {
      const pen = this.canvas.getContext("2d");
      pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
      pen.lineCap = pen.lineJoin = "round";
      pen.strokeStyle = pen.fillStyle = "#101820";
      for (const stroke of this.strokes) this.drawStroke(pen, stroke);
    }

    drawStroke(pen, stroke) {
      const wide = (pressure) => WIDTH * (THINNEST + (THICKEST - THINNEST) * pressure);
      const [x, y, , pressure] = stroke[0];
      if (stroke.length === 1) {
        pen.beginPath();
        pen.arc(x * WIDTH, y * WIDTH, wide(pressure) / 2, 0, 2 * Math.PI);
        pen.fill();
        return;
      }
      for (let n = 1; n < stroke.length; n += 1) {
        pen.beginPath();
        pen.lineWidth = wide(stroke[n][3]);
        pen.moveTo(stroke[n - 1][0] * WIDTH, stroke[n - 1][1] * WIDTH);
        pen.lineTo(stroke[n][0] * WIDTH, stroke[n][1] * WIDTH);
        pen.stroke();
      }
    }

    isEmpty() { return this.strokes.length === 0; }

    load(strokes) { this.strokes = strokes; this.draw(); this.onChange(this); }

    clear() { this.load([]); }

    undo() { this.load(this.strokes.slice(0, -1)); }

    toDataURL() { return this.canvas.toDataURL("image/png"); }

    toBlob() { return new Promise((done) => this.canvas.toBlob(done, "image/png")); }
  }

  window.SigningPad = SigningPad;

  // a form with <canvas data-sign>: its fields image and strokes are filled when it is sent
  function wire(canvas) {
    const form = canvas.form || canvas.closest("form");
    const send = form.querySelector("[data-sign-send]");
    const pad = new SigningPad(canvas, { onChange: () => { send.disabled = pad.isEmpty(); } });
    send.disabled = true;
    form.querySelector("[data-sign-clear]").addEventListener("click", () => pad.clear());
    form.querySelector("[data-sign-undo]").addEventListener("click", () => pad.undo());
    form.addEventListener("submit", () => {
      form.elements.image.value = pad.isEmpty() ? "" : pad.toDataURL();
      form.elements.strokes.value = JSON.stringify(pad.strokes);
    });
  }

  const start = () => document.querySelectorAll("canvas[data-sign]").forEach(wire);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
})();
