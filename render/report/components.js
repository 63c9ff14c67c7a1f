/* What was learned: each component drawn as its kind of data is, with its share, the samples that have
 * most of it, and the components most like it. */

function goTo(id) {
  var target = document.getElementById(id);
  if (target) { target.scrollIntoView({block: "start"}); target.focus({preventScroll: true}); }
}

function componentLink(c, text) {
  return el("a", {href: "#component-" + c, onclick: function (event) { event.preventDefault(); goTo("component-" + c); }},
            text || say("component_short", {number: c}));
}

/* The row of X among those in the page, or null. */
function originalOf(place) {
  var row = X ? DATA.data.of.indexOf(place) : -1;
  return row < 0 ? null : X.row(row);
}

function takeApart(place) {
  STATE.sample = place;
  STATE.factors = null;
  drawSample();
  goTo("sample");
}

function bestSamples(c) {
  var component = DATA.components[c], places = component.best.slice(0, MARK.thumbnail ? 4 : 3);
  if (!places.length) return null;
  var originals = places.map(originalOf);
  var pictures = MARK.thumbnail && originals.some(Boolean);
  return el("div", {"class": pictures ? "best pictured" : "best"}, el("span", {"class": "lead"}, say("best_samples")), " ",
    places.map(function (place, i) {
      var share = FORMATS.percent(sharesOf(place)[c]), name = sampleName(place), label = labelName(place);
      var told = name + (label ? ", " + label : "") + ": " + say("part_share", {share: share});
      if (pictures && !originals[i]) return null;
      return el("button", {type: "button", "class": pictures ? "thumb" : "link", title: told, "aria-label": told,
                           onclick: function () { takeApart(place); }},
                pictures ? MARK.thumbnail(originals[i], told) : name);
    }));
}

function similarTo(c) {
  var others = DATA.components.map(function (one, d) { return d; }).filter(function (d) { return d !== c; });
  others.sort(function (a, b) { return DATA.cosines[c * K + b] - DATA.cosines[c * K + a] || a - b; });
  others = others.slice(0, 2);
  if (!others.length) return null;
  return el("p", {"class": "similar explains"}, term(say("similar"), "cosine"), " ", others.map(function (d, i) {
    return [i ? ", " : "", componentLink(d), " ", number("cosines/" + (c * K + d), "cosine")];
  }));
}

function stabilityOf(c) {
  var rows = DATA.rank && DATA.rank.components;
  if (typeof DATA.components[c].stability === "number") {
    return el("p", {"class": "similar explains"}, term(say("stability"), "rank"), " ", number("components/" + c + "/stability", "cosine"));
  }
  if (!rows || !rows[c] || typeof rows[c].stability !== "number") return null;
  return el("p", {"class": "similar explains"}, term(say("stability"), "rank"), " ", number("rank/components/" + c + "/stability", "cosine"));
}

function componentCard(c) {
  var drawn = MARK.component(c), title = say("component", {number: c});
  var largestShare = Math.max.apply(null, DATA.components.map(function (one) { return one.share; }).concat([1e-300]));
  return el("article", {"class": "card", id: "component-" + c, tabindex: "-1", "aria-label": title},
    el("h3", {}, el("i", {"class": "swatch", style: "background:" + colourOf(c)}), title),
    el("p", {"class": "share"}, el("span", {"class": "meter", "aria-hidden": "true"},
        el("i", {style: "width:" + (100 * DATA.components[c].share / largestShare).toFixed(1) + "%"})),
      number("components/" + c + "/share", "percent"), " ", say("share")),
    el("div", {"class": "drawing"}, drawn),
    el("div", {"class": "about"},
      el("p", {"class": "similar"}, weave("main_of", {count: number("components/" + c + "/members", "whole"), total: number("samples/total", "whole")})),
      bestSamples(c), similarTo(c), stabilityOf(c),
      saver(title, drawn, function () { return MARK.table(c); })));
}

function reductionNote() {
  if (KIND.mark === "picture" && KIND.step > 1) return say("reduced_pictures", {step: KIND.step});
  if (KIND.mark === "line" && KIND.step > 1) return say("reduced_curves", {step: KIND.step});
  if (DATA.features.shown < DATA.features.total && KIND.mark === "terms") {
    return say("reduced_terms", {shown: FORMATS.whole(DATA.features.shown), total: FORMATS.whole(DATA.features.total)});
  }
  return null;
}

function alikeFigure() {
  var order = ordered(), size = Math.max(10, Math.min(26, 420 / K)), left = 34;
  var picture = svg("svg", {viewBox: "0 0 " + (left + K * size + 2) + " " + (left + K * size + 2), "class": "chart alike", role: "img",
                            "aria-label": say("alike_title"), style: "max-width:" + (left + K * size) + "px"});
  order.forEach(function (c, i) {
    order.forEach(function (d, j) {
      var cosine = DATA.cosines[c * K + d];
      add(picture, [svg("rect", {x: left + j * size, y: left + i * size, width: size - 1, height: size - 1, "class": "heat-cell", "fill-opacity": Math.max(cosine, 0).toFixed(3)},
        svg("title", {}, say("component", {number: c}) + ", " + say("component", {number: d}) + ": " + FORMATS.cosine(cosine)))]);
    });
    if (K <= 40 || i % 5 === 0) add(picture, [
      svg("text", {x: left - 4, y: left + i * size + size / 2 + 4, "text-anchor": "end", "class": "tick"}, c),
      svg("text", {x: left + i * size + size / 2, y: left - 6, "text-anchor": "middle", "class": "tick"}, c)]);
  });
  return figure(say("alike_title"), picture, function () {
    return [[""].concat(order)].concat(order.map(function (c) {
      return [c].concat(order.map(function (d) { return DATA.cosines[c * K + d]; }));
    }));
  }, say("alike_note"));
}

function componentsSection() {
  var grid = el("div", {"class": "cards of-" + KIND.mark});
  function redraw() {
    grid.textContent = "";
    add(grid, ordered().map(componentCard));
  }
  redraw();
  var note = reductionNote();
  return [
    el("p", {"class": "intro explains"}, term(say("share"), "share"), " · ", term(say("similar"), "cosine"), " · ", term(kindWord("parts"), "components")),
    el("div", {"class": "controls"}, choice(say("order_by"), "order", [["share", say("by_share")], ["number", say("by_number")]], redraw), MARK.controls(redraw)),
    note ? el("p", {"class": "note"}, note) : null, grid,
    K > 1 ? [el("h3", {"class": "explains"}, term(say("alike_title"), "cosine")), alikeFigure()] : null
  ];
}
