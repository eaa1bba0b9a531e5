/**
 * A WebSocket to Amazon API Gateway that stays connected: it reconnects after a drop, sends a message before
 * API Gateway's idle limit (10 minutes) and moves to a new connection before its age limit (2 hours).
 *
 * @typedef {"closed" | "connecting" | "open" | "waiting"} State
 * @typedef {{ ws: WebSocket, openedAt: number, activeAt: number }} Link
 * @typedef {{ text: string, link?: Link, id?: string, timer?: number, resolve?: any, reject?: any }} Entry
 *   A message that waits or was sent on `link`. A request has an `id` and what follows it.
 */
const MINUTE = 60_000;
const FRAME_LIMIT = 32 * 1024; // https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html

/** @typedef {Partial<typeof DEFAULTS>} Options  Durations are in milliseconds. */
const DEFAULTS = {
  token: /** @type {string | (() => string | Promise<string>)} */ (""), // a WebSocketTokenView's URL or a function
  csrfToken: "", // for that URL; empty: what the cookie says
  csrfCookie: "csrftoken",
  protocols: /** @type {string | string[]} */ ([]), // the $connect handler must choose one
  keepAlive: 8 * MINUTE, // silence, in both directions, after which keepAliveMessage is sent
  keepAliveMessage: /** @type {unknown} */ ({ action: "ping" }),
  maxAge: 110 * MINUTE, // a connection is replaced at this age, or up to a tenth earlier (at random)
  backoffBase: 1_000, // the wait before attempt n is random between 0 and base * 2 ** n...
  backoffCap: 30_000, // ...and never above this
  stableAfter: 5_000, // a connection that lasted this long starts the next back-off afresh
  connectTimeout: 30_000, // for the token and the handshake together
  requestTimeout: 10_000, // a replaced connection, too, goes on listening for so long
  queueLimit: 100, // messages that wait for a connection
};

/** `code` is one of: connect, token, gateway, timeout, lost, closed, too_large, queue_full. */
export class GatewaySocketError extends Error {
  constructor(code, message, facts = {}) {
    super(message);
    Object.assign(this, { name: "GatewaySocketError", code, ...facts });
  }
}

/** Fires: `open` (detail: `renewed`, `reconnected`), `message` (`data`: the JSON, or the text where it is none;
 * not for replies to `request`), `close` (as a WebSocket's), `reconnecting` (detail: `attempt`, `delay`),
 * `state` (detail: `state`, `previous`) and `error` (detail: a GatewaySocketError). */
export class GatewaySocket extends EventTarget {
  #url;
  #options;
  #wanted = false;
  #hasOpened = false;
  #failures = 0;
  #timer = 0;
  /** When to connect next: again, or anew before the connection is too old. */ #connectAt = 0;
  /** @type {State} */ #announced = "closed";
  /** @type {Link | null} What messages are sent on. */ #current = null;
  /** @type {{ older: Link, lead: Map<string, number> } | null} Two connections. */ #overlap = null;
  /** @type {AbortController | null} Ends the connect that is under way. */ #attempt = null;
  /** @type {AbortController | null} Ends the listening to the browser. */ #listening = null;
  /** @type {Entry[]} */ #queue = [];
  /** @type {Map<string, Entry>} Requests without a reply. */ #pending = new Map();

