// One image from the webcam. The stream ends with the dialog.

import { h } from "./dom.js";

/** A dialog, opened by `open()`; `ontake(canvas)` gets the frame, `say` what went wrong. */
export function createCamera(ontake, say) {
  const video = h("video", {
    class: "camera",
    autoplay: true,
    muted: true,
    playsInline: true,
    "aria-label": "What the camera sees",
  });
  const dialog = h(
    "dialog",
    { "aria-labelledby": "camera-title" },
    h("h2", { id: "camera-title" }, "Camera"),
    video,
    h(
      "div",
      { class: "row end" },
      h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
      h("button", { type: "button", class: "primary", onclick: take }, "Take image"),
    ),
  );
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    video.srcObject?.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
  });

  async function open() {
    if (!navigator.mediaDevices?.getUserMedia) {
      say(
        "The browser does not let this page use a camera. It allows that only for pages from this computer or over https.",
        "error",
      );
      return;
    }
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 } } });
      dialog.showModal();
    } catch (problem) {
      const reasons = {
        NotAllowedError: "it was not allowed",
        NotFoundError: "no camera was found",
        NotReadableError: "another program uses it",
      };
      say(`The camera gave no image: ${reasons[problem.name] ?? problem.message}.`, "error");
    }
  }

  function take() {
    const canvas = h("canvas", { width: video.videoWidth, height: video.videoHeight });
    canvas.getContext("2d").drawImage(video, 0, 0);
    dialog.close();
    if (canvas.width) ontake(canvas);
  }

  return { open };
}
