// Five ways into one room: the program itself, nc, telnet, a script with a WebSocket, and a browser.
"use strict";

const { test } = require("node:test");
const assert = require("node:assert/strict");
const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { FIREFOX, Stage, address, port, say, shows, texts, within } = require("./stage");

const ROUNDS = 8;
const LAST = "that was all";

// Somebody else's program: lines in, lines out.
class Tool {
  constructor(t, command, ...rest) {
    this.lines = [];
    this.process = spawn(command, rest, { stdio: ["pipe", "pipe", "inherit"] });
    this.ended = new Promise((resolve) => this.process.on("exit", resolve));
    t.after(() => this.process.kill());
    let part = "";
    this.process.stdout.setEncoding("utf8").on("data", (text) => {
      const lines = (part + text).split("\n");
      part = lines.pop();
      this.lines.push(...lines.map((line) => line.replace(/\r$/, "")));
      this.process.emit("lines");
    });
  }

  say(text) { this.process.stdin.write(text + "\n"); }

  async prints(pattern) {
    const found = new Promise((resolve) => {
      const check = () => { if (this.lines.some((line) => pattern.test(line))) resolve(); };
      this.process.on("lines", check);
      check();
    });
    await within(`${pattern} at ${this.process.spawnfile}`, found);
  }

  end() { return within(`the end of ${this.process.spawnfile}`, this.ended); }
}

// What a text client shows of messages, as [name, text].
function typed(tool) { return tool.lines.map((line) => /^(\w+): (.*)$/.exec(line)).filter(Boolean).map((found) => found.slice(1)); }

// The same of a WebSocket's objects.
function objects(tool) { return tool.lines.map((line) => JSON.parse(line)).filter((one) => one.type === "said").map((one) => [one.from, one.text]); }

function events(peer) { return peer.events.filter((event) => event.event === "message").map((event) => [event.from, event.text]); }

async function five(t) {
  const stage = await Stage.open(t), at = port();
  const capo = await stage.peer("capo", at, "host");
  const nora = await stage.peer("nora", at, "client");
  const nico = new Tool(t, "nc", "-N", "127.0.0.1", String(at));
  const tina = new Tool(t, "telnet", "127.0.0.1", String(at));
  const pia = new Tool(t, "python3", path.join(__dirname, "websocket.py"), "127.0.0.1", String(at), "pia");
  for (const [name, tool] of Object.entries({ nico, tina })) {
    await tool.prints(/\* What is your name\?/);
    tool.say(name);
    await tool.prints(new RegExp(`^\\* you are ${name};`));
  }
  await pia.prints(/"type": "welcome"/);
  const bea = await stage.member("bea", address(at));
  await capo.event("joined", (event) => event.name === "bea");
  return { stage, capo, nora, nico, tina, pia, bea };
}

const VIA = { nora: "native", nico: "text", tina: "text", pia: "web", bea: "web" };

// The log of a room that is over: everybody came and went as expected, and no connection was forgotten.
async function assertLogged(capo, reasons) {
  capo.say("/quit");
  await within("the end of the host", capo.ended);
  const lines = fs.readFileSync(capo.log, "utf8").trimEnd().split("\n").map((line) => line.split(/\s+/).slice(1));
  const logged = (event, ...keys) => Object.fromEntries(lines.filter((line) => line[0] === event).map((line) => {
    const fields = Object.fromEntries(line.slice(2).map((field) => field.split("=")));
    return [fields.name, keys.map((key) => fields[key]).join()];
  }));
  assert.deepEqual(logged("joined", "via"), VIA);
  assert.deepEqual(logged("left", "reason"), reasons);
  const of = (...events) => lines.filter((line) => events.includes(line[0])).map((line) => line[1]).sort();
  assert.deepEqual(of("left", "ended"), of("accepted"), "each connection has one end");
  const first = new Map(lines.map((line) => [line[1], line[0]]).reverse());
  for (const [, who] of lines.filter((line) => line[0] === "joined")) assert.equal(first.get(who), "accepted");
  assert.deepEqual(lines.at(-1).filter((_, i) => i !== 1), ["closed", "reason=host-shutdown"]);
}

async function leaves(capo, name, reason, go) {
  await go();
  const left = capo.event("left", (event) => event.name === name).catch((cause) => { throw new Error(`${name} stays`, { cause }); });
  assert.equal((await left).reason, reason, name);
}

