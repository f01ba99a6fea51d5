// The hash of the address is the only state: what is open, sorted, filtered and hidden. One without "=" is the
// page's own (#notes). Everything on the screen follows from it, so that back, forward and reload just work.
const OPENED = ["run", "flips", "task", "sample", "sort", "q", "hide"]; // and f.*; the rest is of the page's tables
let kept = new URLSearchParams();

const own = () => /^#[^=]+$/.test(location.hash);
const closed = (now) => new URLSearchParams([...now].filter(([key]) => !OPENED.includes(key) && !key.startsWith("f.")));
const state = () => (kept = own() ? closed(kept) : new URLSearchParams(location.hash.slice(1)));

/** The address of a state with changes: a text, several, or null for none. */
const address = (changes, now = state()) => {
  const next = new URLSearchParams(now);
  for (const [key, value] of Object.entries(changes)) {
    next.delete(key);
    for (const one of [value].flat()) if (one) next.append(key, one);
  }
  return `#${next}`;
};
const query = (now, key) => (now.get(key) ?? "").trim().toLowerCase();
const go = (to, replace) => {
  history[replace ? "replaceState" : "pushState"](null, "", to);
  show();
};

const set = (changes, replace) => go(address(changes), replace);
