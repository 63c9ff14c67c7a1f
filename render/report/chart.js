/* Charts with two axes, and saving what is drawn. Small enough to be our own: a drawing library would
 * be several times the page, and none draws pictures, structure plots and components alike. */

/* About `count` round numbers from low to high. */
function ticks(low, high, count) {
  if (!(high > low)) return [low];
  var rough = (high - low) / count, power = Math.pow(10, Math.floor(Math.log10(rough)));
  var step = [1, 2, 5, 10].map(function (f) { return f * power; }).filter(function (s) { return s >= rough * 0.999; })[0] || rough;
  var values = [];
  for (var i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) values.push(Number((i * step).toPrecision(12)));
  return values;
}

function powers(low, high) {
  var values = [];
  for (var e = Math.ceil(Math.log10(low) - 1e-9); e <= Math.log10(high) + 1e-9; e++) values.push(Math.pow(10, e));
  if (values.length > 6) {
    var step = Math.ceil(values.length / 6);
    values = values.filter(function (v, i) { return i % step === 0; });
  }
  return values.length > 1 ? values : ticks(low, high, 3).filter(function (v) { return v > 0; });
}

/* The numbers of an axis with as many digits as tell neighbours apart. */
function tickTexts(values) {
  for (var digits = 2; digits < 8; digits++) {
    var texts = values.map(function (value) { return shortNumber(value, digits); });
    if (texts.every(function (text, i) { return texts.indexOf(text) === i; })) break;
  }
  return texts || [];
}

function scaleOf(low, high, from, to, log) {
  var a = log ? Math.log10(low) : low, b = log ? Math.log10(high) : high;
  return function (value) {
    return from + (b > a ? ((log ? Math.log10(value) : value) - a) / (b - a) : 0.5) * (to - from);
  };
}

/* spec: {label, x: {label, log, values}, y: {label, log}, points: [[x, y, error]], lines: [{y, text}], marks: [{x, text}], dots: no
 * line joins the points, ringed: the x of the one that matters} */
function chart(spec) {
  var width = 460, height = 260, left = 66, right = 14, top = 14, bottom = 44;
  var good = spec.points.filter(function (p) {
    return p[0] !== null && p[1] !== null && isFinite(p[0]) && isFinite(p[1]) && (!spec.y.log || p[1] > 0);
  });
  if (!good.length) return null;
  var xs = good.map(function (p) { return p[0]; }), ys = [];
  var lowest = Math.min.apply(null, good.map(function (p) { return p[1]; })) / 2; /* of bars on a logarithmic axis */
  good.forEach(function (p) {
    ys.push(p[1] + (p[2] || 0), spec.y.log ? Math.max(p[1] - (p[2] || 0), lowest) : p[1] - (p[2] || 0));
  });
  (spec.lines || []).forEach(function (line) { if (!spec.y.log || line.y > 0) ys.push(line.y); });
  var x0 = Math.min.apply(null, xs), x1 = Math.max.apply(null, xs), y0 = Math.min.apply(null, ys), y1 = Math.max.apply(null, ys);
  if (y1 === y0) { y0 = y0 > 0 ? y0 * 0.9 : y0 - 1; y1 = y1 > 0 ? y1 * 1.1 : y1 + 1; }
  if (x1 === x0) { x0 = spec.x.log ? x0 / 2 : x0 - 1; x1 = spec.x.log ? x1 * 2 : x1 + 1; }
  var pad = (y1 - y0) * 0.06;
  if (!spec.y.log) { y0 -= pad; y1 += pad; }
  var X0 = scaleOf(x0, x1, left, width - right, spec.x.log), Y0 = scaleOf(y0, y1, height - bottom, top, spec.y.log);
  var picture = svg("svg", {viewBox: "0 0 " + width + " " + height, "class": "chart", role: "img", "aria-label": spec.label});
  var marksOfY = spec.y.log ? powers(y0, y1) : ticks(y0, y1, 5), textsOfY = tickTexts(marksOfY);
  marksOfY.forEach(function (value, i) {
    add(picture, [svg("line", {x1: left, x2: width - right, y1: Y0(value), y2: Y0(value), "class": "grid"}),
                  svg("text", {x: left - 6, y: Y0(value) + 4, "text-anchor": "end", "class": "tick"}, textsOfY[i])]);
  });
  var free = -Infinity; /* right of it no number stands yet */
  (spec.x.values || ticks(x0, x1, 6)).forEach(function (value) {
    if (value < x0 || value > x1) return;
    var at = X0(value), text = shortNumber(value), half = 4 * text.length + 2;
    add(picture, [svg("line", {x1: at, x2: at, y1: height - bottom, y2: height - bottom + 4, "class": "axis"})]);
    if (at - half < free) return;
    free = at + half;
    add(picture, [svg("text", {x: at, y: height - bottom + 17, "text-anchor": "middle", "class": "tick"}, text)]);
  });
  add(picture, [svg("line", {x1: left, x2: width - right, y1: height - bottom, y2: height - bottom, "class": "axis"}),
                svg("text", {x: (left + width - right) / 2, y: height - 8, "text-anchor": "middle", "class": "axis-label"}, spec.x.label),
                svg("text", {transform: "translate(14 " + (top + height - bottom) / 2 + ") rotate(-90)", "text-anchor": "middle", "class": "axis-label"}, spec.y.label)]);
  (spec.lines || []).forEach(function (line) {
    if (spec.y.log && !(line.y > 0)) return;
    add(picture, [svg("line", {x1: left, x2: width - right, y1: Y0(line.y), y2: Y0(line.y), "class": "level"}),
                  svg("text", {x: left + 6, y: Y0(line.y) - 5, "class": "tick"}, line.text)]);
  });
  (spec.marks || []).forEach(function (mark) {
    if (mark.x < x0 || mark.x > x1) return;
    var right_half = X0(mark.x) > width / 2;
    add(picture, [svg("line", {x1: X0(mark.x), x2: X0(mark.x), y1: top, y2: height - bottom, "class": "level"}),
                  svg("text", {x: X0(mark.x) + (right_half ? -5 : 5), y: top + 10, "text-anchor": right_half ? "end" : "start", "class": "tick"}, mark.text)]);
  });
  if (!spec.dots) add(picture, [svg("path", {d: good.map(function (p, i) { return (i ? "L" : "M") + X0(p[0]).toFixed(1) + " " + Y0(p[1]).toFixed(1); }).join(""), "class": "curve front"})]);
  if (good.length <= 60 || spec.dots) good.forEach(function (p) {
    if (p[0] === spec.ringed) add(picture, [svg("circle", {cx: X0(p[0]).toFixed(1), cy: Y0(p[1]).toFixed(1), r: 6.5, "class": "ring"})]);
    if (p[2]) add(picture, [svg("path", {d: "M" + X0(p[0]) + " " + Y0(Math.max(p[1] - p[2], y0)) + "V" + Y0(p[1] + p[2]), "class": "error"})]);
    add(picture, [svg("circle", {cx: X0(p[0]).toFixed(1), cy: Y0(p[1]).toFixed(1), r: 3, "class": "dot"},
                      svg("title", {}, FORMATS.plain(p[0]) + ", " + FORMATS.plain(p[1])))]);
  });
  return picture;
}

