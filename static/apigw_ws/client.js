/**
 * A WebSocket to Amazon API Gateway that stays connected: it reconnects after a drop, sends a message before
 * API Gateway's idle limit (10 minutes) and moves to a new connection before its age limit (2 hours).
 *
 *     import { GatewaySocket } from "/static/apigw_ws/client.js";
 *
 *     const socket = new GatewaySocket("wss://ab12cd34ef.execute-api.eu-west-1.amazonaws.com/production");
 *     socket.addEventListener("message", (event) => console.log(event.data));
 *     socket.connect();
 *     socket.send({ action: "say", text: "Hello" });
 *     const { now } = await socket.request("time");
 *
 * Limits are API Gateway's:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 *
 * @typedef {"closed" | "connecting" | "open" | "waiting"} State
 *
 * @typedef {object} Options  All durations are in milliseconds.
 * @property {string | (() => string | Promise<string>)} [token]  Before every connect: the URL of a
 *   WebSocketTokenView to POST to, or a function that answers a token. It is sent as `?ws_token=`.
 * @property {string} [csrfToken]  Sent with that POST. Without it, the cookie named `csrfCookie` is read.
 * @property {string} [csrfCookie]
 * @property {string | string[]} [protocols]  Subprotocols. The `$connect` handler must choose one of them.
 * @property {number} [keepAlive]  Silence, in both directions, after which `keepAliveMessage` is sent.
 * @property {unknown} [keepAliveMessage]
 * @property {number} [maxAge]  A connection is replaced at this age, or up to a tenth earlier (at random).
 * @property {number} [linger]  How long a replaced connection still listens beside its successor.
 * @property {number} [backoffBase]  The wait before attempt n is random between 0 and base * 2 ** n...
 * @property {number} [backoffCap]  ...and never above this.
 * @property {number} [stableAfter]  A connection that lasted this long starts the next back-off afresh.
 * @property {number} [connectTimeout]  For the token and the handshake together.
 * @property {number} [requestTimeout]
 * @property {number} [queueLimit]  How many messages wait for a connection.
 *
 * @typedef {{ ws: WebSocket, openedAt: number, activeAt: number, renewAt: number }} Link
 */

const MINUTE = 60_000;
const IDLE_LIMIT = 10 * MINUTE;
const FRAME_LIMIT = 32 * 1024;

/** @type {Required<Omit<Options, "token" | "csrfToken" | "protocols">>} */
const DEFAULTS = {
  csrfCookie: "csrftoken",
  keepAlive: 8 * MINUTE,
  keepAliveMessage: { action: "ping" },
  maxAge: 110 * MINUTE,
  linger: 5_000,
  backoffBase: 1_000,
  backoffCap: 30_000,
  stableAfter: 5_000,
  connectTimeout: 30_000,
  requestTimeout: 10_000,
  queueLimit: 100,
};

/** What went wrong. `code` is one of: connect, token, gateway, timeout, lost, closed, too_large, queue_full. */
export class GatewaySocketError extends Error {
  name = "GatewaySocketError";

  /** @param {string} code @param {string} message @param {object} [facts] */
  constructor(code, message, facts) {
    super(message);
    Object.assign(this, { code }, facts);
  }
}

/** "Full jitter" (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). */
export function backoff(attempt, { backoffBase, backoffCap }, random = Math.random) {
  return random() * Math.min(backoffCap, backoffBase * 2 ** attempt);
}

/** What a connection needs now, and when to ask again: API Gateway has already dropped one idle for too long. */
export function nextStep(now, { activeAt, renewAt }, keepAlive) {
  if (now >= renewAt || now - activeAt >= IDLE_LIMIT) return { step: "renew", after: MINUTE };
  if (now - activeAt >= keepAlive) return { step: "ping", after: Math.min(keepAlive, MINUTE) };
  return { step: "wait", after: Math.min(activeAt + keepAlive - now, renewAt - now, MINUTE) };
}

