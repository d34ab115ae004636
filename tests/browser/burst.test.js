// 2,000 messages at once, on a processor that is made six times as slow: nothing is lost, and the page stays usable.
"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { FIREFOX, Stage, address, enter, port, say, shows, texts } = require("./stage");

const MANY = 2000;
// A frame that long is a freeze that a person notices.
const FROZEN_MS = 1000;

// Begins to measure how long the page shows nothing new, and how long it does not listen.
function watch(page) {
  return page.evaluate(() => {
    window.gaps = { frame: 0, task: 0 };
    let before = performance.now();
    requestAnimationFrame(function frame(now) {
      window.gaps.frame = Math.max(window.gaps.frame, now - before);
      before = now;
      requestAnimationFrame(frame);
    });
    if (PerformanceObserver.supportedEntryTypes.includes("longtask")) new PerformanceObserver((list) => {
      for (const task of list.getEntries()) window.gaps.task = Math.max(window.gaps.task, task.duration);
    }).observe({ entryTypes: ["longtask"] });
  });
}

test("a burst does not freeze a slow page", async (t) => {
  const stage = await Stage.open(t), at = port();
  const capo = await stage.peer("capo", at, "host");
  const page = await stage.member("lorde", address(at));
  const slow = FIREFOX ? null : await page.context().newCDPSession(page);
  if (slow) await slow.send("Emulation.setCPUThrottlingRate", { rate: 6 });
  await watch(page);
  const began = Date.now();
  for (let i = 0; i < MANY; i++) capo.say(`burst ${i}: see https://example.org/${i}, lorde, and some more words to fill a line`);
  capo.say("the last");
  // Waited for in a way that costs the page nothing.
  await page.waitForFunction(() => document.getElementById("rows").lastChild?.textContent.endsWith("the last"));
  const took = Date.now() - began;
  const gaps = await page.evaluate(() => window.gaps);
  t.diagnostic(`${MANY} messages in ${took} ms; longest gap between frames ${gaps.frame.toFixed()} ms, longest task ${gaps.task.toFixed()} ms`);
  assert.ok(gaps.frame < FROZEN_MS && gaps.task < FROZEN_MS, JSON.stringify(gaps));
  if (slow) await slow.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  // The document is bounded, what left it is counted, and what is left is whole and in order.
  const matches = (await texts(page)).map((text) => /^burst (\d+)/.exec(text)).filter(Boolean);
  const numbers = matches.map((match) => Number(match[1]));
  assert.equal(await page.locator("#rows > *").count(), 2000);
  const gone = Number(/^(\d+) earlier/.exec(await page.locator("#earlier").innerText())[1]);
  assert.equal(numbers[0] + numbers.length, MANY);
  assert.ok(numbers.every((number, i) => i === 0 || number === numbers[i - 1] + 1));
  assert.ok(gone >= numbers[0]);
  assert.ok(await page.locator("#log").evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight < 2));
  await say(page, "still here");
  await capo.message("still here");
});

// Firefox reads on for a page that does not.
test("a page that did not read while the room spoke on is told why it was let go, and comes back", { skip: FIREFOX }, async (t) => {
  const stage = await Stage.open(t), at = port();
  const capo = await stage.peer("capo", at, "host");
  const page = await stage.member("lorde", address(at));
  const frozen = page.evaluate(() => new Promise((thawed) => setTimeout(() => {
    const end = performance.now() + 5000;
    while (performance.now() < end);
    thawed();
  })));
  // More than the stream and all buffers on the way hold.
  for (let i = 0; i < 2000; i++) capo.say(`${i} ${"x".repeat(16000)}`);
  await capo.event("left", (event) => event.name === "lorde" && event.reason === "slow");
  await frozen;
  // The last word may have come too late for it.
  await page.getByText(/^(This page read more slowly|The host has let go of this page).*It comes back for what it missed\.$/).waitFor();
  await page.getByText(/entries were missed while you were away/).waitFor();
  await page.getByText("You are lorde", { exact: true }).waitFor();
  capo.say("the last");
  await shows(page, "the last");
  await say(page, "still here");
  await capo.message("still here");
});

test("a page that is told with the end of its WebSocket that it was too slow says so", async (t) => {
  const stage = await Stage.open(t), at = port();
  const capo = await stage.peer("capo", at, "host");
  const page = await stage.page(address(at));
  const sockets = [];
  await page.routeWebSocket(/\/ws$/, (socket) => {
    socket.connectToServer();
    sockets.push(socket);
  });
  await page.reload();
  await enter(page, "lorde");
  await sockets[0].close({ code: 1013, reason: "slow" });
  await page.getByText("This page read more slowly than the room speaks, and the host has let go of it. It comes back for what it missed.").waitFor();
  await page.locator("#banner").waitFor({ state: "hidden" });
  await say(page, "still here");
  await capo.message("still here");
});

test("who leaves another room, under the number that was ours in the last one, is somebody else", async (t) => {
  const stage = await Stage.open(t), at = port();
  await stage.peer("capo", at, "host");
  const page = await stage.page(address(at));
  const sockets = [];
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const you = 2 + sockets.push(socket) - 1;
    const members = [{ id: 1, name: "capo", host: true }, { id: 2, name: "anna" }, { id: 3, name: "bert" }];
    members[you - 1].name = "lorde";
    const welcome = { type: "welcome", v: 1, room: `${you}`.repeat(16), you, name: "lorde", host: "capo", term: 1, seq: 3, members };
    socket.onMessage((text) => { if (JSON.parse(text).type === "hello") socket.send(JSON.stringify(welcome)); });
  });
  await page.reload();
  await enter(page, "lorde");
  await sockets[0].close();
  await page.getByText("This is another room than before.").waitFor();
  sockets[1].send(JSON.stringify({ type: "left", seq: 4, id: 2, name: "anna", reason: "timeout" }));
  await page.getByText("left (no answer)").waitFor();
  assert.equal(await page.getByText("has let go of").count(), 0);
});
