/* One sample beside what the model makes of it, and the parts that add up to that. Sliders multiply
 * parts: the reconstruction is always the sum over components of factor * weight * row of H. */

var FIRST_PARTS = 8;

/* Places that can be chosen: those with originals, where there are any. */
function choosable() {
  if (X) return DATA.data.of;
  return DATA.samples.index.map(function (sample, place) { return place; });
}

function reconstruction(place) {
  var weights = W.row(place), model = new Float64Array(H[0].length);
  for (var c = 0; c < K; c++) {
    var amount = weights[c] * STATE.factors[c];
    if (amount !== 0) for (var j = 0; j < model.length; j++) model[j] += amount * H[c][j];
  }
  return model;
}

function partRows(place, redraw) {
  var shares = sharesOf(place), order = H.map(function (row, c) { return c; });
  order.sort(function (a, b) { return shares[b] - shares[a] || a - b; });
  order = order.filter(function (c) { return shares[c] > 0; });
  var shown = STATE.allParts ? order : order.slice(0, FIRST_PARTS);
  return [shown.length ? null : el("p", {}, say("nothing")), shown.map(function (c) {
    var control = slider(say("slider_of", {number: c}), {min: 0, max: 3, step: 0.05, "data-component": c}, STATE.factors[c],
      function (x) { return "× " + x.toFixed(2); },
      function (x) { STATE.factors[c] = x; redraw(); });
    return el("div", {"class": "part"}, el("div", {"class": "part-figure"}, MARK.part(c)),
      el("div", {"class": "part-about"}, el("p", {}, el("i", {"class": "swatch", style: "background:" + colourOf(c)}), componentLink(c, say("component", {number: c})),
        " · ", say("part_share", {share: FORMATS.percent(shares[c])})), control));
  }), order.length > FIRST_PARTS ? el("button", {type: "button", "class": "small", onclick: function () { STATE.allParts = !STATE.allParts; drawSample(); }},
        STATE.allParts ? say("fewer_parts") : say("more_parts", {count: order.length})) : null];
}

function sampleHead(place, places) {
  var select = el("select", {id: "sample-select"}, places.map(function (p) {
    var label = labelName(p);
    return el("option", {value: p, selected: p === place ? "" : null}, sampleName(p) + (label ? " · " + label : ""));
  }));
  if (places.indexOf(place) < 0) {
    select.insertBefore(el("option", {value: place, selected: ""}, sampleName(place)), select.firstChild);
  }
  function choose(p) { STATE.sample = p; STATE.factors = null; drawSample(); }
  function step(by) {
    var i = places.indexOf(place);
    choose(places[(i + by + places.length) % places.length]);
    document.querySelector(by < 0 ? "#sample-previous" : "#sample-next").focus();
  }
  select.addEventListener("change", function () {
    choose(Number(select.value));
    document.getElementById("sample-select").focus();
  });
  return el("div", {"class": "controls"},
    el("div", {"class": "field"}, el("label", {"for": "sample-select"}, say("choose_sample")), select),
    el("button", {type: "button", id: "sample-previous", "aria-label": say("previous"), onclick: function () { step(-1); }}, "‹"),
    el("button", {type: "button", id: "sample-next", "aria-label": say("next"), onclick: function () { step(1); }}, "›"),
    el("button", {type: "button", id: "sample-reset", onclick: function () { STATE.factors = null; drawSample(); document.getElementById("sample-reset").focus(); }}, say("reset")));
}

function sampleSection() {
  var places = choosable();
  if (STATE.sample === null) STATE.sample = places.length ? places[0] : 0;
  if (!STATE.factors) STATE.factors = H.map(function () { return 1; });
  var place = STATE.sample, original = originalOf(place), view = MARK.sample(original), waiting = false;
  function redraw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(function () { waiting = false; view.update(reconstruction(place)); });
  }
  view.update(reconstruction(place));
  var facts = X ? el("p", {"class": "note"}, say("sample_error"), " ", number("samples/error/" + place), " · ",
                     say("sample_cosine"), " ", number("samples/cosine/" + place), isPartial() ? " (" + say("over_observed") + ")" : null) : null;
  return [el("p", {"class": "note"}, X ? say("originals_are", {count: places.length}) : say("no_originals"), " ", say("sample_hint")),
          sampleHead(place, places), facts,
          el("div", {"class": "apart of-" + KIND.mark}, el("div", {"class": "whole"}, view.element),
             el("div", {"class": "parts"}, el("h3", {}, say("parts")), partRows(place, redraw)))];
}

function drawSample() {
  var host = document.getElementById("sample-body");
  host.textContent = "";
  add(host, sampleSection());
}
