// A page in a notebook's frame says that it is there, so that the notebook can fold a frame up behind which nobody is.

/** What the notebook asks, and what it is answered: see web/opening.py. */
export const [ASKED, ANSWER] = ["convoscope: are you there?", "convoscope: here"];

window.addEventListener("message", ({ data, source }) => {
  if (data === ASKED) source?.postMessage(ANSWER, "*"); // it tells no more than that
});
