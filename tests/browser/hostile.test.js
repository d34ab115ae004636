// What somebody sends to do harm is shown as what it is: text.
"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const http = require("node:http");
const { Stage, address, port, say, shows, texts } = require("./stage");

const HOSTILE = [
  "<script>window.pwned = 1</script>",
  "<img src=x onerror='window.pwned = 1'>",
  "</span></div><h1>host</h1>",
  "<style>* { display: none }</style>",
  "&lt;b&gt; &amp; &#x3c;",
  "${window.pwned = 1} {{pwned}} $& $1",
  "\u200f\u200e mixed שלום 123 عربي",
  "Z\u0301\u0302\u0303\u0304\u0305".repeat(50).normalize("NFC"),
  "👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿",
  "W".repeat(5000),
  "__proto__ constructor hasOwnProperty",
];

// What takes long where it is looked at carelessly, or fills the document.
const HEAVY = ["http://" + ")".repeat(16000), "http://x ".repeat(1800), "<b>x</b> ".repeat(1800), "ß".repeat(8000)];

test("markup, odd characters and endless words stay text", async (t) => {
  const stage = await Stage.open(t), at = port();
  const capo = await stage.peer("capo", at, "host");
  const page = await stage.member("<b>x</b>", address(at), { viewport: { width: 320, height: 600 } });
  await page.evaluate(() => { window.before = document.querySelectorAll("script, img, style, h1, b").length; });
  for (const text of HOSTILE.concat(HEAVY)) capo.say(text);
  capo.say("a control \u0007 and an override \u202e here");
  await shows(page, "a control  and an override  here");
  assert.deepEqual((await texts(page)).slice(0, HOSTILE.length), HOSTILE);
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.equal(await page.evaluate(() => document.querySelectorAll("script, img, style, h1, b").length - window.before), 0);
  assert.deepEqual((await texts(page)).slice(HOSTILE.length, -1), HEAVY);
  assert.ok(await page.locator("a, mark").count() <= 102);
  // Nothing reaches out of the list, to the side or over other rows.
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  assert.ok(await page.locator("#log").evaluate((log) => log.scrollWidth <= log.clientWidth));
});

test("half a character, which a keyboard left behind, costs nobody the connection", async (t) => {
  const stage = await Stage.open(t), at = port();
  const capo = await stage.peer("capo", at, "host");
  const page = await stage.member("anna", address(at));
  await page.evaluate(() => {
    document.getElementById("text").value = "half \ud83d";
    document.getElementById("say").requestSubmit();
  });
  await shows(page, "half \ufffd");
  await say(page, "and on");
  await capo.message("and on");
  assert.deepEqual(capo.messages(), ["half \ufffd", "and on"]);
  assert.equal(capo.events.filter((event) => event.event === "left").length, 0);
});

// A server of another origin with an empty page.
async function stranger(t) {
  const server = http.createServer((_, response) => response.setHeader("content-type", "text/html").end("<!DOCTYPE html><title>x</title>"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}/`;
}

test("a page of another origin gets no connection and no frame", async (t) => {
  const stage = await Stage.open(t), at = port();
  stage.expected = /WebSocket|ws:|frame|Refused|CSP|X-Frame|ERR_|405/i;
  const capo = await stage.peer("capo", at, "host");
  const page = await stage.page(await stranger(t));
  const opened = await page.evaluate((to) => new Promise((done) => {
    const socket = new WebSocket(to.replace("http", "ws") + "ws");
    socket.onopen = () => { socket.send('{"type":"hello","v":1,"name":"evil"}'); done(true); };
    socket.onerror = () => done(false);
  }), address(at));
  assert.equal(opened, false);
  await page.evaluate((to) => new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.onload = done;
    frame.src = to;
    document.body.append(frame);
  }), address(at));
  const inside = page.frames()[1];
  assert.equal(inside ? await inside.locator("#enter").count().catch(() => 0) : 0, 0);
  const body = '{"type":"hello","v":1,"name":"evil"}\n{"type":"say","text":"evil"}\n';
  await page.evaluate(([to, body]) => fetch(to, { method: "POST", mode: "no-cors", body }).then(() => 0, () => 0), [address(at), body]);
  const member = await stage.member("lorde", address(at));
  await say(member, "hello");
  await capo.message("hello");
  assert.deepEqual(capo.events.filter((event) => event.event === "joined").map((event) => event.name), ["lorde"]);
});

test("an address with somebody else's words in it says nothing by itself, and is gone from the history", async (t) => {
  const stage = await Stage.open(t), at = port();
  const capo = await stage.peer("capo", at, "host");
  const forged = {
    v: 1, name: "victim", key: "0".repeat(32), n: 1, id: 2, unsent: [{ type: "say", n: 1, text: "I quit", since: 0 }], draft: "",
    log: [{ type: "said", seq: 4, by: 1, n: 1, from: "capo", text: "a past that never was", at: "2026-11-20T21:51:09.001+01:00" }],
    room: { id: "0123456789abcdef", term: 1, host: 1, seq: 5, upTo: 5, terms: [], missed: 0 }, ahead: [], told: [],
  };
  const page = await stage.page(address(at) + "#room=" + Buffer.from(JSON.stringify(forged)).toString("base64url"));
  await page.getByText("1 unsent message was written for another room.").waitFor();
  assert.equal(new URL(page.url()).hash, "");
  await page.reload();
  await page.getByText("1 unsent message was written for another room.").waitFor();
  await say(page, "mine");
  await capo.message("mine");
  assert.deepEqual(capo.messages(), ["mine"]);
  await shows(page, "mine");
  assert.deepEqual(await texts(page), ["mine"]);
  await page.getByRole("button", { name: "Send here" }).click();
  await capo.message("I quit");
  for (const broken of ["#room=%%%", "#room=bm9uc2Vuc2U=", "#room=e30=", "#x"]) {
    await page.goto("about:blank");
    await page.goto(address(at) + broken);
    await page.waitForFunction(() => location.hash === "");
  }
});