test("five clients of five kinds read the same in the same order, and each leaves in its own way", async (t) => {
  const { capo, nora, nico, tina, pia, bea } = await five(t);
  const everybody = { capo, nora, nico, tina, pia, bea };
  const said = [];
  for (let round = 0; round < ROUNDS; round++) {
    // All at once, and each round behind the one before.
    await Promise.all(Object.entries(everybody).map(async ([name, who]) => {
      const text = `${name} in round ${round}`;
      said.push([name, text]);
      if (name === "bea") await say(bea, text);
      else who.say(text);
      await capo.message(text);
    }));
  }
  capo.say(LAST);
  await Promise.all([nora.message(LAST), nico.prints(/: that was all$/), tina.prints(/: that was all$/), pia.prints(/that was all/), shows(bea, LAST)]);

  const order = events(capo);
  assert.deepEqual(order.toSorted(), [...said, ["capo", LAST]].toSorted());
  assert.deepEqual(events(nora), order);
  assert.deepEqual(objects(pia), order);
  assert.deepEqual(await texts(bea), order.map(([, text]) => text));
  // What one has typed oneself stands there already.
  assert.deepEqual(typed(nico), order.filter(([name]) => name !== "nico"));
  assert.deepEqual(typed(tina), order.filter(([name]) => name !== "tina"));

  await leaves(capo, "nora", "quit", () => nora.say("/quit"));
  assert.equal(await within("the end of nora", nora.ended), 0);
  await leaves(capo, "nico", "quit", () => nico.process.stdin.end());
  await nico.end();
  // Behind Ctrl-] telnet is told what to do itself; on one line, because it can miss a second one.
  await leaves(capo, "tina", "quit", () => tina.say("\x1dclose"));
  await tina.end();
  await leaves(capo, "pia", "quit", () => pia.say("/bye"));
  await pia.prints(/"close-frame", "code": 1000/);
  await pia.end();
  await leaves(capo, "bea", "quit", () => bea.close());
  await assertLogged(capo, { nora: "quit", nico: "quit", tina: "quit", pia: "quit", bea: "quit" });
});

// Ends a browser where it stands: first the process that has its connections, which says goodbye when another ends.
async function crash(browser) {
  if (FIREFOX) return process.kill(Number(execFileSync("pgrep", ["-P", String(process.pid), "firefox"], { encoding: "utf8" })), "SIGKILL");
  const debug = await browser.newBrowserCDPSession();
  const { processInfo } = await debug.send("SystemInfo.getProcessInfo");
  const network = processInfo.find((one) => one.type.includes("NetworkService"));
  for (const { id } of [network, ...processInfo.filter((one) => one !== network)]) process.kill(id, "SIGKILL");
}

test("whoever goes without a word is lost, and whoever says so has quit", async (t) => {
  const { stage, capo, nora, nico, tina, pia, bea } = await five(t);
  await leaves(capo, "nora", "lost", () => nora.crash());
  await leaves(capo, "pia", "lost", () => pia.say("/reset"));
  // An end of what is typed is no accident, whoever brought it about.
  await leaves(capo, "nico", "quit", () => nico.process.kill("SIGKILL"));
  await leaves(capo, "tina", "quit", () => tina.say("/quit"));
  await tina.prints(/^\* you left$/);
  await tina.end();
  await leaves(capo, "bea", "lost", () => crash(stage.browser));
  await assertLogged(capo, { nora: "lost", pia: "lost", nico: "quit", tina: "quit", bea: "lost" });
});

test("a WebSocket that is closed has quit, and one whose connection just ends is lost", async (t) => {
  const stage = await Stage.open(t), at = port();
  const capo = await stage.peer("capo", at, "host");
  for (const [how, reason] of [["/close", "quit"], ["/drop", "lost"]]) {
    const name = `pia${how.replace("/", "-")}`;
    const pia = new Tool(t, "python3", path.join(__dirname, "websocket.py"), "127.0.0.1", String(at), name);
    await pia.prints(/"type": "welcome"/);
    await leaves(capo, name, reason, () => pia.say(how));
    await pia.end();
    if (how === "/close") await pia.prints(/"close-frame", "code": 1000/);
  }
});
