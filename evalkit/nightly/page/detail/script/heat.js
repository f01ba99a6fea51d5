// A map with what stands around it: search, choices, a legend, what is under the cursor in words, and one task.
const choiceOf = (label, options, change) => {
  const select = make("select", { "aria-label": label, change: () => change(select.value) },
    ...options.map(([value, words]) => make("option", { value }, words)));
  return select;
};
const any = (found) => Object.keys(found).length > 0;
const swatchOf = (css, words) => make("span", { class: "lgd" }, make("i", { class: `cell ${css}` }), words);

const makeHeat = (data) => {
  const tasks = tasksOf(data), now = { text: "", filter: "", order: "" };
  const under = make("output", { class: "at", "aria-live": "polite" }), kept = make("div", { class: "kept" });
  const found = make("output", { class: "found" });
  const names = make("input", { type: "checkbox", checked: "", change: () => show() });
  const search = make("input", { type: "search", "aria-label": "Search tasks", placeholder: "Search tasks",
    input: () => ((now.text = search.value.trim().toLowerCase()), show()) });
  const filters = Object.entries(tasks.filters).filter(([key]) => !key || tasks.counts[key])
    .map(([key, [words]]) => [key, `${words} (${tasks.counts[key]})`]);
  const orders = Object.entries(tasks.orders).map(([key, [words]]) => [key, words]);
  const tools = make("div", { class: "tools" }, search,
    choiceOf("Which tasks", filters, (value) => ((now.filter = value), show())),
    choiceOf("Order", orders, (value) => ((now.order = value), show())),
    make("label", {}, names, "names"), found);
  const partly = data.shades.some((shade) => shade > 0 && shade < 1);
  const legend = make("p", { class: "key" }, swatchOf("v-pass", "passed"), swatchOf("v-fail", "failed"), swatchOf("v-none", "no verdict"),
    ...[[partly, "shades between: some of its samples passed"], [any(data.hollow), "faint, under ○: a night that is not compared"],
      [any(data.apart), "◇ in quarantine"], [data.first, "thick line: where “after” begins"],
      [any(data.epochs), "dashed line: a new baseline"]].map(([there, words]) => (there ? make("span", {}, words) : "")));

  const palette = () => {
    const styleOf = (css) => getComputedStyle(legend.querySelector(`.${css}`)).backgroundColor;
    const own = getComputedStyle(map.element), mute = getComputedStyle(legend);
    return { pass: styleOf("v-pass"), fail: styleOf("v-fail"), none: mute.color, mute: mute.color, ink: own.color,
      paper: own.backgroundColor, accent: own.caretColor, font: own.fontFamily };
  };
  const wordsOf = ({ task, night }, state) => {
    const day = fullDay(data.days[night]), hollow = data.hollow[night], epoch = data.epochs[night];
    const gap = night ? daysBetween(data.days[night - 1], data.days[night]) - 1 : 0;
    const made = data.simulated[night] === "1" ? " (simulated)" : "";
    return [`${data.tasks[task]}, ${day}${made}: ${state}.`, hollow ? `This night is not compared: ${hollow}.` : "",
      epoch ? `A new baseline begins: ${epoch}.` : "", gap > 0 ? `${gap} ${gap > 1 ? "days" : "day"} before it without a night.` : "",
      `Before ${ofCount(data.before[task])}, after ${ofCount(data.after[task])}.`].filter(Boolean).join(" ");
  };
  const quoted = (text) => (/^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  const keep = ({ task, night }, state) => {
    const name = data.names[night], flips = data.flips[task];
    const facts = [["Before", ofCount(data.before[task])], ["After", ofCount(data.after[task])],
      ["Flip rate", flips < 0 ? "too few nights" : (flips / 1000).toFixed(2)], [fullDay(data.days[night]), state]];
    kept.replaceChildren(make("h4", {}, data.tasks[task]), data.apart[task] ? make("p", {}, data.apart[task]) : "",
      make("dl", {}, ...facts.map(([fact, value]) => make("div", {}, make("dt", {}, fact), make("dd", {}, value)))),
      name ? make("p", {}, "Its whole story: ", make("code", {}, `evalkit show ${name} ${quoted(data.tasks[task])}`))
        : data.simulated[night] === "1" ? "" : make("p", {}, "Its run is not here any more: only the night's record is."));
  };
  const map = makeMap(data, palette, (at, state, whole) => {
    under.textContent = wordsOf(at, state);
    if (whole) keep(at, state);
  });
  const show = (newest) => {
    const chosen = tasks.chosen(now), n = data.tasks.length;
    found.textContent = chosen.length === n ? `${n} tasks` : `${chosen.length} of ${n} tasks`;
    under.textContent = chosen.length ? "" : "No task is like that.";
    map.show(chosen, names.checked, newest);
  };
  return {
    elements: [make("p", { class: "note" }, data.about), tools, map.element, under, legend, kept],
    show, fit: map.fit, repaint: map.repaint,
  };
};

const begun = new Set();
const opened = async (place) => {
  if (begun.has(place)) return;
  begun.add(place);
  near.unobserve(place);
  const live = place.querySelector(".live"), began = performance.now();
  const heat = makeHeat(await block(place.dataset.grid));
  live.replaceChildren(...heat.elements);
  live.hidden = false;
  heat.show(true);
  place.dataset.ready = Math.round(performance.now() - began); // milliseconds, for who measures
  new ResizeObserver(() => live.offsetWidth && heat.fit()).observe(live);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", heat.repaint);
  for (const choice of find("input[name=theme]")) choice.addEventListener("change", heat.repaint);
};
document.documentElement.className += " js";
// The first of the page at once, when it has nothing else to do; others when they come into view: a section that
// is closed costs nothing.
const near = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) if (isIntersecting) opened(target);
}, { rootMargin: "400px" });
const maps = find(".heat");
maps.forEach((place) => near.observe(place));
(window.requestIdleCallback ?? requestAnimationFrame)(() => maps.filter((place) => place.checkVisibility()).slice(0, 2).forEach(opened));
