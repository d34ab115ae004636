// What every test needs: rooms hosted by real executables, and pages in a real browser that may not complain.
//
// It knows how to start, ask and end them; it knows nothing of what is tested.
"use strict";

const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { chromium, firefox } = require("playwright-core");

const ROOT = path.join(__dirname, "..", "..");
const TARGET = process.env.CARGO_TARGET_DIR || path.join(ROOT, "target");
const PROGRAM = path.join(TARGET, "debug", "hybrid-chat");
const PICTURES = path.join(TARGET, "browser", "pictures");
const FIREFOX = process.env.BROWSER === "firefox";
const EXECUTABLE = FIREFOX ? process.env.FIREFOX || "/usr/bin/firefox-esr" : process.env.CHROMIUM || "/usr/bin/chromium";
// Chromium phones nobody, needs no display, and forgets everything.
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
// What the driver of Firefox adds to a page before it takes its picture, and the page's policy forbids.
const DRIVER = /'sha256-YjaKGiklmzC6wjXA513HAMmzus8VE61XCOT\+SmwNZWA='/;
// Far away: what is waited for comes long before, or never.
const DEADLINE = 30000;

// A port of its own for every room: below those of outgoing connections, none that browsers refuse, and none of the
// integration tests, which may run in another work tree.
let next = 22000 + (process.pid * 37) % 10000;
function port() { return next++; }

// A native peer, driven by lines and read as events.
class Peer {
  constructor(name, port, role, options = {}) {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "hybrid-chat-browser-"));
    const before = options.inside ? ["ip", "netns", "exec", options.inside] : [];
    // On a LAN, peers find one another.
    const where = options.inside ? [] : ["--no-discovery", options.ip || "127.0.0.1"];
    const command = before.concat(PROGRAM, "--json", "--role", role, "--name", name, "--port", String(port),
      "--log", this.log, where);
    this.events = [];
    this.waiting = [];
    this.process = spawn(command[0], command.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
    this.ended = new Promise((resolve) => this.process.on("exit", resolve));
    this.process.stdin.on("error", () => { /* It has been killed. */ });
    let rest = "";
    this.process.stdout.setEncoding("utf8").on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines) this.events.push(JSON.parse(line));
      this.waiting = this.waiting.filter((check) => !check());
    });
  }

  // The connections log, while the folder is there.
  get log() { return path.join(this.folder, "connections.log"); }

  say(text) { this.process.stdin.write(text.includes("\n") ? JSON.stringify({ type: "say", text }) + "\n" : text + "\n"); }

  // The first event that fits, also if it has come already.
  event(kind, fits = () => true) {
    return within(`${kind} at a peer`, new Promise((resolve) => {
      const check = () => {
        const found = this.events.find((event) => event.event === kind && fits(event));
        if (found) resolve(found);
        return Boolean(found);
      };
      if (!check()) this.waiting.push(check);
    }));
  }

  message(text) { return this.event("message", (event) => event.text === text); }

  messages() { return this.events.filter((event) => event.event === "message" && !event.private).map((event) => event.text); }

  async crash() {
    this.process.kill("SIGKILL");
    await this.ended;
  }

  async end() {
    this.process.kill("SIGTERM");
    await within("the end of a peer", this.ended);
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

// A LAN of network namespaces; the browser is on its last host.
class Lan {
  constructor(hosts) {
    this.name = `web${process.pid}n${next++}`.slice(0, 20);
    this.last = hosts;
    this.does("up", String(hosts));
  }

  // What drives Firefox talks to it over the network, and so does not reach it there.
  static get isPossible() { return !FIREFOX && process.getuid && process.getuid() === 0; }

  does(command, ...rest) { execFileSync(path.join(ROOT, "scripts", "lan.sh"), [command, this.name, ...rest], { stdio: ["ignore", "ignore", "inherit"] }); }

  host(number) { return `${this.name}-h${number}`; }

  // The same program, on the last host.
  program(of) {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "hybrid-chat-browser-"));
    const file = path.join(this.folder, "browser");
    fs.writeFileSync(file, `#!/bin/sh\nexec ip netns exec ${this.host(this.last)} ${of} "$@"\n`, { mode: 0o755 });
    return file;
  }

  down() {
    this.does("down");
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

function within(what, promise) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), DEADLINE); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// One test's rooms, browser and pages, with all that a page has complained about.
class Stage {
  static async open(t, options = {}) {
    const stage = new Stage();
    stage.peers = [];
    stage.complaints = [];
    // What a browser says by itself when nobody answers.
    stage.expected = /^$/;
    stage.lan = options.hosts ? new Lan(options.hosts) : null;
    t.after(() => stage.close());
    stage.browser = await launch(stage.lan ? stage.lan.program(EXECUTABLE) : EXECUTABLE, "light");
    return stage;
  }

