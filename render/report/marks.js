/* The four marks that kinds of data are drawn with (render/kind.h): picture, terms, line, columns. Each
 * draws a component, a small part, and a sample beside its reconstruction. */

/* ---- figures: something drawn, its caption, and how it is saved ---- */

/* drawing: an svg or canvas element; table(): rows of cells for the CSV. */
function saver(title, drawing, table) {
  function button(format, act) {
    return el("button", {type: "button", "class": "small", "aria-label": say("save_figure", {title: title, format: say("as_" + format)}),
                         onclick: act}, say("as_" + format));
  }
  return el("div", {"class": "saver"},
            button("svg", function () { saveSvg(title, drawing); }),
            button("png", function () { savePng(title, drawing); }),
            table ? button("csv", function () { saveText(title, "csv", "text/csv", csv(table())); }) : null);
}

function figure(title, drawing, table, note) {
  return el("figure", {}, el("div", {"class": "drawing"}, drawing),
            el("figcaption", {}, note ? [note, " "] : null, saver(title, drawing, table)));
}

/* ---- pictures ---- */

/* Control points, evenly spaced; the same ones as render/draw/colormap.c, thinned. */
var COLOURS = {
  gray: [[0, 0, 0], [255, 255, 255]],
  viridis: [[68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141], [39, 173, 129], [92, 200, 99], [170, 220, 50], [253, 231, 37]],
  magma: [[0, 0, 4], [28, 16, 68], [79, 18, 123], [129, 37, 129], [181, 54, 122], [229, 80, 100], [251, 135, 97], [254, 194, 135], [252, 253, 191]],
  diverging: [[5, 48, 97], [67, 147, 195], [209, 229, 240], [247, 247, 247], [253, 219, 199], [214, 96, 77], [103, 0, 31]]
};

/* 256 colours between the control points. */
function shadesOf(points) {
  var last = points.length - 1, shades = [];
  for (var i = 0; i < 256; i++) {
    var spot = i / 255 * last, from = Math.min(Math.floor(spot), last - 1);
    shades.push([0, 1, 2].map(function (channel) {
      return Math.round(points[from][channel] + (spot - from) * (points[from + 1][channel] - points[from][channel]));
    }));
  }
  return shades;
}

