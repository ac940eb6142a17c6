"use strict";
// What was saved and is not sent yet, in the browser's database; the page and its service worker share it.
const Outbox = (() => {
  const PATHS = { visit: "/visits", issue: "/issues" };
  let opened = null;

  function open() {
    opened = opened || new Promise((resolve, reject) => {
      const asked = indexedDB.open("wangge-field", 1);
      asked.onupgradeneeded = () => {
        asked.result.createObjectStore("records", { keyPath: "id" });
        asked.result.createObjectStore("settings");
      };
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
    return opened;
  }

  async function within(store, mode, work) {
    const database = await open();
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(store, mode);
      const asked = work(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(asked && asked.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  }

  const put = (record) => within("records", "readwrite", (store) => store.put(record));
  const remove = (id) => within("records", "readwrite", (store) => store.delete(id));
  const all = async () => (await within("records", "readonly", (store) => store.getAll())).sort((a, b) => a.at - b.at);
  const set = (name, value) => within("settings", "readwrite", (store) => store.put(value, name));
  const setting = (name) => within("settings", "readonly", (store) => store.get(name));

  // Sends what waits, one after the other; the page and the worker never both at once.
  function flush() {
    const send = () => sendAll();
    return self.navigator.locks ? self.navigator.locks.request("wangge-field-outbox", send) : send();
  }

  async function sendAll() {
    let state = "sent";
    for (const record of await all()) {
      if (record.state === "sent" || record.state === "refused") continue;
      state = await sendOne(record);
      if (state !== "sent" && state !== "refused") break;
    }
    return state;
  }

  // "sent", "refused" (the server says why), "expired" (nobody is signed in), or "waiting" (no network, or no answer).
  async function sendOne(record) {
    const context = (await setting("context")) || {};
    let answer;
    try {
      answer = await fetch(`${PATHS[record.kind]}?county=${encodeURIComponent(context.county || "")}&lang=${context.lang || "zh-CN"}`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Form-Token": context.formToken || "" },
        body: JSON.stringify([record.body]),
        credentials: "same-origin",
        redirect: "manual",
      });
    } catch {
      return "waiting";
    }
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return "expired";
    if (answer.status >= 500 || answer.status === 429) return "waiting";
    const said = await answer.json().catch(() => ({}));
    const row = (said.rows && said.rows[0]) || {};
    if (answer.ok || row.outcome === "duplicate") {
      await put({ ...record, state: "sent", sentAt: Date.now(), flags: row.flags || [], proposed: row.proposal ? row.proposal.name : "", body: { ...record.body, note: null, detail: null, findings: null } });
      return "sent";
    }
    await put({ ...record, state: "refused", reason: row.reason || said.detail || String(answer.status) });
    return "refused";
  }

  return { put, remove, all, set, setting, flush };
})();
