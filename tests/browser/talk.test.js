// Two pages and a terminal peer in one room: what each says, the others read.
"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { Stage, address, message, picture, port, say, shows, texts } = require("./stage");

async function trio(t) {
  const stage = await Stage.open(t), at = port();
  const capo = await stage.peer("capo", at, "host");
  const lorde = await stage.member("lorde", address(at));
  const pippo = await stage.member("pippo", address(at));
  return { stage, at, capo, lorde, pippo };
}

function row(page, text) { return message(page, text).locator("xpath=ancestor::div[contains(@class, 'row')]"); }

test("all read the same in the same order, and know who said it", async (t) => {
  const { capo, lorde, pippo } = await trio(t);
  capo.say("from the terminal");
  await shows(lorde, "from the terminal");
  await say(lorde, "from a page");
  await capo.message("from a page");
  await say(pippo, "from another");
  await capo.message("from another");
  for (const page of [lorde, pippo]) await shows(page, "from another");
  const expected = ["from the terminal", "from a page", "from another"];
  assert.deepEqual(await texts(lorde), expected);
  assert.deepEqual(await texts(pippo), expected);
  assert.deepEqual(capo.messages(), expected);
  assert.match(await row(lorde, "from the terminal").locator(".head").innerText(), /^capo host \d\d:\d\d$/);
  assert.match(await row(lorde, "from a page").getAttribute("class"), /\bown\b/);
  assert.doesNotMatch(await row(pippo, "from a page").getAttribute("class"), /\bown\b/);
  assert.equal(await lorde.getByRole("heading", { name: "3 here" }).innerText(), "3 here");
  assert.deepEqual(await lorde.locator("#roster li").allInnerTexts(), ["capo host", "lorde you", "pippo"]);
  // Somebody looks at it.
  await lorde.bringToFront();
  await lorde.waitForFunction(() => document.title === "capo’s room – hybrid-chat");
});

test("commands: another name, a private message, an action, who, and what is no command", async (t) => {
  const { capo, lorde, pippo } = await trio(t);
  await say(lorde, "/nick Lady");
  assert.equal((await capo.event("renamed")).to, "Lady");
  await pippo.getByText("is now called").waitFor();
  await say(pippo, "/msg lady between us");
  await shows(lorde, "between us");
  await shows(pippo, "between us");
  assert.match(await row(lorde, "between us").innerText(), /pippo\s+private/);
  assert.match(await row(pippo, "between us").innerText(), /pippo\s+you\s+private to Lady/);
  capo.say("/msg Lady from the host");
  await shows(lorde, "from the host");
  await say(lorde, "/me waves");
  assert.equal((await capo.message("waves")).action, true);
  await say(lorde, "//literal");
  await capo.message("/literal");
  await say(lorde, "/who");
  await lorde.getByText("3 here: capo (host), Lady, pippo").waitFor();
  await say(lorde, "/kick pippo");
  await lorde.getByText("only the host can do that").waitFor();
  await say(lorde, "/nick all");
  await say(lorde, "/dance");
  await lorde.getByText("There is no command /dance").waitFor();
  assert.equal(await lorde.locator("#text").inputValue(), "/dance");
  assert.ok(!capo.messages().includes("between us") && !capo.messages().some((text) => text.includes("dance")));
  await say(lorde, "/quit");
  await lorde.getByLabel("Your name in the room").waitFor();
  assert.equal((await capo.event("left", (event) => event.name === "Lady")).reason, "quit");
});

test("Enter sends, Shift-Enter breaks, a paste is one message, and an Enter that ends a composition is not ours", async (t) => {
  const { capo, lorde } = await trio(t);
  await lorde.locator("#text").focus();
  await lorde.keyboard.type("one");
  await lorde.keyboard.press("Shift+Enter");
  await lorde.keyboard.type("two");
  await lorde.keyboard.press("Enter");
  await capo.message("one\ntwo");
  const many = Array.from({ length: 300 }, (_, i) => `line ${i}\twith a tab`).join("\n");
  await lorde.keyboard.insertText(many);
  await lorde.keyboard.press("Enter");
  await capo.message(many);
  await lorde.keyboard.insertText("日本");
  await lorde.locator("#text").evaluate((field) => field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true })));
  await lorde.locator("#text").evaluate((field) => field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true })));
  assert.equal(await lorde.locator("#text").inputValue(), "日本");
  await lorde.keyboard.press("Enter");
  await capo.message("日本");
  assert.equal(capo.messages().length, 3);
  await lorde.locator("#text").fill("x".repeat(16385));
  await lorde.keyboard.press("Enter");
  await lorde.getByText("The message has 16,385 bytes, at most 16,384 can be sent.").waitFor();
  assert.equal((await lorde.locator("#text").inputValue()).length, 16385);
});