  /** @param {string | URL | (() => string | URL | Promise<string | URL>)} url  The gateway's wss:// URL with its
   *   stage, or a function that answers it before every connect. @param {Options} [options] */
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
    this.#failures = this.#connectAt = 0;
    this.#listenToBrowser();
    this.#watch();
  }

  /** Closes for good. Waiting messages are dropped, open requests rejected. */
  close(code = 1000, reason = "") {
    this.#wanted = false;
    clearTimeout(this.#timer);
    this.#listening?.abort();
    this.#attempt?.abort();
    this.#attempt = null;
    this.#queue = [];
    this.#rejectAll("closed", "close() was called.");
    for (const link of [this.#overlap?.older, this.#current]) if (link) this.#drop(link, code, reason);
    this.#announce();
  }

  /** Sends an object as JSON, a string as it is. Without a connection the message waits for one.
   * @param {unknown} message
   * @returns {boolean} Whether it left; not whether it arrived. Throws too_large, queue_full, closed. */
  send(message) {
    return this.#submit({ text: encode(message) });
  }

  /** Sends `{ action, ...data, request_id }`; resolves to the message that carries the same `request_id`.
   * @param {string} action @param {object} [data] @param {{ timeout?: number }} [options]
   * @returns {Promise<any>} Rejected with timeout, lost (with the connection), closed, too_large, queue_full. */
  async request(action, data = {}, { timeout = this.#options.requestTimeout } = {}) {
    const id = Math.random().toString(36).slice(2);
    const late = new GatewaySocketError("timeout", `No reply to “${action}” within ${timeout} ms.`);
    const entry = /** @type {Entry} */ ({ id, text: encode({ ...data, action, request_id: id }) });
    this.#submit(entry);
    this.#pending.set(id, entry);
    entry.timer = setTimeout(() => this.#take(id)?.reject(late), timeout);
    return new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #announce() {
    const previous = this.#announced;
    this.#announced = this.state;
    if (this.state !== previous) this.#emit("state", { state: this.state, previous });
  }

  #listenToBrowser() {
    const { signal } = (this.#listening = new AbortController());
    const look = () => this.#watch(this.state === "waiting");
    for (const type of ["online", "pageshow", "visibilitychange"]) addEventListener(type, look, { signal });
    // A socket does not notice that the network went. Attempts go on: browsers are at times wrong about it.
    addEventListener("offline", () => this.#current && this.#drop(this.#current, 4000, "offline"), { signal });
  }

  /** Does what is due by now. Timers are late in hidden pages and stand still in sleep. */
  #watch(isHurried = false) {
    clearTimeout(this.#timer);
    if (!this.#wanted) return;
    const [link, now, { keepAlive, keepAliveMessage }] = [this.#current, Date.now(), this.#options];
    if (link && now - link.activeAt >= 10 * MINUTE) return this.#drop(link, 4000, "idle"); // as AWS has done
    if (link && now - link.activeAt >= keepAlive) this.#transmit(link, encode(keepAliveMessage));
    if (isHurried || now >= this.#connectAt) this.#open();
    const next = Math.min(this.#connectAt, link ? link.activeAt + keepAlive : Infinity, now + MINUTE);
    this.#timer = setTimeout(() => this.#watch(), next - now);
  }

  async #open() {
    const [attempt, { connectTimeout }] = [new AbortController(), this.#options];
    const { signal } = (this.#attempt = attempt);
    const timer = setTimeout(() => attempt.abort(new Error(`no answer in ${connectTimeout} ms`)), connectTimeout);
    const aborted = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    this.#connectAt = Infinity;
    this.#announce();
    try {
      await Promise.race([this.#dial(signal), aborted]);
    } catch (/** @type {any} */ error) {
      if (attempt !== this.#attempt) return; // close() ended it
      const isOurs = error instanceof GatewaySocketError;
      this.#attempt = null;
      this.#emit("error", isOurs ? error : new GatewaySocketError("connect", `Cannot connect: ${error.message}.`));
      this.#retry();
    } finally {
      clearTimeout(timer);
    }
  }

  async #dial(signal) {
    const url = new URL(typeof this.#url === "function" ? await this.#url() : this.#url);
    if (this.#options.token) url.searchParams.set("ws_token", await fetchToken(this.#options, signal));
    signal.throwIfAborted();
    if (this.#current) this.#overlap = { older: this.#current, lead: new Map() };
    const ws = new WebSocket(url, this.#options.protocols);
    signal.addEventListener("abort", () => ws.close());
    await new Promise((resolve, reject) => {
      ws.onopen = () => resolve(this.#adopt(ws));
      ws.onclose = () => reject(new Error("the handshake was refused or failed"));
    });
  }

  #adopt(ws) {
    const [now, older, { maxAge, requestTimeout }] = [Date.now(), this.#current, this.#options];
    const link = { ws, openedAt: now, activeAt: now };
    ws.onmessage = (event) => this.#receive(link, event.data);
    ws.onclose = (event) => this.#lost(link, event);
    if (older) setTimeout(() => older.ws.close(1000, "renewed"), requestTimeout);
    this.#connectAt = now + maxAge * (1 - Math.random() / 10);
    this.#current = link;
    this.#attempt = null;
    this.#announce();
    this.#emit("open", { renewed: older !== null, reconnected: this.#hasOpened });
    this.#hasOpened = true;
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
    if (Date.now() - link.openedAt >= this.#options.stableAfter) this.#failures = 0;
    this.#announce();
    this.dispatchEvent(new CloseEvent("close", { code, reason, wasClean }));
    if (this.#wanted && !this.#attempt) this.#retry();
  }

  /** Waits with "full jitter": https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ */
  #retry() {
    const { backoffBase, backoffCap } = this.#options;
    const delay = Math.random() * Math.min(backoffCap, backoffBase * 2 ** this.#failures++);
    this.#connectAt = Date.now() + delay;
    this.#announce();
    this.#emit("reconnecting", { attempt: this.#failures, delay });
    this.#watch();
  }

  #submit(entry) {
    const [link, { queueLimit }] = [this.#current, this.#options];
    if (!this.#wanted) throw new GatewaySocketError("closed", "The socket is closed: call connect() first.");
    if (link?.ws.readyState === WebSocket.OPEN) {
      entry.link = link;
      return this.#transmit(link, entry.text);
    }
    if (this.#queue.length >= queueLimit) throw new GatewaySocketError("queue_full", "Too many messages wait.");
    this.#queue.push(entry);
    return false;
  }

  #transmit(link, text) {
    link.ws.send(text);
    link.activeAt = Date.now();
    return true;
  }

  #receive(link, text) {
    link.activeAt = Date.now();
    if (!this.#isFirst(link, text)) return;
    let data = text;
    try {
      data = JSON.parse(text);
    } catch {} // Not everybody sends JSON.
    const request = this.#take(data?.request_id);
    if (request) request.resolve(data);
    else if (!isGatewayError(data)) this.dispatchEvent(new MessageEvent("message", { data }));
    else this.#emit("error", new GatewaySocketError("gateway", data.message, { frame: data }));
  }

  /** While two connections are open a broadcast arrives on both: whether this one is new. */
  #isFirst(link, text) {
    if (!this.#overlap) return true;
    const { older, lead } = this.#overlap;
    const step = link === older ? 1 : -1;
    const ahead = lead.get(text) ?? 0; // arrivals on the older connection, less those on the newer
    lead.set(text, ahead + step);
    return ahead * step >= 0;
  }

  /** @returns {any} The request with this id, which waits no longer. */
  #take(id) {
    const request = this.#pending.get(id);
    this.#pending.delete(id);
    clearTimeout(request?.timer);
    if (request) this.#queue = this.#queue.filter((entry) => entry !== request);
    return request;
  }

  #rejectAll(code, message, link = undefined) {
    const concerned = [...this.#pending.values()].filter((request) => !link || request.link === link);
    for (const { id } of concerned) this.#take(id).reject(new GatewaySocketError(code, message));
  }
}

/** The text of a frame. Browsers send a message as one frame, and API Gateway answers a longer one with 1009. */
function encode(message) {
  const text = typeof message === "string" ? message : JSON.stringify(message);
  const bytes = new TextEncoder().encode(text).length;
  const advice = `The message has ${bytes} bytes. API Gateway takes ${FRAME_LIMIT} at once: split it.`;
  if (bytes > FRAME_LIMIT) throw new GatewaySocketError("too_large", advice, { bytes });
  return text;
}

/** API Gateway's own frame, such as {"message": "Forbidden", "connectionId": "…", "requestId": "…"}. */
function isGatewayError(data) {
  return /^connectionId,message,(messageId|requestId)$/.test(Object.keys(data ?? {}).sort().join());
}

async function fetchToken({ token, csrfToken, csrfCookie }, signal) {
  if (typeof token === "function") return token();
  const cookies = new URLSearchParams(document.cookie.replaceAll("; ", "&"));
  const headers = { Accept: "application/json", "X-CSRFToken": csrfToken || (cookies.get(csrfCookie) ?? "") };
  const response = await fetch(token, { method: "POST", headers, redirect: "manual", signal });
  const { ok, status } = response; // 0: a redirect, most likely to a login page
  if (!ok) throw new GatewaySocketError("token", `The token URL answered ${status || "a redirect"}.`, { status });
  return (await response.json()).token;
}
