// The page that teaches: classes by camera or by file, training on this machine, and the answer live.

import "../shared/problems.js";
import "../shared/frame.js";
import { byId, setText } from "../shared/dom.js";
import { plural } from "../shared/format.js";
import { say } from "../shared/message.js";
import { createState } from "../shared/state.js";
import { startTheme } from "../shared/theme.js";
import { createCamera } from "./camera.js";
import { createClasses } from "./classes.js";
import { showPicture, showSaved } from "./dialogs.js";
import { byClass, droppedFiles } from "./files.js";
import { createFrame, recording } from "./frames.js";
import { createLive } from "./live.js";
import { createRecorder } from "./recorder.js";
import { createResults, createSuspects } from "./results.js";
import { createSending } from "./sending.js";
import { createServer, Unreachable } from "./server.js";

const POLLED = 1000; // milliseconds: another tab may change the session

document.documentElement.dataset.started = "true";
startTheme(byId("theme"), () => {});

const state = createState({ version: 0, classes: [], trained: null, count: 0, waiting: 0, ready: false, busy: null });
const server = createServer(reached);
const told = new Set(); // problems that were said
const refused = []; // why pictures could not be used

const sending = createSending({
  send: ({ group, burst, name, blob }) => server.picture(group, burst, name, blob),
  onsent: () => refresh(),
  onrefused: (_, why) => {
    refused.push(why);
    say(refused.length === 1 ? why : `${refused.length} files could not be used. The last: ${why}`, "error");
  },
  onchange: () => show(),
});

const about = await server.get("data/about.json");
const frame = createFrame(about.preparation);
const recorded = createFrame(recording(about.preparation));
const camera = createCamera((on) => live.changed(on));

const act = {
  change: (asked) => attempt(() => server.ask("change", asked)),
  add(group, files, burst = `${Date.now()}`) {
    refused.length = 0; // what was wrong was with other files
    say("");
    sending.add(...files.map((file) => ({ group, burst, name: file.name, blob: file })));
  },
  open(id, from = null) {
    const { classes } = state.get();
    const own = classes.find((each) => each.pictures.some(([picture]) => picture === id));
    if (!own) return say("That picture has been removed.");
    showPicture({ id, name: own.pictures.find(([picture]) => picture === id)[1], group: from ?? own.id }, classes, act.change);
  },
};

const live = createLive(byId("live"), {
  frame,
  camera,
  ask: async (pixels) => {
    if (!state.get().trained) return null;
    const found = await server.frame(null, pixels);
    if (found.version !== state.get().version) refresh();
    return found;
  },
  names: () => {
    const { trained, classes } = state.get();
    const nameOf = new Map(classes.map(({ id, name }) => [id, name]));
    return (trained?.classes ?? []).map((id, i) => [id, nameOf.get(id) ?? trained.names[i]]);
  },
  say,
});
const classes = createClasses(byId("cards"), {
  act,
  say,
  recorder: (group) =>
    createRecorder({
      frame: recorded,
      camera,
      label: "Hold to record",
      say,
      onpicture: (blob, burst) => sending.add({ group, burst, name: "camera.jpg", blob }),
    }),
});
const showResults = createResults(byId("results"), { act });
const showSuspects = createSuspects(byId("suspicious"), byId("suspects"), { act });

/** Does what changes the session; what is refused is said. Returns whether it was done. */
async function attempt(ask) {
  try {
    take(await ask());
    return true;
  } catch (problem) {
    if (!(problem instanceof Unreachable)) say(problem.message, "error");
    return false;
  }
}

/** Takes a state from the program; answers may overtake each other. */
function take(came) {
  if (came.version < state.get().version) return;
  for (const problem of came.problems.filter((each) => !told.has(each))) {
    told.add(problem);
    say(problem, "error");
  }
  state.change(came);
}

let asking = false;
let again = false;
/** Asks for the state; of many calls at once one more is made. */
async function refresh() {
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  try {
    take(await server.ask("state", { version: state.get().version }));
  } catch (problem) {
    if (!(problem instanceof Unreachable)) say(problem.message, "error");
  }
  asking = false;
  if (again) {
    again = false;
    setTimeout(refresh, 100);
  }
}

