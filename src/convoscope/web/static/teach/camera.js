// The camera's stream: started when it is first wanted, and stopped by hand.

import { h } from "../shared/dom.js";

const REASONS = {
  NotAllowedError: "it was not allowed. Allow the camera for this page in the browser, and try again",
  NotFoundError: "no camera was found. You can drop pictures instead",
  NotReadableError: "another program uses it. Close that, and try again",
};

/** A camera; `onchange(on)` hears when it starts and stops. */
export function createCamera(onchange) {
  const video = h("video", { muted: true, playsInline: true, autoplay: true });
  let stream = null;
  let opening = null;
  let device = null;

  async function open() {
    if (!navigator.mediaDevices?.getUserMedia)
      throw new RangeError("The browser does not let this page use a camera. It allows that only for pages from this computer or over https.");
    const wanted = { width: { ideal: 640 }, height: { ideal: 480 }, ...(device ? { deviceId: { exact: device } } : {}) };
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
    } catch (problem) {
      throw new RangeError(`The camera gave no picture: ${REASONS[problem.name] ?? problem.message}.`);
    }
    stream.getVideoTracks()[0].addEventListener("ended", stop); // it was pulled out
    video.srcObject = stream;
    await video.play();
    onchange(true);
  }

  function stop() {
    stream?.getTracks().forEach((track) => track.stop());
    [stream, video.srcObject] = [null, null];
    onchange(false);
  }

  const start = () => {
    if (stream) return Promise.resolve();
    opening ??= open().finally(() => (opening = null));
    return opening;
  };

  return {
    video,
    /** Resolves when there are pictures; an error says why there are none. */
    start,
    stop,
    isOn: () => stream !== null && video.videoWidth > 0,
    /** Whether it looks at the person in front of the screen, who expects a mirror. */
    isMirror: () => stream?.getVideoTracks()[0].getSettings().facingMode !== "environment",
    /** All cameras, [{id, name}]: their names are known once one of them was allowed. */
    async all() {
      const found = await navigator.mediaDevices.enumerateDevices();
      return found
        .filter(({ kind }) => kind === "videoinput")
        .map(({ deviceId, label }, i) => ({ id: deviceId, name: label || `Camera ${i + 1}` }));
    },
    /** Takes another camera. */
    async choose(id) {
      device = id;
      if (stream) stop();
      await start();
    },
  };
}
