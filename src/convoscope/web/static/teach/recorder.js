// Hold to record: pictures of the camera, some a second, for as long as a button is held.

import { h } from "../shared/dom.js";

const APART = 100; // milliseconds between pictures
const KEYS = [" ", "Enter"];
let recordings = 0;

/** A button that records; `frame`, `camera`: see frames.js and camera.js; `onpicture(blob, burst)` gets every picture. */
export function createRecorder({ frame, camera, label, onpicture, say }) {
  const button = h("button", { type: "button", class: "record", "aria-label": label }, "Hold to record");
  let held = false;
  let recording = false;

  async function press() {
    if (held) return;
    held = true;
    if (!camera.isOn()) {
      try {
        await camera.start();
        if (!held) say("The camera is on. Hold the button to record.");
      } catch (problem) {
        held = false;
        say(problem.message, "error");
      }
    }
    if (held && !recording) record();
  }

  async function record() {
    recording = true;
    button.dataset.recording = "true";
    const burst = `camera-${Date.now()}-${recordings++}`; // the program holds pictures of one recording out together
    while (held && camera.isOn()) {
      const began = performance.now();
      frame.take(camera.video, camera.video.videoWidth, camera.video.videoHeight);
      onpicture(await frame.jpeg(), burst);
      await new Promise((go) => setTimeout(go, Math.max(0, began + APART - performance.now())));
    }
    button.dataset.recording = "false";
    [held, recording] = [false, false];
  }

  const release = () => (held = false);
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture?.(event.pointerId);
    press();
  });
  for (const kind of ["pointerup", "pointercancel", "blur"]) button.addEventListener(kind, release);
  button.addEventListener("contextmenu", (event) => event.preventDefault()); // a long touch
  button.addEventListener("keydown", (event) => {
    if (!KEYS.includes(event.key)) return;
    event.preventDefault();
    press();
  });
  button.addEventListener("keyup", (event) => {
    if (!KEYS.includes(event.key)) return;
    event.preventDefault(); // it would click
    release();
  });
  // A screen reader clicks without holding: that is one picture.
  button.addEventListener("click", (event) => {
    if (event.detail === 0 && !recording) press().then(release);
  });
  return button;
}