  // Browser first: it holds connections. Then the complaints, which no test may leave.
  async close() {
    for (const browser of [this.browser, this.dark]) if (browser) await browser.close();
    await Promise.all(this.peers.map((peer) => peer.end()));
    if (this.lan) this.lan.down();
    const complaints = this.complaints.filter((text) => !this.expected.test(text) && !DRIVER.test(text));
    if (complaints.length) throw new Error(`a page complained:\n${complaints.join("\n")}`);
  }

  async peer(name, port, role, options) {
    const peer = new Peer(name, port, role, options);
    this.peers.push(peer);
    await peer.event("roster");
    return peer;
  }

  // The browser that likes these colours. For Firefox that is one of its own.
  async liking(colours) {
    if (!FIREFOX || colours !== "dark") return this.browser;
    this.dark = this.dark || await launch(EXECUTABLE, colours);
    return this.dark;
  }

  // A page at the door.
  async page(address, options = {}) {
    const browser = await this.liking(options.colorScheme);
    const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, colorScheme: "light", locale: "en-GB", ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(DEADLINE);
    page.on("console", (message) => { if (["error", "warning"].includes(message.type())) this.complaints.push(message.text()); });
    page.on("pageerror", (error) => this.complaints.push(error.stack || error.message));
    // Firefox says so itself.
    if (!FIREFOX) await page.addInitScript(() => {
      addEventListener("securitypolicyviolation", (event) => console.error("CSP", event.violatedDirective, event.blockedURI));
    });
    await page.goto(address);
    return page;
  }

  // A page in the room.
  async member(name, address, options) {
    const page = await this.page(address, options);
    await enter(page, name);
    return page;
  }
}

// Firefox is the system's own, driven by WebDriver BiDi. Which colours it likes it has to know when it starts.
function launch(executablePath, colours) {
  if (!FIREFOX) return chromium.launch({ executablePath, args: FLAGS });
  const firefoxUserPrefs = { "layout.css.prefers-color-scheme.content-override": colours === "dark" ? 0 : 1 };
  return firefox.launch({ executablePath, channel: "moz-firefox", firefoxUserPrefs });
}

async function enter(page, name) {
  await page.getByLabel("Your name in the room").fill(name);
  await page.keyboard.press("Enter");
  await page.getByLabel("Message", { exact: true }).waitFor();
}

async function say(page, text) {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.keyboard.press("Enter");
}

// A message in the list, by its whole text.
function message(page, text) { return page.locator("#rows .row .text").filter({ hasText: new RegExp(`^${escaped(text)}$`) }); }

function escaped(text) { return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"); }

async function shows(page, text) { await message(page, text).first().waitFor(); }

// All messages' texts, in the order in which they stand.
function texts(page) { return page.locator("#rows .row .text").allTextContents(); }

function address(port, ip = "127.0.0.1") { return `http://${ip}:${port}/`; }

async function picture(page, name) {
  fs.mkdirSync(PICTURES, { recursive: true });
  // Nothing is added to the page for it, which its policy would not let in.
  await page.screenshot({ path: path.join(PICTURES, name), caret: "initial", animations: "allow" });
}

module.exports = { FIREFOX, Lan, Stage, address, enter, message, picture, port, say, shows, texts, within };