/** The text of a frame. Browsers send a message as one frame, and API Gateway answers a longer one with 1009. */
export function encode(message) {
  const text = typeof message === "string" ? message : JSON.stringify(message);
  const bytes = new TextEncoder().encode(text).length;
  if (bytes <= FRAME_LIMIT) return text;
  const limit = `API Gateway closes a connection that sends more than ${FRAME_LIMIT} at once`;
  throw new GatewaySocketError("too_large", `The message has ${bytes} bytes; ${limit}. Split it.`, { bytes });
}

export function decode(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** API Gateway's own frame, such as {"message": "Forbidden", "connectionId": "…", "requestId": "…"}. */
export function isGatewayError(data) {
  return typeof data?.message === "string" && typeof data.connectionId === "string"
    && Object.keys(data).every((key) => ["message", "connectionId", "requestId", "messageId"].includes(key));
}

/** While two connections are open a broadcast arrives on both: tells each message's first arrival. */
export class Overlap {
  /** @type {Map<string, number>} Arrivals on the older connection, less those on the newer one. */
  #lead = new Map();

  isFirst(text, fromOlder) {
    const step = fromOlder ? 1 : -1;
    const lead = this.#lead.get(text) ?? 0;
    this.#lead.set(text, lead + step);
    return lead * step >= 0;
  }
}

function cookie(name) {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

async function fetchToken({ token, csrfToken, csrfCookie }, signal) {
  if (typeof token === "function") return token();
  const headers = { Accept: "application/json", "X-CSRFToken": csrfToken ?? cookie(csrfCookie) };
  const response = await fetch(token, { method: "POST", headers, redirect: "manual", signal });
  if (response.ok) return (await response.json()).token;
  const { status } = response; // 0: a redirect, most likely to a login page.
  throw new GatewaySocketError("token", `The token URL answered ${status || "with a redirect"}.`, { status });
}

/**
 * Fires: `open` (detail: `renewed`, `reconnected`), `message` (`data`: the JSON, or the text where it is none),
 * `close` (as a WebSocket's), `reconnecting` (detail: `attempt`, `delay`), `state` (detail: `state`, `previous`)
 * and `error` (detail: a GatewaySocketError).
 */
export class GatewaySocket extends EventTarget {
  #url;
  #options;
  #wanted = false;
  #opened = false;
  /** @type {State} */ #announced = "closed";
  /** @type {Link | null} */ #current = null;
  /** @type {Link | null} */ #newest = null;
  /** @type {Set<Link>} */ #retiring = new Set();
  /** @type {Overlap | null} */ #overlap = null;
  /** @type {AbortController | null} */ #attempt = null;
  /** @type {AbortController | null} */ #browserEvents = null;
  #failures = 0;
  #retryTimer = 0;
  #watchTimer = 0;
  /** @type {{ text: string, id?: string }[]} */ #queue = [];
  #pending = new Map();
  #requests = 0;
  #idPrefix = Math.random().toString(36).slice(2, 8);

  /**
   * @param {string | (() => string | Promise<string>)} url  The gateway's wss:// URL with its stage, or a function
   *   that answers it before every connect (say, with the channel the user is in by then).
   * @param {Options} [options]
   */
  constructor(url, options = {}) {
    super();
    this.#url = url;
    this.#options = { ...DEFAULTS, ...options };
  }

  /** @returns {State} */
  get state() {
    if (!this.#wanted) return "closed";
    if (this.#current) return "open";
    return this.#attempt ? "connecting" : "waiting";
  }

  /** Connects, and stays connected until close(). */
  connect() {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#failures = 0;
    this.#listenToBrowser();
    this.#open();
  }

  /** Closes for good. Waiting messages are dropped, open requests rejected. */
  close(code = 1000, reason = "") {
    if (!this.#wanted) return;
    this.#wanted = false;
    this.#browserEvents.abort();
    this.#attempt?.abort();
    this.#attempt = null;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = 0;
    this.#queue = [];
    this.#rejectAll(() => true, "closed", "close() was called.");
    for (const link of this.#retiring) link.ws.close(1000);
    if (this.#current) this.#drop(this.#current, code, reason);
    this.#announce();
  }

  /**
   * Sends an object as JSON, a string as it is. Without a connection the message waits for one.
   * @returns {boolean} False where it waits. True says that it left, not that it arrived: ask with request().
   * @throws {GatewaySocketError} too_large, queue_full, closed
   */
  send(message) {
    return this.#submit({ text: encode(message) }) !== null;
  }

  /**
   * Sends `{ action, ...data, request_id }`; resolves to the message that carries the same `request_id`.
   * @param {string} action
   * @param {object} [data]
   * @param {{ timeout?: number }} [options]
   * @returns {Promise<any>} Rejected with timeout, lost (the connection that would carry the reply is gone), closed,
   *   too_large or queue_full.
   */
  async request(action, data = {}, { timeout = this.#options.requestTimeout } = {}) {
    const id = `${this.#idPrefix}-${++this.#requests}`;
    const link = this.#submit({ id, text: encode({ ...data, action, request_id: id }) });
    return new Promise((resolve, reject) => {
      const late = new GatewaySocketError("timeout", `No reply to “${action}” within ${timeout} ms.`);
      const timer = setTimeout(() => this.#settle(id, "reject", late), timeout);
      this.#pending.set(id, { link, timer, resolve, reject });
    });
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #announce() {
    const previous = this.#announced;
    const state = (this.#announced = this.state);
    if (state !== previous) this.#emit("state", { state, previous });
  }

  #listenToBrowser() {
    const { signal } = (this.#browserEvents = new AbortController());
    const now = () => (this.#retryTimer ? this.#open() : this.#watch());
    addEventListener("online", now, { signal });
    addEventListener("pageshow", now, { signal });
    addEventListener("visibilitychange", () => document.visibilityState === "visible" && now(), { signal });
    // A socket does not notice that the network went. Attempts go on: browsers are at times wrong about it.
    addEventListener("offline", () => this.#current && this.#drop(this.#current, 4000, "offline"), { signal });
  }

  async #open() {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = 0;
    const attempt = (this.#attempt = new AbortController());
    const late = new GatewaySocketError("connect", `No connection within ${this.#options.connectTimeout} ms.`);
    const timer = setTimeout(() => attempt.abort(late), this.#options.connectTimeout);
    this.#overlap = this.#current && new Overlap();
    this.#announce();
    const given = new Promise((_, reject) => {
      attempt.signal.addEventListener("abort", () => reject(attempt.signal.reason));
    });
    try {
      const link = await Promise.race([this.#dial(attempt.signal), given]);
      this.#adopt(link);
    } catch (error) {
      if (attempt !== this.#attempt) return; // close() ended it.
      this.#attempt = null;
      this.#emit("error", error);
      this.#retry();
    } finally {
      clearTimeout(timer);
    }
  }

  async #dial(signal) {
    const url = new URL(typeof this.#url === "function" ? await this.#url() : this.#url);
    if (this.#options.token) url.searchParams.set("ws_token", await fetchToken(this.#options, signal));
    signal.throwIfAborted();
    const ws = new WebSocket(url, this.#options.protocols ?? []);
    const link = (this.#newest = { ws, openedAt: 0, activeAt: 0, renewAt: 0 });
    ws.onmessage = (event) => this.#receive(link, event.data);
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => ws.close());
      ws.onopen = () => resolve(link);
      ws.onclose = () => reject(new GatewaySocketError("connect", "The connection was refused or failed."));
    });
  }

  #adopt(link) {
    const previous = this.#current;
    const now = Date.now();
    Object.assign(link, { openedAt: now, activeAt: now });
    link.renewAt = now + this.#options.maxAge * (1 - Math.random() / 10);
    link.ws.onclose = (event) => this.#lost(link, event);
    this.#current = link;
    this.#attempt = null;
    if (previous) this.#retire(previous);
    const reconnected = this.#opened;
    this.#opened = true;
    this.#announce();
    this.#emit("open", { reconnected, renewed: previous !== null });
    this.#flush();
    this.#watch();
  }

  #retire(link) {
    this.#retiring.add(link);
    const end = () => {
      const awaited = [...this.#pending.values()].some((request) => request.link === link);
      if (awaited) setTimeout(end, 100);
      else link.ws.close(1000, "renewed");
    };
    setTimeout(end, this.#options.linger);
  }

  /** Ends a connection without waiting for the other side, which may be out of reach. */
  #drop(link, code, reason) {
    link.ws.onclose = link.ws.onmessage = null;
    link.ws.close(code, reason);
    this.#lost(link, { code, reason, wasClean: code === 1000 });
  }

  #lost(link, { code, reason, wasClean }) {
    this.#retiring.delete(link);
    if (!this.#retiring.size) this.#overlap = null;
    this.#rejectAll((request) => request.link === link, "lost", "The connection closed before the reply came.");
    if (link !== this.#current) return;
    this.#current = null;
    clearTimeout(this.#watchTimer);
    if (Date.now() - link.openedAt >= this.#options.stableAfter) this.#failures = 0;
    this.#announce();
    this.dispatchEvent(new CloseEvent("close", { code, reason, wasClean }));
    if (this.#wanted && !this.#attempt && !this.#retryTimer) this.#retry();
  }

  #retry() {
    const delay = backoff(this.#failures++, this.#options);
    this.#retryTimer = setTimeout(() => this.#open(), delay);
    this.#announce();
    this.#emit("reconnecting", { attempt: this.#failures, delay });
  }

  #watch() {
    clearTimeout(this.#watchTimer);
    if (!this.#current) return;
    const { step, after } = nextStep(Date.now(), this.#current, this.#options.keepAlive);
    this.#watchTimer = setTimeout(() => this.#watch(), after);
    if (step === "ping") this.#transmit(encode(this.#options.keepAliveMessage));
    if (step !== "renew" || this.#attempt || this.#retryTimer) return;
    this.#failures = 0;
    this.#open();
  }

  #submit(entry) {
    if (this.#current?.ws.readyState === WebSocket.OPEN) return this.#transmit(entry.text);
    if (!this.#wanted) throw new GatewaySocketError("closed", "The socket is closed: call connect() first.");
    const { queueLimit } = this.#options;
    const full = `${queueLimit} messages already wait for a connection.`;
    if (this.#queue.length >= queueLimit) throw new GatewaySocketError("queue_full", full);
    this.#queue.push(entry);
    return null;
  }

  #transmit(text) {
    this.#current.ws.send(text);
    this.#current.activeAt = Date.now();
    return this.#current;
  }

  #flush() {
    while (this.#queue.length && this.#current?.ws.readyState === WebSocket.OPEN) {
      const { id, text } = this.#queue.shift();
      const link = this.#transmit(text);
      if (id) this.#pending.get(id).link = link;
    }
  }

  #receive(link, text) {
    link.activeAt = Date.now();
    if (this.#overlap && !this.#overlap.isFirst(text, link !== this.#newest)) return;
    const data = decode(text);
    if (isGatewayError(data)) {
      this.#emit("error", new GatewaySocketError("gateway", data.message, { frame: data }));
      return;
    }
    this.#settle(data?.request_id, "resolve", data);
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  #settle(id, how, value) {
    const request = this.#pending.get(id);
    if (!request) return;
    this.#pending.delete(id);
    this.#queue = this.#queue.filter((entry) => entry.id !== id);
    clearTimeout(request.timer);
    request[how](value);
  }

  #rejectAll(which, code, message) {
    for (const [id, request] of this.#pending) {
      if (which(request)) this.#settle(id, "reject", new GatewaySocketError(code, message));
    }
  }
}