test("a name that is taken or none is said, and the last one is remembered", async (t) => {
  const { stage, at, lorde } = await trio(t);
  const page = await stage.page(address(at));
  const name = page.getByLabel("Your name in the room");
  assert.ok(await name.evaluate((field) => field === document.activeElement));
  await name.fill("x");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "2" }).waitFor();
  await name.fill("lorde");
  await page.keyboard.press("Enter");
  await page.getByText("The name was taken or unusual here: you are lorde-2.").waitFor();
  await lorde.getByText("lorde-2").first().waitFor();
  const again = await page.context().newPage();
  await again.goto(address(at));
  assert.equal(await again.getByLabel("Your name in the room").inputValue(), "lorde-2");
});

test("a mention is by the whole name, in any script and case, and counts in the title of a page nobody looks at", async (t) => {
  const stage = await Stage.open(t), at = port();
  const capo = await stage.peer("capo", at, "host");
  const page = await stage.member("Größe", address(at));
  const texts = {
    "hallo GRÖSSE!": ["GRÖSSE"], "@größe, größe": ["größe", "größe"], "größen": [], "xgröße": [], "größe-2 ist da": [],
    "größe- ja": ["größe"], "https://example.org/größe": [], "日本größe": [], "(größe)": ["größe"],
  };
  for (const text of Object.keys(texts)) capo.say(text);
  for (const [text, marked] of Object.entries(texts)) {
    await shows(page, text);
    assert.deepEqual(await message(page, text).locator("mark").allTextContents(), marked, text);
  }
  await page.evaluate(() => { document.hasFocus = () => false; });
  capo.say("one");
  capo.say("two");
  await page.waitForFunction(() => document.title === "(2) capo’s room – hybrid-chat");
  await page.evaluate(() => { delete document.hasFocus; dispatchEvent(new Event("focus")); });
  await page.waitForFunction(() => document.title === "capo’s room – hybrid-chat");
});

test("links are links, and nothing else is", async (t) => {
  const stage = await Stage.open(t), at = port();
  const capo = await stage.peer("capo", at, "host");
  const page = await stage.member("lorde", address(at));
  const texts = {
    "see https://example.org/a_(b), or (http://example.org/c).": ["https://example.org/a_(b)", "http://example.org/c"],
    "HTTPS://EXAMPLE.org/?q=1&r=\"x\"": ["https://example.org/?q=1&r="],
    "javascript:alert(1) data:text/html,x ftp://example.org file:///etc/passwd www.example.org": [],
    "https://google.com@example.org/ https:// http://": [],
  };
  for (const text of Object.keys(texts)) capo.say(text);
  for (const [text, expected] of Object.entries(texts)) {
    await shows(page, text);
    const links = message(page, text).locator("a");
    assert.deepEqual(await links.evaluateAll((all) => all.map((a) => a.href)), expected, text);
    for (const link of await links.all()) {
      assert.equal(await link.getAttribute("rel"), "noopener noreferrer");
      assert.equal(await link.getAttribute("target"), "_blank");
    }
  }
});

test("who reads further up stays there, and is told how much is new", async (t) => {
  const { capo, lorde } = await trio(t);
  for (let i = 0; i < 60; i++) capo.say(`line ${i}`);
  await shows(lorde, "line 59");
  await lorde.locator("#log").evaluate((log) => { log.scrollTop = 100; });
  await lorde.waitForFunction(() => document.getElementById("log").scrollTop === 100);
  // The page has to have heard of it before something comes.
  await lorde.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  capo.say("new one");
  capo.say("new two");
  await lorde.getByRole("button", { name: "2 new" }).waitFor();
  assert.equal(await lorde.locator("#log").evaluate((log) => log.scrollTop), 100);
  await lorde.getByRole("button", { name: "2 new" }).click();
  await lorde.waitForFunction(() => { const log = document.getElementById("log"); return log.scrollHeight - log.scrollTop - log.clientHeight < 2; });
  await picture(lorde, "scrolled.png");
});

test("many comings and goings fold into a line", async (t) => {
  const { stage, at, capo, lorde } = await trio(t);
  const extras = [];
  for (let i = 0; i < 4; i++) extras.push(await stage.peer(`extra-${i}`, at, "client"));
  for (const extra of extras) extra.say("/quit");
  for (let i = 0; i < 4; i++) await capo.event("left", (event) => event.name === `extra-${i}`);
  const summary = lorde.locator("summary").last();
  await summary.filter({ hasText: "5 joined, 4 left" }).waitFor();
  await summary.click();
  await lorde.getByText("extra-3").last().waitFor();
});

test("a page at an IPv6 address is like any other", async (t) => {
  const stage = await Stage.open(t), at = port();
  const capo = await stage.peer("capo", at, "host", { ip: "::1" });
  const lorde = await stage.member("lorde", address(at, "[::1]"));
  await say(lorde, "ciao");
  await capo.message("ciao");
  await shows(lorde, "ciao");
});
