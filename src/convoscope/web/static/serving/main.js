// A page to try a server of models: pictures are dropped, pasted or chosen, and sent to /predict as any program sends them.

import "../shared/problems.js";
import { byId, h, select, setText } from "../shared/dom.js";
import { say } from "../shared/message.js";
import { startTheme } from "../shared/theme.js";
import { ask, models, remember } from "./asking.js";

const MOST_SHOWN = 60;
const settings = { model: "", top: "5" };

document.documentElement.dataset.started = "true";
startTheme(byId("theme"), () => {});
listen();
await begin();
document.documentElement.dataset.ready = "true";

async function begin() {
  const { status, told } = await models();
  byId("sign-in").hidden = status !== 401;
  if (status !== 200) {
    if (status !== 401) say(told.error, "error");
    return;
  }
  settings.model = told.models[0].name;
  describe(told.models[0]);
  if (told.models.length > 1) {
    const names = told.models.map(({ name }) => [name, name]);
    const { field } = select("Model", names, (name) => {
      settings.model = name;
      describe(told.models.find((each) => each.name === name));
    });
    byId("model-field").replaceChildren(field);
  }
  const { field, control } = select("Number of classes", ["1", "3", "5", "10"].map((top) => [top, top]), (top) => (settings.top = top));
  control.value = settings.top;
  byId("top-field").replaceChildren(field);
}

function describe({ name, classes, none_of_these: refuses }) {
  const listed = classes.length > 8 ? `${classes.slice(0, 8).join(", ")} and ${classes.length - 8} more` : classes.join(", ");
  setText(byId("about"), `${name}: ${listed}${refuses ? ", or none of these" : ""}`);
}

function listen() {
  const [drop, files] = [byId("drop"), byId("files")];
  byId("choose").addEventListener("click", () => files.click());
  files.addEventListener("change", () => {
    send([...files.files]);
    files.value = "";
  });
  for (const kind of ["dragover", "dragenter"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    send([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => send([...event.clipboardData.files]));
  byId("sign-in").addEventListener("submit", (event) => {
    event.preventDefault();
    remember(byId("token").value.trim());
    begin();
  });
}

async function send(files) {
  for (const file of files) {
    const card = show(file);
    const { status, told } = await ask(settings.model, settings.top, file);
    const found = told.predictions?.[0];
    if (status === 401) byId("sign-in").hidden = false;
    if (found?.classes) fill(card, found);
    else refuse(card, found?.error ?? told.error);
  }
}

/** A card with the picture, above those that are there. */
function show(file) {
  const address = URL.createObjectURL(file);
  const image = h("img", { src: address, alt: "" });
  image.addEventListener("load", () => URL.revokeObjectURL(address));
  image.addEventListener("error", () => image.removeAttribute("src")); // the browser's picture of a broken one
  const body = h("div", {}, h("h3", {}, file.name), h("p", { class: "muted" }, "Asking…"));
  const card = h("li", { class: "card result" }, image, body);
  byId("results").prepend(card);
  while (byId("results").children.length > MOST_SHOWN) byId("results").lastElementChild.remove();
  return card;
}

function fill(card, { classes, none_of_these: none, hint }) {
  const verdict = none ? "None of these" : classes[0].class;
  card.classList.toggle("none", none === true);
  const rows = classes.flatMap(({ class: name, probability }) => [
    h("span", { class: "name" }, name),
    h("meter", { min: "0", max: "1", value: String(probability), "aria-label": `${name}: ${percent(probability)}` }),
    h("span", { class: "value" }, percent(probability)),
  ]);
  const said = [h("p", { class: "verdict" }, verdict), h("div", { class: "shares" }, rows)];
  if (none) said.splice(1, 0, h("p", { class: "note" }, "This picture is unlike those that the model was trained on. If the model had to choose:"));
  if (hint) said.push(h("p", { class: "note" }, hint));
  card.lastElementChild.replaceChildren(card.querySelector("h3"), ...said);
}

function refuse(card, words) {
  card.lastElementChild.replaceChildren(card.querySelector("h3"), h("p", { class: "error" }, words));
}

function percent(share) {
  if (share > 0 && share < 0.001) return "< 0.1 %";
  return `${(100 * Math.min(share, share < 1 ? 0.999 : 1)).toFixed(1)} %`;
}
