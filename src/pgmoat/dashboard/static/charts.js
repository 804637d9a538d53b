// Stacked areas: a chart from /api/series, moved on by /api/live.
const SECONDS_SHOWN = 600;
const SMOOTHED_S = 5;
const NOW_S = 10;
const REFUSED_MS = 30_000;
const SPOKEN_EVERY_MS = 10_000;
const WAITS = ["CPU", "IO", "Lock", "LWLock", "BufferPin", "IPC", "Client", "Timeout", "Extension", "Activity"];

const state = { times: [], lines: new Map(), labels: {}, colours: null, bucket: 60, mode: "share", live: [] };
const box = document.querySelector("[data-chart]");
let plot = null;
let names = [];

if (box) start();

async function start() {
  const address = new URLSearchParams({ range: box.dataset.range });
  if ("agent" in box.dataset) address.set("agent", box.dataset.agent);
  state.mode = box.dataset.mode ?? "share";
  try {
    const answer = await fetch(`/api/series?${address}`, { headers: { "X-Pgmoat-Refresh": "1" } });
    if (!answer.ok) throw new Error(String(answer.status));
    take(await answer.json());
  } catch {
    say("The figures cannot be read now.");
    return;
  }
  draw();
  for (const button of document.querySelectorAll("button[data-mode]")) {
    button.addEventListener("click", () => {
      state.mode = button.dataset.mode;
      for (const other of document.querySelectorAll("button[data-mode]")) {
        other.setAttribute("aria-pressed", String(other === button));
      }
      draw();
    });
  }
  document.addEventListener("pgmoat:theme", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  new ResizeObserver(resize).observe(box);
  if (document.querySelector("[data-now]")) listen();
  if (!("live" in box.dataset)) setInterval(reload, 60_000);
}

async function reload() {
  const address = new URLSearchParams({ range: box.dataset.range });
  if ("agent" in box.dataset) address.set("agent", box.dataset.agent);
  const answer = await fetch(`/api/series?${address}`, { headers: { "X-Pgmoat-Refresh": "1" } }).catch(() => null);
  if (!answer?.ok) return;
  take(await answer.json());
  draw();
}

function take(figures) {
  state.bucket = figures.bucket;
  state.labels = figures.labels ?? {};
  state.colours = figures.colours;
  state.times = figures.times;
  state.lines = new Map(Object.entries(figures.lines));
}

// --- what is drawn

function listNames() {
  const found = new Set(state.lines.keys());
  if ("live" in box.dataset) for (const point of state.live) for (const name of Object.keys(point.load)) found.add(name);
  if (!state.colours) {
    const place = (name) => (WAITS.indexOf(name) + 1 || WAITS.length + 1);
    return [...found].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
  }
  return [...found].sort((a, b) => (a === "" ? -1 : b === "" ? 1 : a < b ? -1 : 1)); // people below, in grey
}

function listMoments() {
  const isLive = "live" in box.dataset;
  const end = isLive && state.live.length ? state.live[0].at : Infinity;
  const moments = [];
  state.times.forEach((at, index) => {
    const middle = at + state.bucket / 2;
    if (middle >= end) return;
    moments.push({ at: isLive ? middle : at, of: (name) => state.lines.get(name)?.[index] ?? nothing(index) });
  });
  if (isLive) {
    state.live.forEach((point, index) => {
      const near = [];
      for (let i = index; i >= 0 && state.live[i].at > point.at - SMOOTHED_S; i -= 1) near.push(state.live[i]);
      moments.push({ at: point.at, of: (name) => near.reduce((sum, p) => sum + (p.load[name] ?? 0), 0) / near.length });
    });
    const since = (moments.at(-1)?.at ?? 0) - SECONDS_SHOWN;
    return moments.filter((moment) => moment.at >= since);
  }
  // The last step has a width too: to where its bucket ends, or to now.
  const newest = moments.at(-1);
  if (newest) moments.push({ at: Math.max(newest.at + 1, Math.min(newest.at + state.bucket, Date.now() / 1000)), of: newest.of });
  return moments;
}

function nothing(index) {
  // Somebody looked and saw nothing of this one: 0. Nobody looked: null, a gap.
  for (const line of state.lines.values()) if (line[index] !== null) return 0;
  return null;
}

function stack() {
  const moments = listMoments();
  const data = [moments.map((moment) => moment.at)];
  const raw = names.map((name) => moments.map((moment) => moment.of(name)));
  const totals = moments.map((_, i) => raw.reduce((sum, line) => sum + (line[i] ?? 0), 0));
  const base = moments.map(() => 0);
  const sums = raw.map((line) =>
    line.map((value, i) => {
      if (value === null) return null;
      if (state.mode === "share") {
        if (!totals[i]) return null;
        base[i] += value / totals[i];
      } else base[i] += value;
      return base[i];
    }),
  );
  // The whole stack first: each following one is painted over it, down to the ground.
  data.push(...sums.reverse());
  return { data, raw, totals };
}

let last = { data: [[]], raw: [], totals: [] };

function draw() {
  const found = listNames();
  last = { ...last };
  names = found;
  last = stack();
  plot?.destroy();
  plot = null;
  const isEmpty = last.totals.every((total) => !total);
  say(isEmpty ? "Nobody was seen to take database time." : "");
  if (isEmpty) return;
  const text = colourOf("text");
  const line = colourOf("line");
  const percent = state.mode === "share";
  plot = new uPlot(
    {
      width: box.clientWidth,
      height: box.clientHeight,
      padding: [10, 20, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      legend: { show: false },
      scales: { x: { time: true }, y: { range: (_, __, max) => [0, percent ? 1 : Math.max(1, max * 1.08)] } },
      axes: [
        { stroke: text, grid: { show: false }, ticks: { stroke: line, width: 1, size: 5 }, size: 34, font: "12px system-ui, sans-serif", values: clock },
        {
          stroke: text, grid: { stroke: line, width: 1 }, ticks: { show: false }, size: 48, font: "12px system-ui, sans-serif",
          values: (_, splits) => splits.map((v) => (percent ? `${Math.round(v * 100)} %` : String(Number(v.toFixed(2))))),
        },
      ],
      series: [
        {},
        ...[...names].reverse().map((name) => ({
          label: name, stroke: colourOf(name, true), fill: colourOf(name, true), width: 1, points: { show: false },
          spanGaps: false, paths: "live" in box.dataset ? uPlot.paths.linear() : uPlot.paths.stepped({ align: 1 }),
        })),
      ],
      plugins: [tip()],
    },
    last.data,
    box,
  );
}

function update() {
  const found = listNames();
  if (!plot || found.join("\n") !== names.join("\n")) {
    draw();
    return;
  }
  last = stack();
  plot.setData(last.data);
}

function resize() {
  if (plot && box.clientWidth) plot.setSize({ width: box.clientWidth, height: box.clientHeight });
}

function clock(_, splits) {
  const options = { hour: "2-digit", minute: "2-digit", hour12: false };
  return splits.map((at) => new Date(at * 1000).toLocaleTimeString([], options));
}

function colourOf(name, isData = false) {
  const probe = document.createElement("span");
  probe.className = isData ? `probe ${styleOf(name)}` : `probe-${name}`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

function styleOf(name) {
  if (state.colours) return `c${state.colours[name] ?? "people"}`;
  return WAITS.includes(name) ? `w-${name.toLowerCase()}` : "w-activity";
}

function labelOf(name) {
  return state.labels[name] ?? (name || "everybody else");
}

function say(text) {
  const note = box.querySelector("[data-note]");
  note.textContent = text;
  note.hidden = !text;
}

// --- what stands under the pointer

function tip() {
  const card = document.createElement("div");
  card.className = "tip";
  card.hidden = true;
  return {
    hooks: {
      init: (u) => {
        u.over.append(card);
        u.over.addEventListener("mouseleave", () => (card.hidden = true));
      },
      setCursor: (u) => {
        const { idx, left } = u.cursor;
        if (idx === null || idx === undefined || left < 0 || !last.totals[idx]) {
          card.hidden = true;
          return;
        }
        const head = document.createElement("b");
        head.textContent = new Date(last.data[0][idx] * 1000).toLocaleTimeString([], { hour12: false });
        const rows = names
          .map((name, i) => ({ name, value: last.raw[i][idx] ?? 0 }))
          .filter((row) => row.value > 0)
          .sort((a, b) => b.value - a.value)
          .map(({ name, value }) => {
            const row = document.createElement("div");
            const figure = document.createElement("span");
            figure.textContent = `${formatShare(value / last.totals[idx])} · ${value.toFixed(2)}`;
            row.append(keyOf(name), figure);
            return row;
          });
        card.replaceChildren(head, ...rows);
        card.hidden = false;
        const isRight = left > u.over.clientWidth / 2;
        card.style.left = isRight ? "" : `${left + 14}px`;
        card.style.right = isRight ? `${u.over.clientWidth - left + 14}px` : "";
        card.style.top = "8px";
      },
    },
  };
}

function keyOf(name) {
  const key = document.createElement("span");
  key.className = "key";
  const swatch = document.createElement("span");
  swatch.className = `swatch ${styleOf(name)}`;
  key.append(swatch, document.createTextNode(labelOf(name)));
  return key;
}

function formatShare(share) {
  const percent = share * 100;
  return percent > 0 && percent < 9.95 ? `${percent.toFixed(1)} %` : `${Math.round(percent)} %`;
}

// --- live

let spokenAt = 0;

function listen() {
  const source = new EventSource("/api/live");
  source.addEventListener("past", (event) => {
    const known = new Set(state.live.map((point) => point.at));
    state.live.push(...JSON.parse(event.data).filter((point) => !known.has(point.at)));
    state.live.sort((a, b) => a.at - b.at);
    move();
  });
  source.addEventListener("message", (event) => {
    state.live.push(JSON.parse(event.data));
    const since = state.live.at(-1).at - SECONDS_SHOWN;
    state.live = state.live.filter((point) => point.at >= since);
    move();
  });
  source.addEventListener("away", () => {
    setAge("not live: the database is away");
    document.dispatchEvent(new CustomEvent("pgmoat:away"));
  });
  source.addEventListener("error", () => {
    // A browser comes back by itself after a connection that broke, and not after a refusal.
    const isRefused = source.readyState === EventSource.CLOSED;
    setAge(isRefused ? "not live: refused, asking again" : "not live: connecting again");
    if (isRefused) setTimeout(listen, REFUSED_MS);
  });
  addEventListener("pagehide", () => source.close(), { once: true });
}

function move() {
  if (!state.live.length) return;
  if ("live" in box.dataset && !document.hidden) update();
  showNow();
}

function setAge(text) {
  const age = document.querySelector("[data-now-age]");
  if (age) age.textContent = text;
}

function showNow() {
  const end = state.live.at(-1).at;
  const near = state.live.filter((point) => point.at > end - NOW_S);
  const loads = new Map();
  for (const name of Object.keys(state.colours ?? {})) loads.set(name, 0);
  for (const point of near) {
    for (const [name, value] of Object.entries(point.load)) loads.set(name, (loads.get(name) ?? 0) + value / near.length);
  }
  const total = [...loads.values()].reduce((sum, value) => sum + value, 0);
  const rows = [...loads].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const list = document.querySelector("[data-now]");
  list.replaceChildren(...rows.map(([name, value]) => makeRow(name, total ? value / total : 0)));
  document.querySelector("[data-now-note]").textContent =
    `${total.toFixed(1)} sessions at work, on average over the last ${NOW_S} seconds`;
  setAge("live");
  speak(rows, total);
}

function makeRow(name, share) {
  const item = document.createElement("li");
  const words = document.createElement("div");
  words.className = "words";
  const figure = document.createElement("span");
  figure.textContent = formatShare(share);
  words.append(keyOf(name), figure);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `bar ${styleOf(name)}`);
  svg.setAttribute("aria-hidden", "true");
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  rect.setAttribute("height", "100%");
  rect.setAttribute("width", `${(share * 100).toFixed(2)}%`);
  svg.append(rect);
  item.append(words, svg);
  item.dataset.agent = name;
  return item;
}

function speak(rows, total) {
  if (Date.now() - spokenAt < SPOKEN_EVERY_MS) return;
  spokenAt = Date.now();
  const text = total
    ? rows.filter(([, value]) => value > 0).slice(0, 4).map(([name, value]) => `${labelOf(name)} ${formatShare(value / total)}`).join(", ")
    : "nobody takes database time";
  document.querySelector("[data-spoken]").textContent = text;
}
