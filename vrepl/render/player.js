// Plays drawings step by step: the evaluation, then the reverse sweep.
(() => {
  const PAUSE = 1200, SPEEDS = [0.5, 1, 2, 4];

  function bring(root) {
    const svg = root.querySelector("svg");
    const figure = root.querySelector(".vrepl-figure");
    const steps = JSON.parse(root.querySelector(".vrepl-steps").textContent);
    const boxes = new Map(), edges = [];
    for (const box of svg.querySelectorAll(".vrepl-node")) boxes.set(Number(box.dataset.node), box);
    for (const line of svg.querySelectorAll(".vrepl-edge")) {
      edges.push({ line, from: Number(line.dataset.from), to: Number(line.dataset.to) });
    }
    let at = steps.length - 1, timer = null;

    function part(tag, attributes, text) {
      const made = document.createElement(tag);
      for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
      if (text) made.textContent = text;
      return made;
    }

    const caption = part("div", { class: "vrepl-caption", "aria-live": "polite" });
    const bar = part("div", { class: "vrepl-bar", role: "toolbar", "aria-label": "player" });
    const slider = part("input", {
      type: "range", min: 0, max: steps.length - 1, value: at, "aria-label": "step",
    });
    const speed = part("select", { "aria-label": "speed" });
    for (const times of SPEEDS) speed.append(part("option", { value: times }, `${times}×`));
    speed.value = 1;
    const count = part("span", { class: "vrepl-count" });

    function button(sign, label, act) {
      const made = part("button", { type: "button", title: label, "aria-label": label }, sign);
      made.addEventListener("click", act);
      bar.append(made);
      return made;
    }

    // Everything that is known at a step, and the one thing that it is about.
    function show(step) {
      at = Math.min(Math.max(step, 0), steps.length - 1);
      const current = steps[at];
      const values = new Set(), slopes = new Set();
      for (const { node, sweep } of steps.slice(0, at + 1)) (sweep ? slopes : values).add(node);
      for (const [index, box] of boxes) {
        box.classList.toggle("vrepl-dim", !values.has(index));
        box.classList.toggle("vrepl-lit", index === current.node);
        box.classList.toggle("vrepl-start", index === current.node && current.sweep);
        for (const text of box.querySelectorAll(".vrepl-value")) {
          text.style.visibility = values.has(index) ? "" : "hidden";
        }
        for (const text of box.querySelectorAll(".vrepl-of")) {
          text.style.visibility = slopes.has(index) ? "" : "hidden";
        }
      }
      for (const { line, from, to } of edges) {
        const lit = current.sweep ? from === current.node : to === current.node;
        line.classList.toggle("vrepl-lit", lit);
        line.classList.toggle("vrepl-dim", !values.has(to));
        line.querySelector("text").style.visibility = slopes.has(to) ? "" : "hidden";
      }
      const phase = current.sweep ? "reverse sweep" : "evaluation";
      caption.textContent = `${phase}\n${current.words}`;
      count.textContent = `${at + 1} / ${steps.length}`;
      slider.value = at;
      slider.setAttribute("aria-valuetext", `${phase}: ${current.words}`);
    }

    function stop() {
      clearTimeout(timer);
      timer = null;
      toggle.textContent = "▶ play";
      toggle.setAttribute("aria-label", "play");
      toggle.title = "play";
    }

    function go() {
      timer = setTimeout(() => {
        show(at + 1);
        if (at < steps.length - 1 && root.isConnected) go(); else stop();
      }, PAUSE / Number(speed.value));
    }

    function play() {
      if (timer !== null) { stop(); return; }
      if (at === steps.length - 1) show(0);
      toggle.textContent = "|| pause";
      toggle.setAttribute("aria-label", "pause");
      toggle.title = "pause";
      go();
    }

    button("|◀", "to the start", () => { stop(); show(0); });
    button("◀", "one step back", () => { stop(); show(at - 1); });
    const toggle = button("▶ play", "play", play);
    button("▶", "one step on", () => { stop(); show(at + 1); });
    button("▶|", "to the end", () => { stop(); show(steps.length - 1); });
    slider.addEventListener("input", () => { stop(); show(Number(slider.value)); });
    bar.append(slider, count, speed);
    figure.after(bar, caption);
    svg.classList.add("vrepl-live", "vrepl-playing");
    addEventListener("beforeprint", () => show(steps.length - 1));
    show(at);
  }

  for (const root of document.querySelectorAll(".vrepl-player:not([data-live])")) {
    root.dataset.live = "";
    bring(root);
  }
})();
