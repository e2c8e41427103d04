// A class's file: its address, what pupils type, where pages' links lead, and how a page's text is put together.
import assert from "node:assert/strict";
import { test } from "node:test";
import { STATIC } from "./support.js";

const { readAddress, readLink, readTyped, writeAddress } = await import(new URL("class/address.js", STATIC));
const { pageText } = await import(new URL("class/assembling.js", STATIC));

const names = ["digits", "fashion", "lab", "exercises", "lesson-12"];
const models = ["digits", "fashion"];

test("an address names a page, and leaves the rest to it", () => {
  for (const place of [{ page: "digits", text: "view=mistakes&cell=4,9" }, { page: "lab", text: "" }]) assert.deepEqual(readAddress(`#${writeAddress(place)}`, names), place); // prettier-ignore
  assert.equal(writeAddress({ page: null, text: "" }), "");
  for (const text of ["", "#", "#page=", "#page=<b>", "#page=elsewhere&x=1", "#image=3&page=lab", "#page=__proto__"])
    assert.deepEqual(readAddress(text, names), { page: null, text: "" }, text);
});

test("what is typed is a link, a model with an image, or an exercise with its numbers", () => {
  const read = (typed) => readTyped(typed, { models, names });
  assert.deepEqual(read(" file:///a/class.html#page=lab&image=four "), { page: "lab", text: "image=four" });
  assert.deepEqual(read("Digits 23"), { page: "digits", text: "image=23" });
  assert.deepEqual(read("pixel 7"), { page: "exercises", text: "exercise=pixel&seed=7" });
  assert.deepEqual(read("Lesson 12"), { page: "lesson-12", text: "" });
  assert.deepEqual(read("exercises"), { page: "exercises", text: "" });
  for (const typed of ["", "?", "pixel", "pixel seven", "a b c"]) assert.equal(read(typed), null, typed);
});

test("a page's links lead to the other pages, and from the lab back to the model", () => {
  const read = (address) => readLink(address, { names, back: "fashion" });
  assert.deepEqual(read("lab/#image=map%3A1&at=0,0"), { page: "lab", text: "image=map%3A1&at=0,0" });
  assert.deepEqual(read("lesson-12/"), { page: "lesson-12", text: "" });
  assert.deepEqual(read("digits/"), { page: "digits", text: "" });
  assert.deepEqual(read("../#kernel=1.0.5:1,2"), { page: "fashion", text: "kernel=1.0.5:1,2" });
  for (const address of ["https://example.org/", "javascript:alert(1)", "../../", ""]) assert.equal(read(address), null);
  assert.equal(readLink("../#", { names, back: null }), null);
});

test("a page's text has its state, the shared modules and its data, none of which ends an element", () => {
  const html = '<head>\n<meta charset="utf-8">\n</head><main>{{convoscope article}}</main><script type="importmap">{{convoscope modules}}</script><script id="embedded">{{convoscope data}}</script>'; // prettier-ignore
  const about = { name: "digits", kind: "a", data: { title: "</script>$&$1{{convoscope modules}}" }, article: "<p>$& {{convoscope data}}</p>" };
  const text = pageText({ templates: { a: html }, modules: '{"imports":{}}' }, about, 'a="b"&c=<d>', "dark");
  assert.match(text, /<meta name="convoscope-state" content="a=&quot;b&quot;&amp;c=&lt;d>" data-page="digits" data-theme="dark">/);
  assert.equal(text.match(/<\/script>/g).length, 2);
  assert.match(text, /<main><p>\$& \{\{convoscope data\}\}<\/p><\/main>/);
  const data = /<script id="embedded">(.*)<\/script>/.exec(text)[1];
  assert.deepEqual(JSON.parse(data), about.data);
});
