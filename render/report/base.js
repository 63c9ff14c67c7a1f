/* What everything else stands on: the data and its packed matrices, texts, elements, numbers. Names of
 * strangers only ever become text nodes and attributes. */
var DATA = JSON.parse(document.getElementById("nmf-report").textContent);
var MODEL = DATA.model, K = MODEL.k, KIND = DATA.kind;

/* What the reader has chosen; the page is drawn anew from it. */
var STATE = {
  language: DATA.language, theme: "auto", order: "share", scale: "zero", colours: "gray",
  relevance: KIND.relevance === undefined ? 1 : KIND.relevance, sample: null, factors: null,
  allParts: false, sort: DATA.labels ? "label" : "main", against: "passes"
};

/* ---- texts ---- */

function say(key, values) {
  var row = WORDS[key];
  var text = row === undefined ? key : row[LANGUAGES.indexOf(STATE.language)];
  return text.replace(/\{(\w+)\}/g, function (all, name) {
    return values && values[name] !== undefined ? String(values[name]) : all;
  });
}

/* What a component ("parts") or a feature of this kind of data is called. */
function kindWord(which) { return KIND[which][LANGUAGES.indexOf(STATE.language)]; }

/* ---- numbers ---- */

/* "1.25·10⁻⁵" where plain digits would be long; digits: behind the first one, 2 unless said. */
function shortNumber(x, digits) {
  var size = Math.abs(x), behind = digits === undefined ? 2 : digits;
  if (x === 0 || (size >= 0.001 && size < 100000)) return String(Number(x.toPrecision(Math.max(behind + 1, 4))));
  var text = x.toExponential(behind).split("e"), power = Number(text[1]), factor = Number(text[0]);
  var raised = String(power).replace(/./g, function (c) { return "⁻⁰¹²³⁴⁵⁶⁷⁸⁹".charAt("-0123456789".indexOf(c)); });
  return (factor === 1 ? "" : factor + "·") + "10" + raised;
}

var FORMATS = {
  plain: function (x) {
    if (x === null || x === undefined || !isFinite(x)) return "–";
    if (x === 0 || (Math.abs(x) >= 0.001 && Math.abs(x) < 1e6)) return String(Number(x.toPrecision(4)));
    return shortNumber(x);
  },
  percent: function (x) {
    if (x === null || x === undefined) return "–";
    return (100 * x).toFixed(Math.abs(x) < 0.0995 ? 2 : 1) + " %";
  },
  whole: function (x) {
    return x === null || x === undefined ? "–" : String(x).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
  },
  cosine: function (x) { return x === null || x === undefined ? "–" : x.toFixed(2); }
};

function at(path) {
  return path.split("/").reduce(function (value, step) {
    return value === null || value === undefined ? undefined : value[step];
  }, DATA);
}

/* A number of the JSON, which tests compare with it by its path. */
function number(path, format) {
  return el("span", {"class": "number", "data-json": path, "data-format": format || "plain"},
            FORMATS[format || "plain"](at(path)));
}

/* ---- elements ---- */

function add(parent, children) {
  for (var i = 0; i < children.length; i++) {
    var child = children[i];
    if (Array.isArray(child)) add(parent, child);
    else if (child !== null && child !== undefined && child !== false) {
      parent.appendChild(typeof child === "object" ? child : document.createTextNode(String(child)));
    }
  }
  return parent;
}

function dress(element, attributes) {
  Object.keys(attributes || {}).forEach(function (name) {
    var value = attributes[name];
    if (name.slice(0, 2) === "on") element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  });
  return element;
}

function el(tag, attributes) {
  return add(dress(document.createElement(tag), attributes), [].slice.call(arguments, 2));
}

function svg(tag, attributes) {
  return add(dress(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes),
             [].slice.call(arguments, 2));
}

/* The text of a key in which {name} stands for elements: an array of children. */
function weave(key, values) {
  return say(key).split(/(\{\w+\})/).map(function (piece) {
    var name = piece.charAt(0) === "{" ? piece.slice(1, -1) : null;
    return name !== null && values[name] !== undefined ? values[name] : piece;
  });
}

/* A word with its explanation one click away: it opens below the nearest block. */
function term(content, why) {
  var mark = content === "?";
  var button = el("button", {type: "button", "class": mark ? "term mark" : "term", "aria-expanded": "false", title: say("why"),
                             "aria-label": mark ? say("why") : null}, content);
  button.addEventListener("click", function () {
    var block = button.closest(".explains") || button.parentNode;
    var open = block.querySelector(":scope > .explanation");
    var mine = open && open.getAttribute("data-why") === why;
    if (open) {
      block.removeChild(open);
      [].forEach.call(block.querySelectorAll(".term"), function (other) { other.setAttribute("aria-expanded", "false"); });
    }
    if (!mine) {
      block.appendChild(el("p", {"class": "explanation", "data-why": why, role: "note"}, say("why_" + why)));
      button.setAttribute("aria-expanded", "true");
    }
  });
  return button;
}

