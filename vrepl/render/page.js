// Brings the drawings of a page to life: choosing a box lights its paths to the result.
(() => {
  const SHOWN = 4, SEARCHED = 200;

  // A number as `numbers.short` writes a float.
  function short(x) {
    if (Number.isNaN(x)) return "nan";
    if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
    const size = Math.abs(x);
    if (size !== 0 && (size < 1e-4 || size >= 1e6)) {
      return x.toExponential(3).replace(/\.?0*e\+?/, "e");
    }
    const power = size === 0 ? 0 : Math.floor(Math.log10(size));
    const digits = x.toFixed(power < -1 ? 3 - power : 4 - Math.max(0, power - 2));
    return digits.includes(".") ? digits.replace(/0+$/, "").replace(/\.$/, ".0") : digits + ".0";
  }

  function bring(root) {
    const svg = root.querySelector("svg");
    const figure = root.querySelector(".vrepl-figure");
    const boxes = new Map(), entering = new Map(), leaving = new Map();
    for (const box of svg.querySelectorAll(".vrepl-node")) {
      boxes.set(Number(box.dataset.node), box);
    }
    const last = Math.max(...boxes.keys());
    for (const index of boxes.keys()) { entering.set(index, []); leaving.set(index, []); }
    for (const line of svg.querySelectorAll(".vrepl-edge")) {
      const slope = "slope" in line.dataset ? Number(line.dataset.slope) : NaN;
      const edge = { line, from: Number(line.dataset.from), to: Number(line.dataset.to), slope };
      entering.get(edge.to).push(edge);
      leaving.get(edge.from).push(edge);
    }
    const name = (index) => boxes.get(index).dataset.name;
    const caption = document.createElement("div");
    caption.className = "vrepl-caption";
    caption.setAttribute("aria-live", "polite");
    figure.after(caption);
    const hint = `Click a box, or go to it with Tab and the arrow keys: its paths to ${name(last)} light up.`;

    function clear() {
      svg.classList.remove("vrepl-showing");
      for (const lit of svg.querySelectorAll(".vrepl-lit")) lit.classList.remove("vrepl-lit");
      for (const box of svg.querySelectorAll(".vrepl-start")) box.classList.remove("vrepl-start");
      for (const text of svg.querySelectorAll(".vrepl-product")) text.remove();
      caption.textContent = hint;
      caption.classList.add("vrepl-hint");
    }

    // A leaf may be drawn again beside a use far from it: all its boxes are one node.
    const original = (index) => Number(boxes.get(index).dataset.same ?? index);
    const same = (index) => [...boxes.keys()].filter((other) => original(other) === original(index));

    // Derivatives of every node by the chosen one, and the number of paths, in one forward sweep.
    function sweep(start) {
      const found = new Map(same(start).map((box) => [box, { value: 1, count: 1n, terms: [] }]));
      for (const index of [...boxes.keys()].sort((a, b) => a - b)) {
        const terms = entering.get(index).filter((edge) => found.has(edge.from));
        if (found.has(index) || terms.length === 0) continue;
        let value = 0, count = 0n;
        for (const { from, slope } of terms) {
          value += found.get(from).value * slope;
          count += found.get(from).count;
        }
        found.set(index, { value, count, terms });
      }
      return found;
    }

    function write(index, text) {
      const rect = boxes.get(index).querySelector("rect");
      const written = document.createElementNS("http://www.w3.org/2000/svg", "text");
      written.setAttribute("class", "vrepl-product");
      written.setAttribute("x", Number(rect.getAttribute("x")) + Number(rect.getAttribute("width")));
      written.setAttribute("y", Number(rect.getAttribute("y")) - 5);
      written.textContent = text;
      svg.append(written);
    }

    // How the derivative of a box came about from those of its operands.
    function product(terms, value) {
      if (terms.length > 2) return `sum of ${terms.length}: ${short(value)}`;
      if (terms.length === 2) {
        return `${terms.map(([before, slope]) => short(before * slope)).join(" + ")} = ${short(value)}`;
      }
      const [[before, slope]] = terms;
      return before === 1 ? short(value) : `${short(before)} · ${short(slope)} = ${short(value)}`;
    }

    // The largest of the first paths found from the result back to the start, as products.
    function paths(start, found) {
      const complete = [], stack = [[last, []]];
      while (stack.length && complete.length < SEARCHED) {
        const [index, slopes] = stack.pop();
        if (found.get(index).terms.length === 0) { complete.push(slopes); continue; }
        for (const edge of [...found.get(index).terms].reverse()) {
          stack.push([edge.from, [...slopes, edge.slope]]);
        }
      }
      const size = (slopes) => Math.abs(slopes.reduce((a, b) => a * b, 1));
      return complete.sort((a, b) => size(b) - size(a)).slice(0, SHOWN);
    }

    function told(start, found) {
      const about = boxes.get(start).querySelector("title").textContent.split("\n").join("   ");
      if (start === last) return `${about}\nThis is the result itself.`;
      const { value, count } = found.get(last);
      const shown = paths(start, found).map((slopes) => slopes.map(short).join(" · "));
      const rest = count - BigInt(shown.length);
      if (rest > 0n) shown.push(`… ${rest} more path${rest > 1n ? "s" : ""}`);
      const written = shown.join(" + ");
      const product = short(value);
      const equals = written === product ? product : `${written} = ${product}`;
      return `${about}\n∂${name(last)}/∂${name(start)} = ${equals}`;
    }

    function choose(start) {
      clear();
      const found = sweep(start);
      svg.classList.add("vrepl-showing");
      for (const box of same(start)) boxes.get(box).classList.add("vrepl-lit", "vrepl-start");
      for (const dot of svg.querySelectorAll(".vrepl-dot")) {
        dot.classList.toggle("vrepl-lit", found.has(Number(dot.dataset.from)));
      }
      for (const [index, { value, terms }] of found) {
        if (terms.length === 0) continue;
        boxes.get(index).classList.add("vrepl-lit");
        for (const { line } of terms) line.classList.add("vrepl-lit");
        write(index, product(terms.map(({ from, slope }) => [found.get(from).value, slope]), value));
      }
      caption.textContent = told(start, found);
      caption.classList.remove("vrepl-hint");
    }

    // The nearest box above or below, by where it stands.
    function beside(index, step) {
      const place = (i) => {
        const rect = boxes.get(i).querySelector("rect");
        return [Number(rect.getAttribute("x")), Number(rect.getAttribute("y"))];
      };
      const [x, y] = place(index);
      const column = [...boxes.keys()].filter((i) => place(i)[0] === x && (place(i)[1] - y) * step > 0);
      return column.sort((a, b) => (place(a)[1] - place(b)[1]) * step)[0];
    }

    const moves = {
      ArrowLeft: (index) => entering.get(index)[0]?.from,
      ArrowRight: (index) => leaving.get(index)[0]?.to,
      ArrowUp: (index) => beside(index, -1),
      ArrowDown: (index) => beside(index, 1),
      Enter: (index) => index,
      " ": (index) => index,
    };

    svg.setAttribute("role", "group");
    svg.classList.add("vrepl-live");
    for (const [index, box] of boxes) {
      const [first, ...rest] = box.querySelector("title").textContent.split("\n");
      box.setAttribute("role", "button");
      box.setAttribute("aria-label", [first, ...rest].join(", "));
      box.setAttribute("tabindex", entering.get(index).length ? "-1" : "0");
      box.addEventListener("click", (event) => { event.stopPropagation(); box.focus(); choose(index); });
      box.addEventListener("focus", () => choose(index));
      box.addEventListener("keydown", (event) => {
        if (event.key === "Escape") { clear(); return; }
        const target = moves[event.key]?.(index);
        if (target === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        boxes.get(target).focus();
        choose(target);
        boxes.get(target).scrollIntoView({ block: "nearest", inline: "nearest" });
      });
    }
    svg.addEventListener("click", clear);
    clear();
  }

  for (const root of document.querySelectorAll(".vrepl-graph:not([data-live])")) {
    root.dataset.live = "";
    bring(root);
  }
})();
