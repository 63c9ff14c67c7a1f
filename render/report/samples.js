/* All samples at once: the structure plot of their shares, the heat map of W, and labels beside
 * components. */

function drawnPlaces() {
  var places = [];
  for (var i = 0; i < DATA.samples.drawn; i++) places.push(i);
  return places;
}

function mainOf(shares) {
  var main = -1;
  for (var c = 0; c < K; c++) if (shares[c] > (main < 0 ? 0 : shares[main])) main = c;
  return main;
}

function sortedPlaces(shares) {
  var rank = ordered(), position = [];
  rank.forEach(function (c, i) { position[c] = i; });
  var mains = shares.map(mainOf);
  function byMain(a, b) {
    var p = mains[a] < 0 ? K : position[mains[a]], q = mains[b] < 0 ? K : position[mains[b]];
    return p - q || (mains[a] < 0 ? 0 : shares[b][mains[a]] - shares[a][mains[a]]) || a - b;
  }
  var places = drawnPlaces();
  if (STATE.sort === "main") places.sort(byMain);
  if (STATE.sort === "label") places.sort(function (a, b) { return DATA.samples.labels[a] - DATA.samples.labels[b] || byMain(a, b); });
  if (STATE.sort === "error") places.sort(function (a, b) { return (DATA.samples.error[b] || 0) - (DATA.samples.error[a] || 0) || a - b; });
  return places;
}

/* A picture with one column a sample: paint(place, x, set) gives pixels by set(x, y, [red, green, blue]). */
function strip(places, height, paint) {
  var width = Math.max(places.length, 1), canvas = el("canvas", {width: width, height: height});
  var context = canvas.getContext("2d", {willReadFrequently: true}), image = context.createImageData(width, height), pixels = image.data;
  function set(x, y, colour) {
    var at = 4 * (y * width + x);
    pixels[at] = colour[0];
    pixels[at + 1] = colour[1];
    pixels[at + 2] = colour[2];
    pixels[at + 3] = 255;
  }
  places.forEach(function (place, x) { paint(place, x, set); });
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}

/* The plot with its labels; arrow keys move a cursor along the samples. */
function samplePlot(title, places, image, height, said, rows) {
  var width = 1000, top = DATA.labels && STATE.sort === "label" ? 22 : 4, left = rows ? 34 : 0;
  var picture = svg("svg", {viewBox: -left + " 0 " + (width + left) + " " + (height + top + 4), "class": "chart plot", role: "img", "aria-label": title});
  (rows || []).forEach(function (text, i) {
    if (rows.length <= 40 || i % 4 === 0) {
      add(picture, [svg("text", {x: -6, y: top + (i + 0.5) / rows.length * height + 4, "text-anchor": "end", "class": "tick"}, text)]);
    }
  });
  add(picture, [svg("image", {href: image, x: 0, y: top, width: width, height: height, preserveAspectRatio: "none", style: "image-rendering:pixelated"})]);
  if (top > 4) {
    var start = 0;
    for (var i = 1; i <= places.length; i++) {
      if (i === places.length || DATA.samples.labels[places[i]] !== DATA.samples.labels[places[start]]) {
        var from = start / places.length * width, to = i / places.length * width, name = labelName(places[start]);
        var fits = Math.floor((to - from) / 8);
        add(picture, [svg("line", {x1: from, x2: from, y1: 2, y2: height + top, "class": "divider"}),
                      fits > 1 ? svg("text", {x: (from + to) / 2, y: 14, "text-anchor": "middle", "class": "tick"},
                                     name.length > fits ? name.slice(0, Math.max(fits - 1, 1)) + "…" : name, svg("title", {}, name)) : null]);
        start = i;
      }
    }
  }
  var cursor = svg("rect", {x: -10, y: top, width: Math.max(width / places.length, 2), height: height, "class": "cursor", visibility: "hidden"});
  add(picture, [cursor]);
  var output = el("p", {"class": "note readout", "aria-live": "polite"}, say("arrows")), where = 0;
  function show(index) {
    where = Math.min(Math.max(index, 0), places.length - 1);
    cursor.setAttribute("x", where / places.length * width);
    cursor.setAttribute("visibility", "visible");
    output.textContent = said(places[where]);
  }
  function under(event) {
    var box = picture.getBoundingClientRect();
    return Math.floor(((event.clientX - box.left) / box.width * (width + left) - left) / width * places.length);
  }
  var host = el("div", {"class": "plot-host", tabindex: "0", role: "group", "aria-label": title + ". " + say("arrows")}, picture);
  host.addEventListener("keydown", function (event) {
    var steps = {ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20, Home: -1e9, End: 1e9};
    if (steps[event.key] !== undefined) { event.preventDefault(); show(where + steps[event.key]); }
    if (event.key === "Enter") takeApart(places[where]);
  });
  host.addEventListener("focus", function () { show(where); });
  picture.addEventListener("pointermove", function (event) { show(under(event)); });
  picture.addEventListener("click", function (event) { show(under(event)); takeApart(places[where]); });
  return {host: host, picture: picture, output: output};
}

function plotFigure(title, note, plot, table) {
  return el("figure", {}, plot.host, plot.output, el("figcaption", {}, note, " ", saver(title, plot.picture, table)));
}

