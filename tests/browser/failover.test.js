// The host goes, in every way in which it can: the page says so, finds the room again, and nothing is lost or doubled.
"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { FIREFOX, Lan, Stage, address, enter, port, say, shows, texts } = require("./stage");

// What a browser says by itself of a host that is not there.
const NOBODY = /ERR_CONNECTION|WebSocket connection|ERR_FAILED|ERR_EMPTY|ERR_ADDRESS|connection to (the server at )?ws:/;

test("a crashed host is replaced, and what was said meanwhile arrives once", async (t) => {
  const stage = await Stage.open(t), at = port();
  stage.expected = NOBODY;
  const capo = await stage.peer("capo", at, "host");
  const bert = await stage.peer("bert", at, "auto");
  const lorde = await stage.member("lorde", address(at));
  const pippo = await stage.member("pippo", address(at));
  await say(lorde, "before");
  await bert.message("before");
  await shows(pippo, "before");
  // It reads no more: what is said from now on it has not heard.
  capo.process.kill("SIGSTOP");
  await say(lorde, "meanwhile 1");
  await say(pippo, "meanwhile 2");
  await say(lorde, "/msg pippo in private");
  await lorde.getByText("sending…").first().waitFor();
  const told = lorde.getByText("The host is gone. Looking for the room…").waitFor();
  await capo.crash();
  await told;
  await bert.event("role", (event) => event.role === "host");
  await bert.message("meanwhile 1");
  await bert.message("meanwhile 2");
  await shows(pippo, "in private");
  await say(lorde, "after");
  for (const page of [lorde, pippo]) {
    await shows(page, "after");
    await page.waitForFunction(() => document.getElementById("title").textContent === "bert’s room");
    const all = await texts(page);
    assert.deepEqual([...all].sort(), ["after", "before", "in private", "meanwhile 1", "meanwhile 2"]);
    await page.getByText("capo⁩ left (connection lost)").first().waitFor();
    assert.equal(await page.locator("#banner").isVisible(), false);
  }
  const order = (all) => all.filter((text) => text !== "in private");
  assert.deepEqual(order(await texts(lorde)), order(await texts(pippo)));
  assert.deepEqual(bert.messages(), order(await texts(lorde)));
  assert.ok(!bert.events.some((event) => event.event === "left" && event.name !== "capo"), "the pages kept their places");
});

test("many messages under way when the host dies arrive once each, in order", async (t) => {
  const stage = await Stage.open(t), at = port();
  stage.expected = NOBODY;
  const capo = await stage.peer("capo", at, "host");
  const bert = await stage.peer("bert", at, "auto");
  const lorde = await stage.member("lorde", address(at));
  const typing = (async () => { for (let i = 0; i < 150; i++) await say(lorde, `line ${i}`); })();
  await bert.message("line 40");
  await capo.crash();
  await typing;
  await bert.message("line 149");
  await shows(lorde, "line 149");
  const expected = Array.from({ length: 150 }, (_, i) => `line ${i}`);
  assert.deepEqual(bert.messages(), expected);
  assert.deepEqual(await texts(lorde), expected);
});

test("a reload comes back as the same member with what was there, and a second tab is somebody else", async (t) => {
  const stage = await Stage.open(t), at = port();
  const capo = await stage.peer("capo", at, "host");
  const lorde = await stage.member("lorde", address(at));
  await say(lorde, "one");
  await shows(lorde, "one");
  capo.say("/msg lorde psst");
  await shows(lorde, "psst");
  await lorde.locator("#text").fill("half a sen");
  await lorde.reload();
  await lorde.getByText("You are lorde").waitFor();
  capo.say("two");
  await shows(lorde, "two");
  assert.deepEqual(await texts(lorde), ["one", "psst", "two"]);
  assert.equal(await lorde.locator("#text").inputValue(), "half a sen");
  await say(lorde, "three");
  await capo.message("three");
  assert.deepEqual(capo.messages(), ["one", "two", "three"]);
  const second = await lorde.context().newPage();
  await second.goto(address(at));
  await second.getByLabel("Your name in the room").fill("lorde");
  await second.keyboard.press("Enter");
  await second.getByText("You are lorde-2", { exact: true }).waitFor();
  await say(second, "four");
  await shows(lorde, "four");
});

