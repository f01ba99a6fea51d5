// The tasks of a series: which of them a map shows, and in which order. detail/block.py says what is in a block.
const share = ([passed, scored]) => (scored ? passed / scored : NaN);

const tasksOf = (data) => {
  const change = data.tasks.map((_, task) => share(data.after[task]) - share(data.before[task]) || 0);
  const flipped = new Set(data.flipped), lower = data.tasks.map((name) => name.toLowerCase());
  const all = data.tasks.map((_, task) => task);
  const whole = data.before.map(([k, n], task) => [k + data.after[task][0], n + data.after[task][1]]);
  const filters = {
    "": ["All tasks", () => true],
    lower: ["Lower than before", (task) => change[task] < 0],
    higher: ["Higher than before", (task) => change[task] > 0],
    flipped: ["Flipped since the night before", (task) => flipped.has(task)],
    flaky: ["Flip in a tenth of the nights or more", (task) => data.flips[task] >= 100],
    apart: ["In quarantine", (task) => task in data.apart],
    never: ["Never passed", (task) => whole[task][1] && !whole[task][0]],
    always: ["Always passed", (task) => whole[task][1] && whole[task][0] === whole[task][1]],
  };
  const orders = {
    "": ["largest change first", null],
    name: ["by name", (a, b) => data.tasks[a].localeCompare(data.tasks[b], "en", { numeric: true })],
    flips: ["flakiest first", (a, b) => data.flips[b] - data.flips[a]],
    passes: ["fewest passes first", (a, b) => share(whole[a]) - share(whole[b]) || 0],
  };
  const chosen = ({ text, filter, order }) => {
    const fits = filters[filter][1], by = orders[order][1];
    const found = all.filter((task) => fits(task) && lower[task].includes(text));
    return by ? found.sort((a, b) => by(a, b) || a - b) : found;
  };
  const counts = Object.fromEntries(Object.entries(filters).map(([key, [, fits]]) => [key, all.filter(fits).length]));
  return { change, filters, orders, counts, chosen };
};

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const shortDay = (iso) => `${+iso.slice(8)} ${MONTHS[iso.slice(5, 7) - 1]}`;
const fullDay = (iso) => `${shortDay(iso)} ${iso.slice(0, 4)}`;
const daysBetween = (one, other) => Math.round((Date.parse(other) - Date.parse(one)) / 86400000);
const ofCount = ([passed, scored]) => (scored ? `${passed} of ${scored}` : "none");
