// The OpenAPI document of the server that gave out this page, for people to read.

import "../shared/problems.js";
import { byId, h } from "../shared/dom.js";
import { startTheme } from "../shared/theme.js";

startTheme(byId("theme"), () => {});
const base = new URL(".", location.href).href.replace(/\/$/, "");
const description = await (await fetch("openapi.json")).json();
const secured = Boolean(description.components.securitySchemes);
examples();
byId("paths").append(...Object.entries(description.paths).flatMap(([path, ways]) => Object.entries(ways).map((way) => described(path, ...way))));
document.documentElement.dataset.ready = "true";

function examples() {
  const token = secured ? ` \\\n  -H "Authorization: Bearer $TOKEN"` : "";
  byId("curl").textContent =
    `curl -F file=@photo.jpg "${base}/predict?top=3"${token}\n` +
    `curl --data-binary @photo.jpg -H "Content-Type: image/jpeg" ${base}/predict${token}`;
  byId("python").textContent =
    `from convoscope.serving import Client\n\n` +
    `client = Client("${base}"${secured ? ", token=TOKEN" : ""})\n` +
    `found = client.predict(["one.jpg", "two.jpg"], top=3)\nprint(found[0]["classes"][0]["class"])`;
  const bearer = secured ? `, Authorization: \`Bearer \${TOKEN}\`` : "";
  byId("javascript").textContent =
    `const answer = await fetch("${base}/predict?top=3", {\n  method: "POST",\n  body: file, // a File, a Blob or a Buffer\n` +
    `  headers: { "Content-Type": "image/jpeg"${bearer} },\n});\nconst { predictions } = await answer.json();`;
}

function described(path, method, { summary, description: more, parameters = [], requestBody, responses }) {
  const rows = [
    ...parameters.map(({ name, description: words, schema }) => [name, words ?? `one of ${schema.enum.join(", ")}`]),
    ...(requestBody ? [["body", Object.keys(requestBody.content).join(", ")]] : []),
    ...Object.entries(responses).map(([status, { description: words }]) => [status, words]),
  ];
  const list = h("dl", {}, rows.flatMap(([name, words]) => [h("dt", {}, h("code", {}, name)), h("dd", {}, words)]));
  const head = h("summary", {}, h("span", { class: "method" }, method.toUpperCase()), " ", h("code", {}, path), ` ${summary}`);
  return h("details", {}, head, more ? h("p", { class: "note" }, more) : "", list);
}