test("a host that closes the room says so, and one that comes again can be joined", async (t) => {
  const stage = await Stage.open(t), at = port();
  stage.expected = NOBODY;
  const capo = await stage.peer("capo", at, "host");
  const lorde = await stage.member("lorde", address(at));
  capo.process.kill("SIGINT");
  await lorde.getByText("The host has closed the room.").waitFor();
  await capo.ended;
  const again = await stage.peer("capo", at, "host");
  await lorde.getByRole("button", { name: "Join again" }).click();
  await say(lorde, "back");
  await again.message("back");
  again.say("/kick lorde");
  await lorde.getByText("The host has removed you from the room.").waitFor();
});

// Lets the page's connections through but for lines of some types, in both directions.
function withhold(page, kinds) {
  const passes = (text) => !kinds.includes(JSON.parse(text).type);
  return page.routeWebSocket(/\/ws$/, (socket) => {
    const host = socket.connectToServer();
    socket.onMessage((text) => { if (passes(text)) host.send(text); });
    host.onMessage((text) => { if (passes(text)) socket.send(text); });
  });
}

test("a private message whose answer was lost with the host is shown as sent only if it was, and read once", async (t) => {
  const stage = await Stage.open(t), at = port();
  stage.expected = NOBODY;
  const capo = await stage.peer("capo", at, "host");
  const bert = await stage.peer("bert", at, "auto");
  const lorde = await stage.page(address(at));
  const kinds = ["told"];
  await withhold(lorde, kinds);
  await lorde.reload();
  await enter(lorde, "lorde");
  await say(lorde, "/msg bert to one who stays");
  await say(lorde, "/msg capo to one who goes");
  await say(lorde, "after them");
  await bert.message("to one who stays");
  await bert.message("after them");
  await shows(lorde, "after them");
  assert.deepEqual(await texts(lorde), ["after them"]);
  kinds.pop();
  await capo.crash();
  await shows(lorde, "to one who stays");
  await lorde.getByText("nobody here is called capo; what you wrote may have arrived before").waitFor();
  await say(lorde, "the last");
  await bert.message("the last");
  await shows(lorde, "the last");
  assert.deepEqual(await texts(lorde), ["after them", "to one who stays", "the last"]);
  assert.equal(bert.events.filter((event) => event.private).length, 1);
});

function canHaveLan(t) {
  assert.ok(Lan.isPossible || FIREFOX || !process.env.CI, "where everything is tested, this needs root");
  if (!Lan.isPossible) t.skip("needs root, and Chromium");
  return Lan.isPossible;
}

// Two natives and a page on three machines. The page is at the first one's address.
async function street(t) {
  if (!canHaveLan(t)) return null;
  const stage = await Stage.open(t, { hosts: 3 }), at = port();
  stage.expected = NOBODY;
  const capo = await stage.peer("capo", at, "auto", { inside: stage.lan.host(1) });
  const bert = await stage.peer("bert", at, "auto", { inside: stage.lan.host(2) });
  const lorde = await stage.member("lorde", address(at, "10.88.0.1"));
  await say(lorde, "before");
  await bert.message("before");
  await lorde.locator("#text").fill("half a sen");
  return { stage, capo, bert, lorde, next: address(at, "10.88.0.2") };
}

async function followed({ bert, lorde, next }, expected) {
  await lorde.waitForURL(next);
  await lorde.getByText("You are lorde", { exact: true }).waitFor();
  bert.say("welcome back");
  await shows(lorde, "welcome back");
  await say(lorde, "thanks");
  await bert.message("thanks");
  await shows(lorde, "thanks");
  assert.deepEqual(bert.messages(), [...expected, "welcome back", "thanks"]);
  assert.deepEqual(await texts(lorde), [...expected, "welcome back", "thanks"]);
  assert.equal(await lorde.evaluate(() => location.hash), "");
  assert.ok(!bert.events.some((event) => event.event === "left" && event.name === "lorde"), "the page kept its place");
}

test("the page follows a crashed host's room to another machine, with what was said meanwhile", async (t) => {
  const all = await street(t);
  if (!all) return;
  all.capo.process.kill("SIGSTOP");
  await say(all.lorde, "meanwhile");
  await all.capo.crash();
  await all.bert.message("meanwhile");
  await followed(all, ["before", "meanwhile"]);
});

test("the page follows a room that is handed over, with what was half typed", async (t) => {
  const all = await street(t);
  if (!all) return;
  all.capo.say("/quit");
  await all.lorde.waitForURL(all.next);
  await all.lorde.getByText("You are lorde", { exact: true }).waitFor();
  assert.equal(await all.lorde.locator("#text").inputValue(), "half a sen");
  await followed(all, ["before"]);
});

