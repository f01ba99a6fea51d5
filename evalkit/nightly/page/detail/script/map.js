// The map itself: a canvas as large as the window on it, drawn anew where that moves. A pixel a verdict is drawn
// once for the tasks that are shown, and enlarged from there.
const HEAD = 22, TALL = 15, LOW = 2; // pixels: the days' line, a row with a name, the lowest row without
const NARROW = 3, WIDE = 14; // of a night
const LETTER = 6.7; // of a name

const rgb = (css) => css.match(/[\d.]+/g).slice(0, 3).map(Number);

const makeMap = (data, palette, tell) => {
  const canvas = make("canvas", { "aria-hidden": true }), space = make("div", { class: "space" }, canvas);
  const box = make("div", { class: "box", tabindex: 0, role: "application", "aria-label": "Map of tasks and nights: arrow keys move, Enter keeps a task below" }, space);
  const letters = new Map(data.states.map((_, at) => [letterOf(at), at]));
  const cells = data.cells.map((text) => Uint16Array.from(text, (letter) => letters.get(letter)));
  const longest = Math.max(0, ...data.tasks.map((name, task) => name.length + (task in data.apart ? 2 : 0)));
  const nights = data.days.length, picture = document.createElement("canvas");
  let tasks = [], names = true, row = TALL, night = WIDE, left = 0, at = null, colours = {};

  // -- how large everything is
  const measure = () => {
    const width = box.clientWidth;
    left = names ? Math.round(Math.min(220, width * 0.36, 14 + LETTER * longest)) : 0;
    box.dataset.left = left;
    night = Math.max(NARROW, Math.min(WIDE, (width - left) / Math.max(1, nights)));
    if (night >= 5) night = Math.floor(night); // else the gaps between nights are uneven
    const room = Math.min(560, Math.max(240, innerHeight * 0.62)) - HEAD;
    row = names ? TALL : Math.max(LOW, Math.min(TALL, room / Math.max(1, tasks.length)));
    const high = HEAD + Math.max(1, tasks.length) * row;
    box.style.height = `${Math.ceil(Math.min(high, room + HEAD)) + box.offsetHeight - box.clientHeight}px`;
    space.style.width = `${Math.max(box.clientWidth, Math.floor(left + nights * night))}px`;
    space.style.height = `${Math.ceil(high)}px`;
  };
  const paint = () => {
    colours = palette();
    const [pass, fail, none] = [colours.pass, colours.fail, colours.none].map(rgb);
    const shades = data.shades.map((shade) => (shade < 0 ? null : pass.map((p, i) => fail[i] + (p - fail[i]) * shade)));
    const reasons = data.states.map((words) => words !== "not run");
    picture.width = Math.max(1, nights);
    picture.height = Math.max(1, tasks.length);
    const image = new ImageData(picture.width, picture.height), hollow = data.days.map((_, n) => n in data.hollow);
    let to = 0;
    for (const task of tasks) {
      const mine = cells[task];
      for (let n = 0; n < nights; n++, to += 4) {
        const state = mine[n], [r, g, b] = shades[state] ?? none;
        image.data[to] = r;
        image.data[to + 1] = g;
        image.data[to + 2] = b;
        image.data[to + 3] = shades[state] ? (hollow[n] ? 90 : 255) : reasons[state] ? 120 : 0;
      }
    }
    picture.getContext("2d").putImageData(image, 0, 0);
  };

  // -- drawing
  const xOf = (n) => left + n * night - box.scrollLeft;
  const yOf = (place) => HEAD + place * row - box.scrollTop;
  const draw = () => {
    const ratio = devicePixelRatio || 1, width = box.clientWidth, height = box.clientHeight;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.font = `11px ${colours.font}`;
    pen.textBaseline = "middle";
    pen.save();
    clip(pen, left, HEAD, width - left, height - HEAD);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(picture, 0, 0, nights, tasks.length, xOf(0), yOf(0), nights * night, tasks.length * row);
    gaps(pen, width, height);
    pen.restore();
    pen.save();
    clip(pen, left, 0, width - left, height);
    lines(pen, height);
    days(pen, width);
    pen.restore();
    if (names) labels(pen, height);
    cursor(pen, width, height);
  };
  const clip = (pen, ...box) => {
    pen.beginPath();
    pen.rect(...box);
    pen.clip();
  };
  /** Between cells that are large enough for it; the paper shows. */
  const gaps = (pen, width, height) => {
    pen.fillStyle = colours.paper;
    if (row >= 9) for (let y = yOf(Math.floor(box.scrollTop / row)); y < height; y += row) pen.fillRect(left, y - 1, width, 2);
    if (night >= 6) for (let n = 0; n <= nights; n++) pen.fillRect(xOf(n) - 0.75, HEAD, 1.5, height);
  };
  const line = (pen, x, height, colour, dash = []) => {
    pen.strokeStyle = colour;
    pen.setLineDash(dash);
    pen.beginPath();
    pen.moveTo(Math.round(x) + 0.5, HEAD - 5);
    pen.lineTo(Math.round(x) + 0.5, height);
    pen.stroke();
    pen.setLineDash([]);
  };
  /** Where baselines begin, where nights are missing, and where "after" begins. */
  const lines = (pen, height) => {
    for (let n = 1; n < nights; n++) {
      if (n in data.epochs) line(pen, xOf(n), height, colours.ink, [5, 3]);
      else if (daysBetween(data.days[n - 1], data.days[n]) > 1) line(pen, xOf(n), height, colours.mute, [1, 3]);
    }
    pen.lineWidth = 2;
    if (data.first) line(pen, xOf(data.first), height, colours.ink);
    pen.lineWidth = 1;
  };
  const days = (pen, width) => {
    pen.fillStyle = colours.mute;
    pen.textAlign = "center";
    const step = Math.max(1, Math.ceil(64 / night));
    const end = left + nights * night - box.scrollLeft - 20;
    for (let n = nights - 1; n >= 0 && xOf(n) + night > left; n -= step) {
      pen.fillText(shortDay(data.days[n]), Math.max(left + 20, Math.min(xOf(n) + night / 2, end)), 7);
    }
    pen.strokeStyle = colours.mute;
    for (const n of Object.keys(data.hollow)) {
      pen.beginPath();
      pen.arc(xOf(+n) + night / 2, HEAD - 5, Math.min(2.5, night / 2), 0, 7);
      pen.stroke();
    }
  };
  const labels = (pen, height) => {
    pen.textAlign = "left";
    const first = Math.max(0, Math.floor(box.scrollTop / row)), last = Math.min(tasks.length, first + height / row + 1);
    clip(pen, 0, HEAD, left, height);
    for (let place = first; place < last; place++) {
      const apart = tasks[place] in data.apart;
      pen.fillStyle = apart ? colours.mute : colours.ink;
      pen.fillText(short(pen, `${apart ? "◇ " : ""}${data.tasks[tasks[place]]}`, left - 12), 0, yOf(place) + row / 2 + 0.5);
    }
  };
  /** The end of a name tells tasks apart more often than its beginning. */
  const short = (pen, name, room) => {
    if (pen.measureText(name).width <= room) return name;
    let low = 1, high = Math.min(name.length, 200);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (pen.measureText(`…${name.slice(-middle)}`).width <= room) low = middle;
      else high = middle - 1;
    }
    return `…${name.slice(-low)}`;
  };
  const cursor = (pen, width, height) => {
    if (!at) return;
    const x = xOf(at.night), y = yOf(at.place);
    pen.save();
    clip(pen, left - 2, HEAD - 2, width - left + 4, height - HEAD + 4);
    pen.strokeStyle = colours.accent;
    pen.lineWidth = 2;
    pen.strokeRect(x - 1, y - 1, night + 2, row + 2);
    pen.restore();
  };

  // -- the cursor: of the mouse and of the keys
  const place = (night, place) => {
    if (!tasks.length || !nights) return;
    at = { night: Math.max(0, Math.min(nights - 1, night)), place: Math.max(0, Math.min(tasks.length - 1, place)) };
    at.task = tasks[at.place];
    draw();
    tell(at, data.states[cells[at.task][at.night]]);
  };
  const under = ({ clientX, clientY }) => {
    const { left: x, top: y } = canvas.getBoundingClientRect();
    const night_ = Math.floor((clientX - x - left + box.scrollLeft) / night), place_ = Math.floor((clientY - y - HEAD + box.scrollTop) / row);
    return clientX - x < left || clientY - y < HEAD || night_ >= nights || place_ >= tasks.length ? null : [night_, place_];
  };
  const see = () => {
    const y = HEAD + at.place * row, x = left + at.night * night;
    if (y - HEAD < box.scrollTop) box.scrollTop = y - HEAD;
    else if (y + row > box.scrollTop + box.clientHeight) box.scrollTop = y + row - box.clientHeight;
    if (x - left < box.scrollLeft) box.scrollLeft = x - left;
    else if (x + night > box.scrollLeft + box.clientWidth) box.scrollLeft = x + night - box.clientWidth;
  };
  const keys = (event) => {
    if (event.metaKey || event.altKey) return;
    const now = at ?? { night: nights - 1, place: 0 }, far = event.ctrlKey, many = Math.max(1, Math.floor((box.clientHeight - HEAD) / row) - 1);
    const to = {
      ArrowLeft: [now.night - 1, now.place], ArrowRight: [now.night + 1, now.place],
      ArrowUp: [now.night, now.place - 1], ArrowDown: [now.night, now.place + 1],
      PageUp: [now.night, now.place - many], PageDown: [now.night, now.place + many],
      Home: [0, far ? 0 : now.place], End: [nights - 1, far ? tasks.length - 1 : now.place],
    }[event.key];
    if (to) {
      event.preventDefault();
      place(...(at ? to : [now.night, now.place]));
      if (at) see(); // nothing is there where no task is chosen
    } else if ((event.key === "Enter" || event.key === " ") && at) {
      event.preventDefault();
      tell(at, data.states[cells[at.task][at.night]], true);
    }
  };
  box.addEventListener("scroll", () => requestAnimationFrame(draw));
  box.addEventListener("keydown", keys);
  canvas.addEventListener("pointermove", (event) => {
    const found = under(event);
    if (found && event.pointerType === "mouse") place(...found);
  });
  canvas.addEventListener("click", (event) => {
    const found = under(event);
    if (!found) return;
    place(...found);
    tell(at, data.states[cells[at.task][at.night]], true);
  });

  const fit = () => {
    measure();
    draw();
  };
  return {
    element: box,
    /** Draw it for other tasks; `newest`: begin at the last night. */
    show: (shown, withNames, newest) => {
      [tasks, names, at] = [shown, withNames, null];
      paint();
      measure();
      box.scrollTop = 0;
      if (newest) box.scrollLeft = space.offsetWidth;
      draw();
    },
    fit,
    repaint: () => {
      paint();
      draw();
    },
  };
};
const letterOf = (at) => {
  const code = 0x23 + at + (0x23 + at >= 0x5c);
  return String.fromCharCode(code < 0x7f ? code : code + 0x100 - 0x7f);
};