function paint(canvas, values, low, high, colours) {
  var context = canvas.getContext("2d", {willReadFrequently: true}), image = context.createImageData(KIND.width, KIND.height);
  var shades = shadesOf(COLOURS[colours]), pixels = image.data;
  for (var i = 0; i < values.length; i++) {
    if (isNaN(values[i])) continue; /* a hole: clear, so that the hatch behind is seen */
    var shade = shades[high > low ? Math.round(255 * Math.min(Math.max((values[i] - low) / (high - low), 0), 1)) : 0];
    pixels[4 * i] = shade[0];
    pixels[4 * i + 1] = shade[1];
    pixels[4 * i + 2] = shade[2];
    pixels[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

function largest(values) {
  var most = 0;
  for (var i = 0; i < values.length; i++) if (Math.abs(values[i]) > most) most = Math.abs(values[i]);
  return most;
}

function lowest(values) {
  var least = 0;
  for (var i = 0; i < values.length; i++) if (values[i] < least) least = values[i];
  return least;
}

/* Says what the hatch means, where a sample has holes. */
function holeLegend(original) {
  return original && [].some.call(original, isNaN)
    ? el("span", {"class": "holes"}, el("i", {"class": "swatch hole"}), say("not_observed")) : null;
}

function newPicture(label) {
  return el("canvas", {width: KIND.width, height: KIND.height, "class": "picture", role: "img", "aria-label": label});
}

function paintComponent(canvas, c) {
  var most = largest(H[c]);
  paint(canvas, H[c], STATE.scale === "symmetric" ? -most : 0, most, STATE.colours);
}

var PICTURE = {
  controls: function (redraw) {
    return [choice(say("scale"), "scale", [["zero", say("scale_zero")], ["symmetric", say("scale_symmetric")]], redraw),
            choice(say("colours"), "colours", ["gray", "viridis", "magma"].map(function (name) { return [name, say("colours_" + name)]; }), redraw)];
  },
  component: function (c) {
    var canvas = newPicture(say("picture_of", {number: c}));
    paintComponent(canvas, c);
    return canvas;
  },
  table: function (c) {
    return [["row", "column", "value"]].concat([].map.call(H[c], function (value, i) {
      return [Math.floor(i / KIND.width), i % KIND.width, value];
    }));
  },
  part: function (c) {
    var canvas = newPicture(say("picture_of", {number: c}));
    paintComponent(canvas, c);
    return canvas;
  },
  thumbnail: function (values, label) {
    var canvas = newPicture(label);
    paint(canvas, values, 0, largest(values), "gray");
    return canvas;
  },
  sample: function (original) {
    var canvases = {reconstruction: newPicture(say("reconstruction"))};
    if (original) {
      canvases.original = newPicture(say("original"));
      canvases.residual = newPicture(say("residual"));
    }
    var top = original ? largest(original) : 0, low = original ? lowest(original) : 0, hatch = holeLegend(original);
    return {
      element: el("div", {}, hatch ? el("p", {"class": "legend"}, hatch) : null, el("div", {"class": "pictures"}, ["original", "reconstruction", "residual"].map(function (name) {
        return canvases[name] ? el("figure", {"data-role": name}, el("div", {"class": "drawing"}, canvases[name]),
          el("figcaption", {"class": "explains"}, name === "residual" ? term(say(name), "residual") : say(name), " ",
             saver(say(name), canvases[name]))) : null;
      }))),
      update: function (model) {
        var most = top || largest(model);
        paint(canvases.reconstruction, model, low, most, "gray");
        if (original) {
          paint(canvases.original, original, low, most, "gray");
          paint(canvases.residual, original.map(function (x, j) { return x - model[j]; }), -most / 2, most / 2, "diverging");
        }
      }
    };
  }
};

/* ---- terms ---- */

/* p(term) over all components, and p(term | component); relevance as Sievert & Shirley 2014. */
var MARGINAL = null;
function marginal() {
  if (MARGINAL) return MARGINAL;
  MARGINAL = new Float64Array(DATA.features.shown);
  for (var c = 0; c < K; c++) {
    var weight = DATA.components[c].sum > 0 ? DATA.components[c].share / DATA.components[c].sum : 0;
    for (var j = 0; j < MARGINAL.length; j++) MARGINAL[j] += weight * H[c][j];
  }
  return MARGINAL;
}

/* The `count` features of most relevance, as numbers. */
function leading(c, lambda, count) {
  var p = marginal(), sum = DATA.components[c].sum, chosen = [], scores = [];
  for (var j = 0; j < H[c].length; j++) {
    if (!(H[c][j] > 0)) continue;
    var here = H[c][j] / sum, score = lambda * Math.log(here) + (1 - lambda) * Math.log(here / p[j]);
    if (chosen.length === count && score <= scores[count - 1]) continue;
    var place = chosen.length;
    while (place > 0 && scores[place - 1] < score) place--;
    chosen.splice(place, 0, j); /* few are wanted: cheaper than to sort all */
    scores.splice(place, 0, score);
    if (chosen.length > count) { chosen.pop(); scores.pop(); }
  }
  return chosen;
}

var TERM_ROWS = 12;

/* rows: {name, front, back} with bars from 0 to `most`; hole: there is no back, since nobody looked. */
function bars(rows, most, label) {
  return el("div", {"class": "bars", role: "table", "aria-label": label}, rows.map(function (row) {
    return el("div", {"class": "bar", role: "row"}, el("span", {"class": "name", role: "rowheader", title: row.name}, row.name),
      el("span", {"class": row.hole ? "track hole" : "track", role: "cell"},
        el("i", {"class": "back", style: "width:" + (100 * row.back / most).toFixed(2) + "%"}),
        el("i", {"class": "front", style: "width:" + (100 * row.front / most).toFixed(2) + "%", "data-value": row.front}),
        el("span", {"class": "amount"}, row.text)));
  }));
}

var TERMS = {
  controls: function (redraw) {
    return [el("div", {"class": "explains"}, slider(say("relevance"), {min: 0, max: 1, step: 0.05, "data-slider": "relevance"}, STATE.relevance,
      function (x) { return x.toFixed(2); }, function (x) { STATE.relevance = x; redraw(); }), term("?", "relevance"))];
  },
  component: function (c) {
    var p = marginal(), chosen = leading(c, STATE.relevance, TERM_ROWS), sum = DATA.components[c].sum;
    var share = DATA.components[c].share;
    var most = Math.max.apply(null, chosen.map(function (j) { return p[j]; }).concat([1e-300]));
    return bars(chosen.map(function (j) {
      return {name: featureName(j), front: share * H[c][j] / sum, back: p[j], text: FORMATS.percent(H[c][j] / sum)};
    }), most, say("terms_of", {number: c}));
  },
  table: function (c) {
    var order = [].map.call(H[c], function (x, j) { return j; });
    order.sort(function (a, b) { return H[c][b] - H[c][a] || a - b; });
    return [["feature", "weight"]].concat(order.map(function (j) { return [featureName(j), H[c][j]]; }));
  },
  part: function (c) {
    return el("span", {"class": "few"}, leading(c, STATE.relevance, 4).map(featureName).join(" · "));
  },
  sample: function (original) {
    var host = el("div", {"data-role": "reconstruction"});
    /* Both from 0 up; what is below is told by its number. */
    function there(j) { return original && original[j] > 0 ? original[j] : 0; }
    return {element: host, update: function (model) {
      var rows = [].map.call(model, function (v, j) { return j; });
      rows.sort(function (a, b) { return Math.max(there(b), model[b]) - Math.max(there(a), model[a]) || a - b; });
      rows = rows.slice(0, 24).filter(function (j) { return model[j] > 0 || there(j) > 0; });
      var most = rows.length ? Math.max(there(rows[0]), model[rows[0]]) : 1;
      var legend = original ? el("p", {"class": "legend"}, el("span", {}, el("i", {"class": "swatch back"}), say("original")),
                                 el("span", {}, el("i", {"class": "swatch front"}), say("reconstruction")), holeLegend(original)) : null;
      host.textContent = "";
      add(host, [legend, bars(rows.map(function (j) {
        return {name: featureName(j), front: model[j], back: there(j), hole: original && isNaN(original[j]), text: FORMATS.plain(model[j])};
      }), most, say("reconstruction"))]);
      host.firstElementChild.parentNode.lastElementChild.classList.add("pairs");
    }};
  }
};

/* ---- lines ---- */

function axisValues() {
  var names = DATA.features.names;
  var numbers = names ? names.map(Number) : null;
  return numbers && numbers.every(isFinite) ? numbers : H[0].reduce(function (all, x, j) { all.push(j * KIND.step); return all; }, []);
}

function linePath(values, width, height, low, high) {
  var last = Math.max(values.length - 1, 1), d = "";
  for (var j = 0; j < values.length; j++) {
    if (isNaN(values[j])) continue; /* a hole is a gap; a point between two of them a short line */
    var y = height - (values[j] - low) / (high - low || 1) * height, alone = j + 1 === values.length || isNaN(values[j + 1]);
    var begins = j === 0 || isNaN(values[j - 1]);
    if (begins && alone) { d += "M" + (j / last * width - 1).toFixed(1) + " " + y.toFixed(1) + "h2"; continue; }
    d += (begins ? "M" : "L") + (j / last * width).toFixed(1) + " " + y.toFixed(1);
  }
  return d;
}

/* series: {values, style}; an axis below. */
function curves(series, label, low, high, width, height) {
  var x = axisValues(), first = x[0], last = x[x.length - 1], left = 4, bottom = 22;
  var picture = svg("svg", {viewBox: "0 0 " + (width + 2 * left) + " " + (height + bottom), "class": "chart", role: "img", "aria-label": label});
  ticks(Math.min(first, last), Math.max(first, last), 5).forEach(function (value) {
    var place = left + (value - first) / (last - first || 1) * width;
    add(picture, [svg("line", {x1: place, x2: place, y1: height, y2: height + 4, "class": "axis"}),
                  svg("text", {x: place, y: height + 17, "text-anchor": "middle", "class": "tick"}, FORMATS.plain(value))]);
  });
  add(picture, [svg("line", {x1: left, x2: left + width, y1: height - (0 - low) / (high - low || 1) * height,
                             y2: height - (0 - low) / (high - low || 1) * height, "class": "axis"})]);
  series.forEach(function (one) {
    add(picture, [svg("path", Object.assign({d: linePath(one.values, width, height, low, high), transform: "translate(" + left + " 0)",
                                             "class": "curve " + one.style}, one.more || {}))]);
  });
  return picture;
}

var LINE = {
  controls: function () { return []; },
  component: function (c) {
    return curves([{values: H[c], style: "front", more: {style: "stroke:" + colourOf(c)}}], say("curve_of", {number: c}), 0, largest(H[c]), 320, 120);
  },
  table: function (c) {
    var x = axisValues();
    return [["x", "value"]].concat([].map.call(H[c], function (value, j) { return [x[j], value]; }));
  },
  part: function (c) {
    return svg("svg", {viewBox: "0 0 120 32", "class": "chart mini", role: "img", "aria-label": say("curve_of", {number: c})},
               svg("path", {d: linePath(H[c], 120, 30, 0, largest(H[c])), "class": "curve", style: "stroke:" + colourOf(c)}));
  },
  sample: function (original) {
    var host = el("div", {});
    return {element: host, update: function (model) {
      var most = Math.max(largest(model), original ? largest(original) : 0), drawn;
      var low = original ? lowest(original) : 0;
      var series = [{values: model, style: "front", more: {"data-role": "reconstruction"}}];
      if (original) series.unshift({values: original, style: "back"});
      drawn = curves(series, say("reconstruction"), low, most, 720, 200);
      host.textContent = "";
      add(host, [original ? el("p", {"class": "legend"}, el("span", {}, el("i", {"class": "swatch line back"}), say("original")),
                               el("span", {}, el("i", {"class": "swatch line front"}), say("reconstruction")),
                               [].some.call(original, isNaN) ? el("span", {}, say("gaps")) : null) : null, figure(say("reconstruction"), drawn, null)]);
      if (original) {
        var rest = original.map(function (value, j) { return value - model[j]; }), span = largest(rest);
        drawn = curves([{values: rest, style: "residual", more: {"data-role": "residual"}}], say("residual"), -span, span, 720, 90);
        add(host, [el("p", {"class": "legend explains"}, term(say("residual"), "residual")), figure(say("residual"), drawn, null)]);
      }
    }};
  }
};

/* ---- columns ---- */

function groupOf(j) {
  var end = 0;
  for (var g = 0; g < KIND.groups.length; g++) {
    end += KIND.groups[g].count;
    if (j < end) return KIND.groups[g];
  }
  return KIND.groups[KIND.groups.length - 1];
}

function columns(values, label, low, high, height, heads, role) {
  var step = 7, width = values.length * step, top = heads ? 20 : 2;
  var picture = svg("svg", {viewBox: "0 0 " + width + " " + (height + top + 4), "class": "chart", role: "img", "aria-label": label, "data-role": role});
  var zero = top + height - (0 - low) / (high - low || 1) * height, place = 0;
  if (heads) KIND.groups.forEach(function (group) {
    add(picture, [svg("rect", {x: place * step + 1, y: 13, width: group.count * step - 2, height: 4, fill: group.colour, "class": "group"}),
                  svg("text", {x: (place + group.count / 2) * step, y: 10, "text-anchor": "middle", "class": "tick"}, group.name)]);
    place += group.count;
  });
  for (var j = 0; j < values.length; j++) {
    if (isNaN(values[j])) {
      add(picture, [svg("rect", {x: j * step + 1, y: top, width: step - 2, height: height, "class": "hole"},
                        svg("title", {}, featureName(j) + ": " + say("not_observed")))]);
      continue;
    }
    var size = Math.abs(values[j]) / (high - low || 1) * height;
    add(picture, [svg("rect", {x: j * step + 1, y: (values[j] >= 0 ? zero - size : zero).toFixed(2), width: step - 2, height: size.toFixed(3),
                               fill: groupOf(j).colour, "class": "group", "data-value": values[j]},
                      svg("title", {}, featureName(j) + ": " + FORMATS.plain(values[j])))]);
  }
  add(picture, [svg("line", {x1: 0, x2: width, y1: zero, y2: zero, "class": "axis"})]);
  return picture;
}

var COLUMNS = {
  wide: true,
  controls: function () { return []; },
  component: function (c) {
    return columns(H[c], say("columns_of", {number: c}), 0, largest(H[c]), 110, true, null);
  },
  table: function (c) {
    return [["feature", "weight", "fraction"]].concat([].map.call(H[c], function (value, j) {
      return [featureName(j), value, value / DATA.components[c].sum];
    }));
  },
  part: function (c) {
    var drawn = columns(H[c], say("columns_of", {number: c}), 0, largest(H[c]), 60, false, null);
    drawn.classList.add("mini");
    return drawn;
  },
  sample: function (original) {
    var host = el("div", {});
    return {element: host, update: function (model) {
      var most = Math.max(largest(model), original ? largest(original) : 0);
      var panels = original ? ["original", "reconstruction", "residual"] : ["reconstruction"];
      host.textContent = "";
      panels.forEach(function (name, place) {
        var values = name === "original" ? original : name === "reconstruction" ? model
          : original.map(function (x, j) { return x - model[j]; });
        var span = largest(values), low = name === "residual" ? -Math.max(span, most / 4) : lowest(values);
        var drawn = columns(values, say(name), low, name === "residual" ? -low : most, 110, place === 0, name);
        add(host, [el("p", {"class": "legend explains"}, name === "residual" ? term(say(name), "residual") : say(name),
                      name === "original" ? holeLegend(original) : null),
                   figure(say(name), drawn, function () {
                     return [["feature", "value"]].concat([].map.call(values, function (value, j) { return [featureName(j), value]; }));
                   })]);
      });
    }};
  }
};

var MARK = {picture: PICTURE, terms: TERMS, line: LINE, columns: COLUMNS}[KIND.mark];