test("what a page said in one half of a network that was cut is there for all, once, when the halves meet", async (t) => {
  const all = await street(t);
  if (!all) return;
  const { stage, capo, bert, lorde } = all;
  stage.lan.does("part", "h1,h3/h2");
  await bert.event("role", (event) => event.role === "host");
  await say(lorde, "in one half");
  await capo.message("in one half");
  bert.say("in the other half");
  await bert.message("in the other half");
  stage.lan.does("heal");
  await shows(lorde, "in the other half");
  assert.equal((await bert.message("in one half")).late, true);
  await lorde.waitForURL(all.next);
  await say(lorde, "together");
  await bert.message("together");
  await capo.message("together");
  await shows(lorde, "together");
  const expected = ["before", "in one half", "in the other half", "together"];
  for (const heard of [bert.messages(), capo.messages(), await texts(lorde)]) assert.deepEqual([...heard].sort(), expected);
});

test("what a page has not sent when its room becomes part of another one is sent there, but for what was private", async (t) => {
  if (!canHaveLan(t)) return;
  const stage = await Stage.open(t, { hosts: 3 }), at = port();
  stage.expected = NOBODY;
  stage.lan.does("part", "h1,h3/h2");
  const bert = await stage.peer("bert", at, "auto", { inside: stage.lan.host(2) });
  const capo = await stage.peer("capo", at, "auto", { inside: stage.lan.host(1) });
  const lorde = await stage.page(address(at, "10.88.0.1"));
  const kinds = [];
  await withhold(lorde, kinds);
  await lorde.reload();
  await enter(lorde, "lorde");
  await say(lorde, "in the younger room");
  await capo.message("in the younger room");
  kinds.push("say", "tell");
  await say(lorde, "unsent");
  await say(lorde, "/msg capo psst");
  await lorde.getByText("sending…").nth(1).waitFor();
  kinds.length = 0;
  stage.lan.does("heal");
  await lorde.waitForURL(address(at, "10.88.0.2"));
  await bert.message("unsent");
  await lorde.getByText("This is another room than before.").waitFor();
  await lorde.getByText("Not said again in another room, where capo may be somebody else: psst").waitFor();
  await shows(lorde, "unsent");
  await bert.message("in the younger room");
  assert.equal(await lorde.locator("#banner").isVisible(), false);
  assert.ok(!capo.events.some((event) => event.private));
});

test("who goes elsewhere and comes back by the browser's own button is who it was, with what was there", async (t) => {
  const stage = await Stage.open(t), at = port();
  const capo = await stage.peer("capo", at, "host");
  const lorde = await stage.member("lorde", address(at));
  await say(lorde, "one");
  await shows(lorde, "one");
  // What it takes along is there in good time, and gone where it stays after all.
  const kept = await lorde.evaluate(() => { dispatchEvent(new Event("beforeunload")); return sessionStorage.length; });
  assert.equal(kept, 1);
  await lorde.waitForFunction(() => sessionStorage.length === 0);
  await lorde.goto("about:blank");
  assert.equal((await capo.event("left")).reason, "quit");
  capo.say("two");
  await capo.message("two");
  await lorde.goBack();
  await lorde.getByText("You are lorde", { exact: true }).waitFor();
  await shows(lorde, "two");
  await say(lorde, "three");
  await shows(lorde, "three");
  assert.deepEqual(await texts(lorde), ["one", "two", "three"]);
});

test("a network that goes and comes is lived through, and what was said meanwhile arrives once", async (t) => {
  const stage = await Stage.open(t), at = port();
  stage.expected = NOBODY;
  const capo = await stage.peer("capo", at, "host");
  const lorde = await stage.page(address(at));
  // The host's end stays open and silent, as after a sleep or a change of networks.
  let open = true;
  await lorde.routeWebSocket(/\/ws$/, (socket) => {
    const host = socket.connectToServer();
    socket.onMessage((text) => { if (open) host.send(text); });
    host.onMessage((text) => { if (open) socket.send(text); });
  });
  await lorde.clock.install();
  await lorde.reload();
  await enter(lorde, "lorde");
  await say(lorde, "one");
  await shows(lorde, "one");
  open = false;
  await say(lorde, "two");
  capo.say("three");
  await lorde.clock.fastForward(16000);
  await lorde.getByText("The host has fallen silent. Looking for the room…").waitFor();
  open = true;
  await lorde.evaluate(() => window.dispatchEvent(new Event("online")));
  await lorde.getByText("You are lorde", { exact: true }).waitFor();
  await lorde.clock.runFor(1000);
  await shows(lorde, "two");
  await shows(lorde, "three");
  await say(lorde, "four");
  await capo.message("four");
  assert.deepEqual(capo.messages(), ["one", "three", "two", "four"]);
});