function reached(whether) {
  const line = byId("connection");
  line.hidden = whether;
  if (whether) return;
  const pending = sending.pending();
  const kept = pending ? ` ${plural(pending, "picture")} are waiting in this tab: leave it open.` : "";
  setText(line, `The program is not responding. If it has stopped, start it again with the same command: your pictures are saved, and the new page shows them.${kept}`); // prettier-ignore
}

function show() {
  const { classes: all, trained, count, waiting, ready, failure, busy, canUndo } = state.get();
  const filled = all.filter(({ pictures }) => pictures.length > 0);
  const pending = sending.pending();
  byId("undo").disabled = !canUndo;
  byId("save").disabled = !trained || busy !== null;
  byId("train").disabled = busy !== null || filled.length < 2 || pending > 0;
  setText(byId("train"), busy === "train" ? "Training …" : trained && !trained.upToDate ? "Train again" : "Train");
  const { done, all: taken } = sending.progress();
  const words =
    failure ??
    (pending
      ? `${done} of ${plural(taken, "picture")} added`
      : !ready
        ? "Loading the network …"
        : busy === "save"
          ? "Saving …"
          : waiting
            ? `The network looks at ${plural(waiting, "more picture")} of ${count} …`
            : filled.length < 2
              ? "Record or drop pictures into at least two classes."
              : filled.some(({ pictures }) => pictures.length < 2)
                ? "A class needs at least two pictures."
                : trained?.upToDate
                  ? "Up to date with your pictures."
                  : trained
                    ? "Your pictures have changed since."
                    : `${plural(count, "picture")}, ready.`);
  setText(byId("progress"), words);
}

async function busyWith(what, work) {
  if (state.get().busy) return;
  state.change({ busy: what });
  await work();
  state.change({ busy: null });
}

const train = () => busyWith("train", () => attempt(() => server.ask("train")));
const save = () =>
  busyWith("save", async () => {
    try {
      const saved = await server.ask("save");
      await refresh();
      showSaved(saved);
    } catch (problem) {
      say(problem.message, "error");
    }
  });

/** Adds files by the folders that they lie in: a class for each. */
async function addByFolder(files) {
  const found = byClass(files);
  if (!found.size) return say("These files contain no folders of pictures. Drop pictures onto a class, or folders named after their classes.", "error"); // prettier-ignore
  const burst = `${Date.now()}`;
  for (const [name, some] of found) {
    const same = (each) => each.name.toLowerCase() === name.toLowerCase();
    if (!state.get().classes.some(same) && !(await act.change({ do: "add class", name }))) continue;
    act.add(state.get().classes.find(same).id, some, burst);
  }
}

byId("train").addEventListener("click", train);
byId("save").addEventListener("click", save);
byId("undo").addEventListener("click", () => act.change({ do: "undo" }));
byId("add-class").addEventListener("click", async () => {
  await act.change({ do: "add class" });
  const name = byId("cards").lastElementChild?.querySelector("input[type=text]");
  name?.focus();
  name?.select();
});
byId("add-folder").addEventListener("click", () => byId("folder").click());
byId("folder").addEventListener("change", ({ target }) => {
  addByFolder([...target.files].map((file) => ({ file, path: file.webkitRelativePath })));
  target.value = "";
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
document.addEventListener("dragleave", (event) => event.relatedTarget ?? document.body.classList.remove("dropping"));
document.addEventListener("drop", async (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  if (event.dataTransfer) addByFolder(await droppedFiles(event.dataTransfer));
});
document.addEventListener("keydown", (event) => {
  if (event.target.closest?.("input, textarea, select, dialog, .record")) return;
  if ((event.ctrlKey || event.metaKey) && event.key === "z") {
    event.preventDefault(); // the browser would undo what was typed last, in whatever field
    act.change({ do: "undo" });
  } else if (!event.ctrlKey && !event.metaKey && !event.altKey && event.key === "t" && !byId("train").disabled) train();
});
window.addEventListener("beforeunload", (event) => {
  if (sending.pending()) event.preventDefault(); // pictures that only this tab has
});

state.listen((now, before) => {
  if (now.classes !== before.classes) {
    classes.show(now);
    showResults(now);
    showSuspects(now);
    live.draw();
  }
  show();
});

setText(byId("where"), `Pictures are kept in ${about.out}, and nothing is sent anywhere.`);
await refresh();
if (!state.get().classes.length) for (let i = 0; i < 2; i++) await act.change({ do: "add class" });
setInterval(refresh, POLLED);
document.documentElement.dataset.ready = "true";