/* ---- saving ---- */

function csv(rows) {
  return rows.map(function (row) {
    return row.map(function (cell) {
      var text = String(cell);
      return /[",\n\r]/.test(text) ? "\"" + text.replace(/"/g, "\"\"") + "\"" : text;
    }).join(",");
  }).join("\n") + "\n";
}

function fileName(title, extension) {
  var name = (DATA.title + " " + title).replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 80);
  return (name || "figure") + "." + extension;
}

function saveBlob(title, extension, blob) {
  var link = el("a", {href: URL.createObjectURL(blob), download: fileName(title, extension)});
  document.body.appendChild(link);
  link.click();
  document.body.removeChild(link);
  setTimeout(function () { URL.revokeObjectURL(link.href); }, 10000);
}

function saveText(title, extension, type, text) {
  saveBlob(title, extension, new Blob([text], {type: type + ";charset=utf-8"}));
}

var STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-family", "font-size", "font-weight", "text-anchor"];

/* A copy that looks the same without the page's style sheet, in light colours whatever the theme is. */
function standalone(drawing) {
  if (drawing.tagName.toLowerCase() === "canvas") {
    return svg("svg", {xmlns: "http://www.w3.org/2000/svg", width: drawing.width, height: drawing.height, viewBox: "0 0 " + drawing.width + " " + drawing.height},
               svg("image", {href: drawing.toDataURL(), width: drawing.width, height: drawing.height, style: "image-rendering:pixelated"}));
  }
  var root = document.documentElement, theme = root.getAttribute("data-theme");
  root.setAttribute("data-theme", "light");
  var source = drawing.tagName.toLowerCase() === "svg" ? drawing : asSvg(drawing);
  var copy = source.cloneNode(true), from = [source].concat([].slice.call(source.querySelectorAll("*")));
  [copy].concat([].slice.call(copy.querySelectorAll("*"))).forEach(function (element, i) {
    var style = from[i].isConnected ? getComputedStyle(from[i]) : null;
    if (style) STYLES.forEach(function (name) { element.style.setProperty(name, style.getPropertyValue(name)); });
  });
  root.setAttribute("data-theme", theme);
  var box = copy.getAttribute("viewBox").split(" ");
  dress(copy, {xmlns: "http://www.w3.org/2000/svg", width: box[2], height: box[3]});
  return copy;
}

/* Bars of terms are elements of the page; as a file they are drawn again. */
function asSvg(host) {
  var rows = [].slice.call(host.querySelectorAll(".bar")), height = 20;
  return svg("svg", {viewBox: "0 0 400 " + (rows.length * height + 4)}, rows.map(function (row, i) {
    var front = row.querySelector(".front"), back = row.querySelector(".back"), y = 2 + i * height;
    return [svg("text", {x: 146, y: y + 14, style: "font:12px sans-serif;text-anchor:end;fill:#222"}, row.querySelector(".name").textContent),
            svg("rect", {x: 152, y: y + 3, width: 2.3 * parseFloat(back.style.width), height: 14, style: "fill:#c9d6e2"}),
            svg("rect", {x: 152, y: y + 3, width: 2.3 * parseFloat(front.style.width), height: 14, style: "fill:#2c6ea3"})];
  }));
}

function saveSvg(title, drawing) {
  saveText(title, "svg", "image/svg+xml", new XMLSerializer().serializeToString(standalone(drawing)));
}

function savePng(title, drawing) {
  var copy = standalone(drawing), canvas = el("canvas"), image = new Image();
  var factor = drawing.tagName.toLowerCase() === "canvas" ? Math.max(1, Math.round(512 / drawing.width)) : 3;
  canvas.width = factor * copy.getAttribute("width");
  canvas.height = factor * copy.getAttribute("height");
  image.onload = function () {
    var context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob(function (blob) { saveBlob(title, "png", blob); });
  };
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(new XMLSerializer().serializeToString(copy));
}