/* A choice of a few: radio buttons that look like one switch. */
var groups = 0;
function choice(label, key, values, then) {
  var name = "choice" + groups++;
  return el("fieldset", {"class": "choice"}, el("legend", {}, label), values.map(function (value) {
    var input = el("input", {type: "radio", name: name, value: value[0], id: name + value[0],
                             "data-choice": key, checked: STATE[key] === value[0] ? "" : null});
    input.addEventListener("change", function () { STATE[key] = value[0]; then(); });
    return [input, el("label", {"for": name + value[0]}, value[1])];
  }));
}

/* A slider with its value beside it; then(value) as it moves. */
function slider(label, attributes, value, show, then) {
  var id = "slider" + groups++;
  var output = el("output", {"for": id}, show(value));
  /* The value last: it is held to the bounds that are there when it is set. */
  var input = el("input", Object.assign({type: "range", id: id}, attributes, {value: value}));
  input.addEventListener("input", function () {
    output.textContent = show(Number(input.value));
    then(Number(input.value));
  });
  return el("div", {"class": "slider"}, el("label", {"for": id}, label), input, output);
}

/* ---- packed matrices ---- */

function bytesOf(base64) {
  var text = atob(base64), bytes = new Uint8Array(text.length);
  for (var i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function wholes(base64, width) {
  var bytes = bytesOf(base64);
  if (width === 1) return bytes;
  var count = bytes.length / width, values = width === 2 ? new Uint16Array(count) : new Uint32Array(count);
  for (var i = 0; i < count; i++) {
    var value = bytes[width * i] + 256 * bytes[width * i + 1];
    if (width === 4) value += 65536 * bytes[4 * i + 2] + 16777216 * bytes[4 * i + 3];
    values[i] = value;
  }
  return values;
}

/* {rows, columns, row(i)}: row i as a new array of numbers; what was not observed is NaN. */
function unpack(packed) {
  var n = packed.columns, values = wholes(packed.values, packed.bytes);
  var indices = packed.pointers ? wholes(packed.indices, packed.index_bytes) : null;
  var seen = packed.seen ? bytesOf(packed.seen) : null, width = Math.ceil(n / 8);
  return {rows: packed.rows, columns: n, row: function (i) {
    var row = new Float64Array(n), scale = packed.scales[i], low = packed.lows ? packed.lows[i] : 0, j;
    if (indices) {
      for (j = packed.pointers[i]; j < packed.pointers[i + 1]; j++) row[indices[j]] = values[j] * scale;
    } else {
      for (j = 0; j < n; j++) row[j] = low + values[i * n + j] * scale;
    }
    for (j = 0; seen && j < n; j++) if (!(seen[i * width + (j >> 3)] >> (j & 7) & 1)) row[j] = NaN;
    return row;
  }};
}

var H = [], W = unpack(DATA.samples.W), X = DATA.data ? unpack(DATA.data.X) : null;
(function () {
  var packed = unpack(DATA.H);
  for (var c = 0; c < K; c++) H.push(packed.row(c));
}());

/* ---- components and samples ---- */

/* Components in the order that the reader has chosen. */
function ordered() {
  var order = H.map(function (row, c) { return c; });
  if (STATE.order === "share") {
    order.sort(function (a, b) { return DATA.components[b].share - DATA.components[a].share || a - b; });
  }
  return order;
}

/* Shares of the components in one sample: weight times size. */
function sharesOf(place) {
  var row = W.row(place), sum = 0, c;
  for (c = 0; c < K; c++) { row[c] *= DATA.components[c].size; sum += row[c]; }
  for (c = 0; c < K && sum > 0; c++) row[c] /= sum;
  return row;
}

function sampleName(place) {
  var names = DATA.samples.names;
  return names ? names[place] : say("sample_number", {number: DATA.samples.index[place]});
}

function labelName(place) {
  return DATA.labels ? DATA.labels.names[DATA.samples.labels[place]] : null;
}

function featureName(j) {
  var features = DATA.features;
  return features.names ? features.names[j] : say("feature", {number: features.numbers ? features.numbers[j] : j * KIND.step});
}

/* Colours of components: eight that readers with any colour vision tell apart (Okabe & Ito), then the
 * same lighter and darker. */
var HUES = [[0, 114, 178], [230, 159, 0], [0, 158, 115], [204, 121, 167], [86, 180, 233], [213, 94, 0],
            [170, 160, 40], [110, 110, 120]];
function hueOf(component) {
  var hue = HUES[component % HUES.length], round = Math.floor(component / HUES.length) % 4;
  return hue.map(function (v) {
    return Math.round(round === 0 ? v : round === 1 ? v + (255 - v) * 0.5 : round === 2 ? v * 0.6 : v + (255 - v) * 0.75);
  });
}

function colourOf(component) { return "rgb(" + hueOf(component).join(",") + ")"; }
