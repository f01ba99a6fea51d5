// A recorded terminal: recording/frames.py says what is in it. Its screen is text that can be selected and read
// out; it moves only while somebody has pressed Play, and stops when it is out of sight.
const SPEEDS = [0.5, 1, 2, 4, 8, 16];
const LEAP = 5000; // ms
const clock = (s) => [...(s < 3600 ? [] : [Math.floor(s / 3600)]), Math.floor(s / 60) % 60, s % 60]
  .map((part, at) => (at ? String(part).padStart(2, "0") : part)).join(":");

const playerOf = ({ columns, rows, ms, seconds, styles, lines, frames, typed, marked, left, why }) => {
  if (why) return restOf(say("unplayable", { why: say(`why.${why}`) }));
  const places = Array.from({ length: rows }, () => make("span"));
  const cursor = make("i", { "aria-hidden": true });
  const screen = make("pre", { class: "screen", role: "group", tabindex: 0, "aria-label": say("screen") },
    cursor, ...places.flatMap((place) => [place, "\n"]));
  const toggle = press("", () => (playing ? pause() : play()), { class: "toggle" });
  const seek = make("input", { type: "range", min: 0, max: ms, "aria-label": say("position"), input: () => leap(+seek.value) });
  const time = make("span", { class: "time" }), keys = make("kbd"), mark = restOf("");
  const speed = make("select", { "aria-label": say("speed") },
    ...SPEEDS.map((times) => make("option", { value: times }, `${times}×`)));
  speed.value = 1;

  // -- drawing
  const drawn = [], wanted = Array(rows).fill(0);
  let frame = -1, at = ms, playing = false, before = 0;
  const runOf = (text, number) => {
    const [fore, back, looks] = styles[number < 0 ? -1 - number : number];
    if (!number) return text;
    const named = [number < 0 && "wide", fore && `f${fore}`, back && `b${back}`, ...[...looks].map((look) => `is-${look}`)];
    const run = make("span", { class: named.filter(Boolean).join(" ") }, text);
    if (fore.length === 6) run.style.color = `#${fore}`;
    if (back.length === 6) run.style.backgroundColor = `#${back}`;
    return run;
  };
  const latest = (said) => said.findLast(([when]) => when <= at)?.[1] ?? "";
  const draw = () => {
    const next = Math.max(0, frames.findLastIndex(([when]) => when <= at));
    if (next < frame) {
      frame = -1;
      wanted.fill(0);
    }
    while (frame < next) {
      const changes = frames[++frame][3];
      for (let i = 0; i < changes.length; i += 2) wanted[changes[i]] = changes[i + 1];
    }
    places.forEach((place, row) => {
      if (drawn[row] === wanted[row]) return;
      drawn[row] = wanted[row];
      const line = lines[wanted[row]], runs = [];
      for (let i = 0; i < line.length; i += 2) runs.push(runOf(line[i], line[i + 1]));
      place.replaceChildren(...runs);
    });
    const [, now, spot] = frames[frame];
    cursor.hidden = spot < 0;
    cursor.style.translate = `${spot % 1000}ch ${Math.floor(spot / 1000) * 1.25}em`;
    time.textContent = `${clock(now)} / ${clock(seconds)}`;
    seek.value = at;
    seek.setAttribute("aria-valuetext", say("clock", { at: clock(now), end: clock(seconds) }));
    keys.textContent = latest(typed);
    mark.textContent = latest(marked);
  };

  // -- time
  const rename = () => toggle.replaceChildren(say(playing ? "pause" : "play"));
  const pause = () => {
    playing = false;
    rename();
  };
  const tick = (now) => {
    if (!playing) return;
    if (!screen.checkVisibility()) return pause();
    at = Math.min(ms, at + Math.min(250, now - before) * speed.value);
    before = now;
    draw();
    if (at >= ms) pause();
    else requestAnimationFrame(tick);
  };
  const play = () => {
    playing = true;
    if (at >= ms) at = 0;
    before = performance.now();
    rename();
    draw();
    requestAnimationFrame(tick);
  };
  const leap = (to) => {
    at = Math.max(0, Math.min(ms, to));
    draw();
  };
  const faster = (by) => (speed.selectedIndex = Math.max(0, Math.min(SPEEDS.length - 1, speed.selectedIndex + by)));
  const step = (by) => {
    pause();
    leap(frames[Math.max(0, Math.min(frames.length - 1, frame + by))][0]);
  };
  const pressed = (event) => {
    const { key, target } = event;
    const does = {
      " ": target !== toggle && (() => toggle.click()), k: () => toggle.click(),
      ArrowLeft: target !== screen && (() => leap(at - LEAP)), ArrowRight: target !== screen && (() => leap(at + LEAP)),
      ",": () => step(-1), ".": () => step(1), "<": () => faster(-1), ">": () => faster(1),
      Home: () => leap(0), End: () => leap(ms),
    }[key];
    if (!does || target === speed || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    does();
  };
  rename();
  draw();
  const still = make("pre", { class: "still" }, screen.textContent.trimEnd()); // the last screen, for paper
  const parts = Object.entries(left).filter(([, n]) => n).map(([what, n]) => restOf(say(`left.${what}`, { n })));
  const whole = make("div", { class: "cast", role: "group", "aria-label": say("player"), keydown: pressed },
    still, screen, make("div", { class: "controls" }, toggle, seek, time, speed),
    typed.length ? make("p", { class: "typed" }, `${say("typed")}: `, keys) : null,
    marked.length ? mark : null, ...parts);
  whole.style.setProperty("--columns", columns);
  whole.style.setProperty("--rows", rows);
  return whole;
};
