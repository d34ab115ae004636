// For everybody: no violation of axe's rules in any look, all by keyboard, and pictures of what it looks like.
"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const { Stage, address, enter, message, picture, port, say, shows } = require("./stage");

const AXE = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

async function hasNoViolation(page, where) {
  // Evaluated by the debugger, which no policy binds.
  const found = await page.evaluate(`${AXE}; axe.run(document, { resultTypes: ["violations"] })`);
  const violations = found.violations.map((one) => `${one.id}: ${one.help}\n  ${one.nodes.map((node) => node.html + " " + node.failureSummary).join("\n  ")}`);
  assert.deepEqual(violations, [], where);
}

// Who looks at the room in which way.
const LOOKS = {
  light: ["lorde", { colorScheme: "light" }],
  dark: ["mila", { colorScheme: "dark" }],
  narrow: ["pippo", { colorScheme: "light", viewport: { width: 320, height: 640 } }],
  "narrow-dark": ["noa", { colorScheme: "dark", viewport: { width: 320, height: 640 } }],
};

// Everything that looks different: of others and ours, long and short, to all and to one, plain, marked, refused.
async function conversation(anna, bert, pages) {
  const { light: lorde, dark: mila, narrow: pippo } = pages;
  const told = async (who, text) => {
    if (who.say) who.say(text);
    else await say(who, text);
    for (const page of Object.values(pages)) await shows(page, text);
  };
  await told(anna, "Good morning! The build is out: https://ci.example/412");
  await told(bert, "Thanks. Two tests are red on my machine:\n  wide_characters\n  slow_reader");
  await told(bert, "lorde, can you look at the second one?");
  await told(lorde, "I can, right after this.");
  await told(mila, "The first one is mine, it needs a font that the laptops lack.");
  await say(lorde, "/me fetches a coffee first");
  await told(pippo, "תודה, Lorde!");
  bert.say("/msg lorde it is only red on Windows, by the way");
  await shows(lorde, "it is only red on Windows, by the way");
  await say(lorde, "/dance");
  await lorde.getByText("There is no command /dance").waitFor();
  await lorde.locator("#text").fill("");
}

test("axe finds nothing, light, dark or narrow, at the door and in the room", async (t) => {
  const stage = await Stage.open(t), at = port();
  const anna = await stage.peer("anna", at, "host");
  const bert = await stage.peer("bert", at, "client");
  const pages = {};
  for (const [look, [name, options]] of Object.entries(LOOKS)) {
    const page = pages[look] = await stage.page(address(at), options);
    await hasNoViolation(page, `the door, ${look}`);
    await picture(page, `door-${look}.png`);
    await enter(page, name);
  }
  await conversation(anna, bert, pages);
  for (const [look, page] of Object.entries(pages)) {
    await hasNoViolation(page, `the room, ${look}`);
    await picture(page, `${look}.png`);
  }
  const narrow = pages.narrow;
  await narrow.getByRole("button", { name: "6 here" }).click();
  await hasNoViolation(narrow, "the list of people");
  await picture(narrow, "people.png");
  assert.ok(await narrow.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
});

test("everything can be done with the keyboard alone", async (t) => {
  const stage = await Stage.open(t), at = port();
  const capo = await stage.peer("capo", at, "host");
  const page = await stage.page(address(at), { viewport: { width: 320, height: 600 } });
  await page.keyboard.type("lorde");
  await page.keyboard.press("Enter");
  await page.locator("#text:focus").waitFor();
  await page.keyboard.type("hello");
  await page.keyboard.press("Enter");
  await capo.message("hello");
  await page.locator("#here").focus();
  await page.keyboard.press("Enter");
  await page.locator("#roster button:focus").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#here:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.locator("#roster button:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.locator("#text:focus").waitFor();
  assert.equal(await page.locator("#text").inputValue(), "/msg capo ");
  await page.keyboard.type("psst");
  await page.keyboard.press("Enter");
  assert.equal((await capo.message("psst")).private, true);
});

test("who listens is read what is new, and neither a past nor what is counted", async (t) => {
  const stage = await Stage.open(t), at = port();
  const capo = await stage.peer("capo", at, "host");
  for (let i = 0; i < 50; i++) capo.say(`past ${i}`);
  await capo.message("past 49");
  const page = await stage.page(address(at));
  // What every added message would be to a live region.
  await page.evaluate(() => {
    window.live = {};
    new MutationObserver((changes) => {
      for (const added of changes.flatMap((change) => [...change.addedNodes])) {
        window.live[added.textContent] = document.getElementById("log").getAttribute("aria-live") || "polite";
      }
    }).observe(document.getElementById("rows"), { childList: true });
  });
  await enter(page, "lorde");
  await shows(page, "past 49");
  await page.waitForFunction(() => !document.getElementById("log").hasAttribute("aria-live"));
  capo.say("new");
  await shows(page, "new");
  const live = await page.evaluate(() => window.live);
  const of = (text) => Object.entries(live).filter(([row]) => row.endsWith(text)).map(([, how]) => how);
  assert.deepEqual([of("past 0"), of("past 49"), of("new")], [["off"], ["off"], ["polite"]]);
  for (const id of ["earlier", "unsent"]) assert.equal(await page.locator(`#${id}`).getAttribute("aria-live"), "off");
});

test("a phone's keyboard, a small or magnified page and large letters leave what one needs in view", async (t) => {
  const stage = await Stage.open(t), at = port();
  const capo = await stage.peer("capo", at, "host");
  // A window of 1280 by 1024 at 400 %.
  const page = await stage.page(address(at), { viewport: { width: 320, height: 256 } });
  const size = (field) => page.locator(field).evaluate((one) => parseFloat(getComputedStyle(one).fontSize));
  assert.ok(await size("#name") >= 16, "else phones magnify the page when it is tapped");
  await enter(page, "lorde");
  assert.ok(await size("#text") >= 16);
  for (let i = 0; i < 30; i++) capo.say(`line ${i}`);
  await shows(page, "line 29");
  await page.waitForFunction(() => { const log = document.getElementById("log"); return log.scrollHeight - log.scrollTop - log.clientHeight < 2; });
  await picture(page, "magnified.png");
  const sees = (one) => one.evaluate((it) => { const box = it.getBoundingClientRect(); return box.top >= 0 && box.bottom <= visualViewport.height + 1; });
  for (const one of [message(page, "line 29"), page.locator("#text")]) assert.ok(await sees(one));
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight));
  // Where a keyboard is laid over the page.
  await page.setViewportSize({ width: 390, height: 700 });
  const cover = (height) => page.evaluate((height) => {
    Object.defineProperty(visualViewport, "height", { value: height, configurable: true });
    visualViewport.dispatchEvent(new Event("resize"));
  }, height);
  await cover(350);
  for (const one of [message(page, "line 29"), page.locator("#text")]) assert.ok(await sees(one));
  await cover(700);
  assert.equal(await page.locator("#room").evaluate((room) => room.offsetHeight), 700);
});