function structureFigure(shares, places) {
  var order = ordered(), height = 240;
  var colours = order.map(hueOf);
  var image = strip(places, height, function (place, x, set) {
    var y = height, end = height;
    order.forEach(function (c, i) {
      end -= shares[place][c] * height;
      for (var last = Math.max(Math.round(end), 0); y > last;) set(x, --y, colours[i]);
    });
  });
  var plot = samplePlot(say("structure"), places, image, height, function (place) {
    var top = order.slice().sort(function (a, b) { return shares[place][b] - shares[place][a]; }).slice(0, 3);
    var label = labelName(place);
    return sampleName(place) + (label ? " (" + label + ")" : "") + ": " + top.map(function (c) {
      return say("component_short", {number: c}) + " " + FORMATS.percent(shares[place][c]);
    }).join(", ");
  });
  var legend = el("p", {"class": "legend"}, order.slice(0, 60).map(function (c) {
    return el("span", {}, el("i", {"class": "swatch", style: "background:" + colourOf(c)}), componentLink(c), " ");
  }));
  return [plotFigure(say("structure"), say("structure_note"), plot, function () { return shareTable(shares, places); }), legend];
}

function shareTable(shares, places) {
  return [["sample", "label"].concat(shares[0] ? [].map.call(shares[0], function (x, c) { return "component " + c; }) : [])].concat(
    places.map(function (place) { return [sampleName(place), labelName(place) || ""].concat([].slice.call(shares[place])); }));
}

function heatFigure(places) {
  var order = ordered(), row = Math.max(6, Math.min(22, Math.floor(320 / K))), height = row * K;
  var weights = places.map(function (place) { return W.row(place); }), top = order.map(function () { return 0; });
  weights.forEach(function (one) { for (var c = 0; c < K; c++) top[c] = Math.max(top[c], one[c]); });
  var colours = shadesOf(COLOURS.viridis);
  var image = strip(places, K, function (place, x, set) {
    order.forEach(function (c, y) { set(x, y, colours[top[c] > 0 ? Math.round(255 * weights[x][c] / top[c]) : 0]); });
  });
  var index = {};
  places.forEach(function (place, i) { index[place] = i; });
  var plot = samplePlot(say("heat"), places, image, height, function (place) {
    var best = mainOf(sharesOf(place));
    return sampleName(place) + ": " + (best < 0 ? say("nothing") : say("component_short", {number: best}) + " " + FORMATS.plain(weights[index[place]][best]));
  }, order.map(function (c) { return say("component_short", {number: c}); }));
  return plotFigure(say("heat"), say("heat_note"), plot, function () {
    return [["sample"].concat(order.map(function (c) { return "component " + c; }))].concat(places.map(function (place) {
      return [sampleName(place)].concat(order.map(function (c) { return W.row(place)[c]; }));
    }));
  });
}

function agreementTable() {
  var order = ordered(), labels = DATA.labels;
  return [el("h3", {"class": "explains"}, term(say("agreement"), "nmi")),
    el("p", {"class": "note"}, "NMI ", number("labels/nmi", "cosine"), " · ARI ", number("labels/ari", "cosine"), ". ", say("agreement_note")),
    el("div", {"class": "scroll", tabindex: "0", role: "region", "aria-label": say("agreement")}, el("table", {"class": "means", "aria-label": say("agreement_note")},
      el("thead", {}, el("tr", {}, el("th", {scope: "col"}, say("label")), el("th", {scope: "col"}, say("size")),
        order.map(function (c) { return el("th", {scope: "col"}, say("component_short", {number: c})); }))),
      el("tbody", {}, labels.names.map(function (name, l) {
        return el("tr", {}, el("th", {scope: "row"}, name), el("td", {}, number("labels/sizes/" + l, "whole")), order.map(function (c) {
          var mean = labels.mean_shares[l * K + c];
          return el("td", {style: "--level:" + Math.round(60 * mean) + "%"}, number("labels/mean_shares/" + (l * K + c), "cosine"));
        }));
      }))))];
}

function samplesSection() {
  var samples = DATA.samples, shares = drawnPlaces().map(sharesOf), host = el("div", {});
  function redraw() {
    var places = sortedPlaces(shares);
    host.textContent = "";
    add(host, [el("h3", {"class": "explains"}, term(say("structure"), "sample_share")), structureFigure(shares, places), el("h3", {}, say("heat")), heatFigure(places)]);
  }
  redraw();
  var sorts = [["main", say("sort_main")]].concat(DATA.labels ? [["label", say("sort_label")]] : [], X ? [["error", say("sort_error")]] : [], [["data", say("sort_data")]]);
  return [
    samples.drawn < samples.total
      ? el("p", {"class": "note explains"}, weave("drawn_shown", {drawn: number("samples/drawn", "whole"), total: number("samples/total", "whole")}), " ", term("?", "drawn"))
      : el("p", {"class": "note"}, weave("all_shown", {total: number("samples/total", "whole")})),
    el("div", {"class": "controls"}, choice(say("sort_by"), "sort", sorts, redraw)), host,
    DATA.labels && DATA.labels.names.length <= 60 ? agreementTable() : null];
}
