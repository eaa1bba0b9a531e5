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
 * The limits: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
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
 * @property {number} [backoffBase]  The wait before attempt n is random between 0 and base * 2 ** n...
 * @property {number} [backoffCap]  ...and never above this.
 * @property {number} [stableAfter]  A connection that lasted this long starts the next back-off afresh.
 * @property {number} [connectTimeout]  For the token and the handshake together.
 * @property {number} [requestTimeout]  A replaced connection, too, goes on listening for so long.
 * @property {number} [queueLimit]  How many messages wait for a connection.
 *
 * @typedef {{ ws: WebSocket, openedAt: number, activeAt: number, renewAt: number }} Link
 *
 * @typedef {object} Entry  A message on its way. A request has the last four as well.
 * @property {string} text
 * @property {Link} [link]  What it was sent on.
 * @property {string} [id]
 * @property {number} [timer]
 * @property {(reply: any) => void} [resolve]
 * @property {(error: GatewaySocketError) => void} [reject]
 */

const MINUTE = 60_000;
const IDLE_LIMIT = 10 * MINUTE;
const FRAME_LIMIT = 32 * 1024;

const DEFAULTS = {
  csrfCookie: "csrftoken",
  keepAlive: 8 * MINUTE,
  keepAliveMessage: { action: "ping" },
  maxAge: 110 * MINUTE,
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

/**
 * Fires: `open` (detail: `renewed`, `reconnected`), `message` (`data`: the JSON, or the text where it is none; not
 * for replies to `request`), `close` (as a WebSocket's), `reconnecting` (detail: `attempt`, `delay`), `state`
 * (detail: `state`, `previous`) and `error` (detail: a GatewaySocketError).
 */
export class GatewaySocket extends EventTarget {
  #url;
  #options;
  #wanted = false;
  #hasOpened = false;
  #failures = 0;
  #retryTimer = 0;
  #watchTimer = 0;
  #requests = 0;
  #idPrefix = Math.random().toString(36).slice(2, 8);
  /** @type {State} */ #announced = "closed";
  /** @type {Link | null} What messages are sent on. */ #current = null;
  /** @type {{ older: Link, lead: Map<string, number> } | null} Two connections are open. */ #overlap = null;
  /** @type {AbortController | null} Ends the connect that is under way. */ #attempt = null;
  /** @type {AbortController | null} Ends the watch on the browser's events. */ #watching = null;
  /** @type {Entry[]} */ #queue = [];
  /** @type {Map<string, Entry>} Requests without a reply. */ #pending = new Map();

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
    this.#watching?.abort();
    this.#attempt?.abort();
    this.#attempt = null;
    this.#cancelRetry();
    this.#queue = [];
    this.#rejectAll("closed", "close() was called.");
    if (this.#overlap) this.#drop(this.#overlap.older, code, reason);
    if (this.#current) this.#drop(this.#current, code, reason);
    this.#announce();
  }

  /**
   * Sends an object as JSON, a string as it is. Without a connection the message waits for one.
   * @param {unknown} message
   * @returns {boolean} False where it waits. True says that it left, not that it arrived: ask with request().
   * @throws {GatewaySocketError} too_large, queue_full, closed
   */
  send(message) {
    return this.#submit({ text: encode(message) });
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
    /** @type {Entry} */
    const entry = { id, text: encode({ ...data, action, request_id: id }) };
    this.#submit(entry);
    const late = new GatewaySocketError("timeout", `No reply to “${action}” within ${timeout} ms.`);
    entry.timer = setTimeout(() => this.#take(id)?.reject?.(late), timeout);
    this.#pending.set(id, entry);
    return new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
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
    const { signal } = (this.#watching = new AbortController());
    const now = () => (this.#retryTimer ? this.#open() : this.#watch());
    addEventListener("online", now, { signal });
    addEventListener("pageshow", now, { signal });
    addEventListener("visibilitychange", () => document.visibilityState === "visible" && now(), { signal });
    // A socket does not notice that the network went. Attempts go on: browsers are at times wrong about it.
    addEventListener("offline", () => this.#current && this.#drop(this.#current, 4000, "offline"), { signal });
  }

  async #open() {
    this.#cancelRetry();
    const attempt = (this.#attempt = new AbortController());
    const late = new GatewaySocketError("connect", `No connection within ${this.#options.connectTimeout} ms.`);
    const timer = setTimeout(() => attempt.abort(late), this.#options.connectTimeout);
    this.#overlap = this.#current && { older: this.#current, lead: new Map() };
    this.#announce();
    try {
      this.#adopt(await unlessAborted(attempt.signal, this.#dial(attempt.signal)));
    } catch (error) {
      if (attempt !== this.#attempt) return; // close() ended it.
      this.#attempt = null;
      this.#emit("error", error);
      this.#retry();
    } finally {
      clearTimeout(timer);
    }
  }

  /** @returns {Promise<WebSocket>} An open one. */
  async #dial(signal) {
    const url = new URL(typeof this.#url === "function" ? await this.#url() : this.#url);
    if (this.#options.token) url.searchParams.set("ws_token", await fetchToken(this.#options, signal));
    signal.throwIfAborted();
    const ws = new WebSocket(url, this.#options.protocols ?? []);
    signal.addEventListener("abort", () => ws.close());
    return new Promise((resolve, reject) => {
      ws.onopen = () => resolve(ws);
      ws.onclose = () => reject(new GatewaySocketError("connect", "The connection was refused or failed."));
    });
  }

  /** @param {WebSocket} ws */
  #adopt(ws) {
    const now = Date.now();
    const link = { ws, openedAt: now, activeAt: now, renewAt: now + this.#options.maxAge * (1 - Math.random() / 10) };
    ws.onmessage = (event) => this.#receive(link, event.data);
    ws.onclose = (event) => this.#lost(link, event);
    const older = this.#current;
    if (older) setTimeout(() => older.ws.close(1000, "renewed"), this.#options.requestTimeout);
    const detail = { renewed: older !== null, reconnected: this.#hasOpened };
    this.#current = link;
    this.#attempt = null;
    this.#hasOpened = true;
    this.#announce();
    this.#emit("open", detail);
    for (const entry of this.#queue.splice(0)) this.#submit(entry);
    this.#watch();
  }

  /** Ends a connection without waiting for the other side, which may be out of reach. */
  #drop(link, code, reason) {
    link.ws.onclose = link.ws.onmessage = null;
    link.ws.close(code, reason);
    this.#lost(link, { code, reason, wasClean: code === 1000 });
  }

  #lost(link, { code, reason, wasClean }) {
    if (link === this.#overlap?.older) this.#overlap = null;
    this.#rejectAll("lost", "The connection closed before the reply came.", link);
    if (link !== this.#current) return;
    this.#current = null;
    clearTimeout(this.#watchTimer);
    if (Date.now() - link.openedAt >= this.#options.stableAfter) this.#failures = 0;
    this.#announce();
    this.dispatchEvent(new CloseEvent("close", { code, reason, wasClean }));
    if (this.#wanted && !this.#attempt && !this.#retryTimer) this.#retry();
  }

  /** Waits with "full jitter": https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ */
  #retry() {
    const { backoffBase, backoffCap } = this.#options;
    const delay = Math.random() * Math.min(backoffCap, backoffBase * 2 ** this.#failures++);
    this.#retryTimer = setTimeout(() => this.#open(), delay);
    this.#announce();
    this.#emit("reconnecting", { attempt: this.#failures, delay });
  }

  #cancelRetry() {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = 0;
  }

  /** Does what the connection needs by now. Timers are late in hidden pages and stand still in sleep. */
  #watch() {
    clearTimeout(this.#watchTimer);
    const [link, now, { keepAlive, keepAliveMessage }] = [this.#current, Date.now(), this.#options];
    if (!link) return;
    if (now - link.activeAt >= IDLE_LIMIT) return this.#drop(link, 4000, "idle"); // API Gateway has done so.
    if (now - link.activeAt >= keepAlive) this.#transmit(link, encode(keepAliveMessage));
    if (now >= link.renewAt) {
      link.renewAt = Infinity; // #retry repeats it.
      this.#failures = 0;
      this.#open();
    }
    const next = Math.min(link.activeAt + keepAlive, link.renewAt) - now;
    this.#watchTimer = setTimeout(() => this.#watch(), Math.min(next, MINUTE));
  }

  /** @param {Entry} entry @returns {boolean} Whether it has left. */
  #submit(entry) {
    if (this.#current?.ws.readyState === WebSocket.OPEN) {
      entry.link = this.#current;
      this.#transmit(this.#current, entry.text);
      return true;
    }
    if (!this.#wanted) throw new GatewaySocketError("closed", "The socket is closed: call connect() first.");
    const { queueLimit } = this.#options;
    const full = `${queueLimit} messages already wait for a connection.`;
    if (this.#queue.length >= queueLimit) throw new GatewaySocketError("queue_full", full);
    this.#queue.push(entry);
    return false;
  }

  #transmit(link, text) {
    link.ws.send(text);
    link.activeAt = Date.now();
  }

  #receive(link, text) {
    link.activeAt = Date.now();
    if (!this.#isFirst(link, text)) return;
    const data = decode(text);
    const request = this.#take(data?.request_id);
    if (request) request.resolve?.(data);
    else if (isGatewayError(data)) this.#emit("error", new GatewaySocketError("gateway", data.message, { frame: data }));
    else this.dispatchEvent(new MessageEvent("message", { data }));
  }

  /** While two connections are open a broadcast arrives on both: whether this one is new. */
  #isFirst(link, text) {
    if (!this.#overlap) return true;
    const { older, lead } = this.#overlap;
    const step = link === older ? 1 : -1;
    const ahead = lead.get(text) ?? 0; // Arrivals on the older connection, less those on the newer.
    lead.set(text, ahead + step);
    return ahead * step >= 0;
  }

  /** @returns {Entry | undefined} The request, which waits no longer. */
  #take(id) {
    const request = this.#pending.get(id);
    if (!request) return undefined;
    this.#pending.delete(id);
    this.#queue = this.#queue.filter((entry) => entry !== request);
    clearTimeout(request.timer);
    return request;
  }

  /** @param {string} code @param {string} message @param {Link} [link] Only the requests sent on it. */
  #rejectAll(code, message, link) {
    for (const request of [...this.#pending.values()]) {
      if (!link || request.link === link) this.#take(request.id)?.reject?.(new GatewaySocketError(code, message));
    }
  }
}

/** The text of a frame. Browsers send a message as one frame, and API Gateway answers a longer one with 1009. */
function encode(message) {
  const text = typeof message === "string" ? message : JSON.stringify(message);
  const bytes = new TextEncoder().encode(text).length;
  if (bytes <= FRAME_LIMIT) return text;
  const limit = `API Gateway closes a connection that sends more than ${FRAME_LIMIT} at once`;
  throw new GatewaySocketError("too_large", `The message has ${bytes} bytes; ${limit}. Split it.`, { bytes });
}

function decode(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** API Gateway's own frame, such as {"message": "Forbidden", "connectionId": "…", "requestId": "…"}. */
function isGatewayError(data) {
  return typeof data?.message === "string" && typeof data.connectionId === "string"
    && Object.keys(data).every((key) => ["message", "connectionId", "requestId", "messageId"].includes(key));
}

function unlessAborted(signal, promise) {
  const aborted = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  return Promise.race([promise, aborted]);
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
