(() => {
  "use strict";
  const form = document.getElementById("mix-form");
  if (form) {
    const data = JSON.parse(document.getElementById("mix-data").textContent);
    const fields = [...form.querySelectorAll("[data-weight]")];
    const cells = [...document.querySelectorAll("[data-mix]")];
    const declared = cells.map((cell) => [...cell.childNodes]);
    const state = document.getElementById("mix-state");
    const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
    const written = (value, decimals, sign) => {
      const text = Math.abs(value).toFixed(decimals);
      return Number(text) === 0 ? text : (value < 0 ? "−" : sign) + text;
    };
    const span = (name, text) => Object.assign(document.createElement("span"), { className: name, textContent: text });
    const priced = (weights, row) => {
      const whole = sum(row.map(([, , reference], i) => weights[i] * reference)) / 100;
      const value = sum(row.map(([added], i) => weights[i] * added)) / whole;
      const half = Math.hypot(...row.map(([, width], i) => weights[i] * width)) / whole;
      const nearest = Math.abs(value) - half;
      let decimals = half >= 1 && half < 2 ? 1 : Math.min(3, Math.max(0, -Math.floor(Math.log10(half || 0.1))));
      while (nearest > 0 && decimals < 3 && Number(nearest.toFixed(decimals)) === 0) decimals += 1;
      const price = span(nearest > 0 ? "price" : "price unsure", "");
      const bounds = [value - half, value + half].map((bound) => written(bound, decimals, "")).join(", ");
      price.append(span("figure", `${written(value, decimals, "+")} %`), " ", span("bounds", `[${bounds}]`));
      return price;
    };
    const show = () => {
      const weights = fields.map((field) => Math.max(0, Number(field.value) || 0));
      const total = sum(weights);
      const same = weights.every((weight, i) => Math.abs(weight / total - data.mix[i]) < 1e-3);
      state.textContent = !total ? "give at least one journey a weight" : same ? "the declared mix" : "your mix";
      cells.forEach((cell, i) =>
        cell.replaceChildren(...(same || !total ? declared[i] : [priced(weights, data.rows[i])])));
    };
    form.addEventListener("input", show);
    form.addEventListener("reset", () => setTimeout(show));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
  }
})();
